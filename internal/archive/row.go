package archive

import (
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
)

// A column is a number in the row of a conversation. If it is unknown, it is
// NULL there.
type column struct {
	name    string
	of      func(*conversation) *int64
	unknown int64
}

// never is no number that a column has.
const never = -1 << 63

// columns are those of the table conversations that are numbers. Those in
// indexes come first: what an index has, an update that changes nothing would
// write all the same.
var columns = []column{
	{"place", func(c *conversation) *int64 { return &c.place }, never},
	{"person", func(c *conversation) *int64 { return &c.person }, never},
	{"state", func(c *conversation) *int64 { return (*int64)(&c.state) }, never},
	{"opened", func(c *conversation) *int64 { return &c.opened }, never},
	{"waiting", func(c *conversation) *int64 { return &c.waiting }, 0},
	{"started", func(c *conversation) *int64 { return &c.started }, 0},
	{"active", func(c *conversation) *int64 { return &c.active }, never},
	{"first_ended", func(c *conversation) *int64 { return &c.firstEnded }, 0},
	{"last_ended", func(c *conversation) *int64 { return &c.lastEnded }, 0},
	{"closings", func(c *conversation) *int64 { return &c.closings }, never},
	{"reopenings", func(c *conversation) *int64 { return &c.reopenings }, never},
	{"first_duration", func(c *conversation) *int64 { return &c.firstDuration }, 0},
	{"duration", func(c *conversation) *int64 { return &c.duration }, 0},
	{"customer_messages", func(c *conversation) *int64 { return &c.customer }, never},
	{"human_messages", func(c *conversation) *int64 { return &c.human }, never},
	{"bot_messages", func(c *conversation) *int64 { return &c.bot }, never},
	{"first_response", func(c *conversation) *int64 { return &c.firstResponse }, -1},
	{"first_bot_response", func(c *conversation) *int64 { return &c.firstBotResponse }, -1},
	{"first_agent", func(c *conversation) *int64 { return &c.firstAgent }, 0},
	{"last_agent", func(c *conversation) *int64 { return &c.lastAgent }, 0},
	{"transfers", func(c *conversation) *int64 { return &c.transfers }, never},
	{"first_closer", func(c *conversation) *int64 { return &c.firstCloser }, 0},
	{"last_closer", func(c *conversation) *int64 { return &c.lastCloser }, 0},
	{"quarter", func(c *conversation) *int64 { return &c.quarter }, never},
	{"opening", func(c *conversation) *int64 { return &c.opening }, 0},
	{"opening_bot", func(c *conversation) *int64 { return &c.openingBot }, 0},
	{"waiting_bot", func(c *conversation) *int64 { return &c.waitingBot }, 0},
	{"leg", func(c *conversation) *int64 { return &c.leg }, never},
	{"last_kind", func(c *conversation) *int64 { return (*int64)(&c.lastKind) }, never},
	{"last_said", func(c *conversation) *int64 { return (*int64)(&c.lastSaid) }, never},
}

const (
	placed  = 4 // columns in indexes, but for those that change often
	waiting = 5 // columns in indexes, but for active
)

var (
	selectConversation = "SELECT c.id, c.last_id, c.start_message, p.user_id <> '', c." + strings.Join(names(0), ", c.") +
		" FROM conversations c JOIN people p ON p.id = c.person WHERE c.id BETWEEN ?1 AND ?2 ORDER BY c.id DESC LIMIT 1"
	insertConversation = "INSERT INTO conversations (id, last_id, start_message, " + strings.Join(names(0), ", ") + ") VALUES (?1, ?2, ?3" + parameters() + ")"
	updateAll          = update(0)
	updateWaiting      = update(placed)
	updateRest         = update(waiting)
)

func names(from int) (list []string) {
	for _, c := range columns[from:] {
		list = append(list, c.name)
	}
	return list
}

func parameters() string {
	var b strings.Builder
	for i := range columns {
		b.WriteString(", ?" + strconv.Itoa(i+4))
	}
	return b.String()
}

func update(from int) string {
	return "UPDATE conversations SET last_id = ?2, start_message = ?3, " + strings.Join(names(from), " = ?, ") + " = ? WHERE id = ?1"
}

// loadLast returns the last conversation of a thread, nil if there is none.
func (w *writing) loadLast(thread int64) (c *conversation, err error) {
	err = run(w.conn, selectConversation, func(s *sqlite.Stmt) {
		s.BindInt64(1, thread<<numberBits)
		s.BindInt64(2, thread<<numberBits|numberMask)
	}, func(s *sqlite.Stmt) {
		c = newConversation(s.ColumnInt64(0))
		c.lastID, c.startMessage, c.known = string(blob(s, 1)), s.ColumnText(2), s.ColumnBool(3)
		for i, col := range columns {
			if n := col.of(c); s.ColumnIsNull(4 + i) {
				*n = col.unknown
			} else {
				*n = s.ColumnInt64(4 + i)
			}
		}
	})
	if err != nil || c == nil {
		return nil, err
	}
	err = run(w.conn, "SELECT agent, messages, first, last, quarter FROM parts WHERE conversation = ?",
		func(s *sqlite.Stmt) { s.BindInt64(1, c.id) },
		func(s *sqlite.Stmt) {
			c.parts[s.ColumnInt64(0)] = &part{messages: s.ColumnInt64(1), first: s.ColumnInt64(2), last: s.ColumnInt64(3), quarter: s.ColumnInt64(4)}
		})
	return c, err
}

// store writes the row of a conversation, in place of the one that was loaded,
// if any.
func (w *writing) store(c, was *conversation) error {
	query, from := insertConversation, 0
	if was != nil {
		switch {
		case changed(c, was, 0, placed):
			query = updateAll
		case changed(c, was, placed, waiting):
			query, from = updateWaiting, placed
		default:
			query, from = updateRest, waiting
		}
	}
	err := run(w.conn, query, func(s *sqlite.Stmt) {
		s.BindInt64(1, c.id)
		s.BindBytes(2, []byte(c.lastID))
		bindText(s, 3, c.startMessage)
		for i, col := range columns[from:] {
			bindNumber(s, 4+i, *col.of(c), col.unknown)
		}
	}, nil)
	if err != nil {
		return err
	}
	return w.storeParts(c, was)
}

const (
	insertPart = `INSERT INTO parts (conversation, agent, place, state, opened, messages, first, last, quarter) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET messages = excluded.messages, last = excluded.last, quarter = excluded.quarter`
	movePart = insertPart + ", place = excluded.place, state = excluded.state" // which are in an index
)

func (w *writing) storeParts(c, was *conversation) error {
	query := insertPart
	moved := was == nil || was.place != c.place || was.state != c.state
	if moved {
		query = movePart
	}
	for agent, p := range c.parts {
		if !moved && was.parts[agent] != nil && *was.parts[agent] == *p {
			continue
		}
		err := run(w.conn, query, func(s *sqlite.Stmt) {
			for i, n := range []int64{c.id, agent, c.place, int64(c.state), c.opened, p.messages, p.first, p.last, p.quarter} {
				s.BindInt64(1+i, n)
			}
		}, nil)
		if err != nil {
			return err
		}
	}
	return nil
}

func changed(c, was *conversation, from, to int) bool {
	for _, col := range columns[from:to] {
		if *col.of(c) != *col.of(was) {
			return true
		}
	}
	return false
}

func blob(s *sqlite.Stmt, col int) []byte {
	b := make([]byte, s.ColumnLen(col))
	s.ColumnBytes(col, b)
	return b
}
