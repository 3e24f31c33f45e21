package archive

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/internal/journal"
)

// A batch is what was read of a workspace's log, and up to where.
type batch struct {
	workspace string
	events    []journal.Event
	upTo      journal.Seq
}

// A writing is one transaction.
type writing struct {
	conn      *sqlite.Conn
	dict      *dictionary
	bodies    bool
	workspace string
	tally     *tally
}

// take writes batches and moves their cursors, in one transaction. What is
// there already changes nothing.
func (a *Archive) take(batches ...batch) error {
	return a.write(func(w *writing) error {
		for _, b := range batches {
			w.workspace = b.workspace
			if err := w.events(b.events); err != nil {
				return err
			}
			err := run(w.conn, "INSERT INTO cursors VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
				func(s *sqlite.Stmt) { s.BindText(1, b.workspace); s.BindInt64(2, int64(b.upTo)) }, nil)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// write does f in a transaction, and brings the cells up to date.
func (a *Archive) write(f func(*writing) error) (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dict.bound()
	end, err := sqlitex.ImmediateTransaction(a.conn)
	if err != nil {
		return fmt.Errorf("archive: write: %w", err)
	}
	defer func() {
		if end(&err); err != nil {
			a.dict = dictionary{} // it may hold rows that are not there
			err = fmt.Errorf("archive: write: %w", err)
		}
	}()
	w := &writing{conn: a.conn, dict: &a.dict, bodies: a.o.Bodies != Omit, tally: newTally()}
	if err := f(w); err != nil {
		return err
	}
	return errors.Join(w.name(), w.count())
}

// A told is what a batch tells of one thread.
type told struct {
	source       int64
	conversation string
	url          string
	events       []*event
}

// events takes in events of a workspace.
func (w *writing) events(list []journal.Event) error {
	type name struct {
		source       int64
		conversation string
	}
	threads := map[name]*told{}
	var order []*told
	for i := range list {
		var c call
		if !parse(&list[i], &c) {
			continue // it has no place here
		}
		source, err := w.source(list[i].Source, c.Context.Integration.Name)
		if err != nil {
			return err
		}
		if c.kind == 0 {
			if err := w.identify(source, &list[i], &c); err != nil {
				return err
			}
			continue
		}
		n := name{source, c.Properties.ConversationID}
		t := threads[n]
		if t == nil {
			t = &told{source: source, conversation: n.conversation}
			threads[n] = t
			order = append(order, t)
		}
		e, err := w.event(source, &list[i], &c)
		if err != nil {
			return err
		}
		t.url = cmp.Or(c.Context.LiveChat.ConversationURL, t.url)
		t.events = append(t.events, e)
	}
	for _, t := range order {
		if err := w.thread(t); err != nil {
			return err
		}
	}
	return nil
}

// event makes an event of a call.
func (w *writing) event(source int64, j *journal.Event, c *call) (*event, error) {
	e := &event{
		id: pack(j.MessageID), at: c.Timestamp.UnixMilli(), kind: c.kind, known: c.UserID != "",
		bot: c.Context.LiveChat.AgentType == "bot", duration: int64(max(c.Properties.Duration, 0)),
		message: c.Properties.MessageID, received: j.At.UnixMilli(), seq: int64(j.Seq),
	}
	if w.bodies {
		e.body = c.Properties.Body
	}
	var err error
	if e.place, err = w.place(source, c.Context.LiveChat.Channel); err != nil {
		return nil, err
	}
	if e.person, err = w.person(c.UserID, c.AnonymousID); err != nil {
		return nil, err
	}
	e.agent, err = w.agent(source, e.bot, c)
	return e, err
}

// identify keeps an identify call.
func (w *writing) identify(source int64, j *journal.Event, c *call) error {
	return run(w.conn, "INSERT OR IGNORE INTO identifies (workspace, id, at, received, source, user_id, anonymous_id, email, name) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", func(s *sqlite.Stmt) {
		s.BindText(1, w.workspace)
		s.BindBytes(2, []byte(pack(j.MessageID)))
		s.BindInt64(3, c.Timestamp.UnixMilli())
		s.BindInt64(4, j.At.UnixMilli())
		s.BindInt64(5, source)
		bindText(s, 6, c.UserID)
		bindText(s, 7, c.AnonymousID)
		bindText(s, 8, c.Traits.Email)
		bindText(s, 9, c.Traits.Name)
	}, nil)
}

// thread takes in what is told of one thread.
func (w *writing) thread(t *told) error {
	number, known, err := w.threadRow(t)
	if err != nil {
		return err
	}
	fresh, err := w.fresh(number, known, t.events)
	if err != nil || len(fresh) == 0 {
		return err
	}
	th := &thread{id: number}
	var was *conversation
	if known {
		last, err := w.loadLast(number)
		if err != nil {
			return err
		}
		if last != nil && fresh[0].compare(last.active, last.lastKind, last.lastID) < 0 {
			return w.refold(number, fresh)
		}
		if last != nil {
			was = last.clone()
			th.list = append(th.list, last)
		}
	}
	for _, e := range fresh {
		th.take(w.tally, e)
		if err := w.storeEvent(number, e); err != nil {
			return err
		}
	}
	for i, c := range th.list {
		before := was
		if i > 0 {
			before = nil
		}
		if err := w.store(c, before); err != nil {
			return err
		}
	}
	return nil
}

func (c *conversation) clone() *conversation {
	was := *c
	was.parts = make(map[int64]*part, len(c.parts))
	for agent, p := range c.parts {
		of := *p
		was.parts[agent] = &of
	}
	return &was
}

// threadRow returns the id of a thread, and whether it was known before.
func (w *writing) threadRow(t *told) (number int64, known bool, err error) {
	url := ""
	err = run(w.conn, "SELECT id, url FROM threads WHERE source = ? AND conversation = ?",
		func(s *sqlite.Stmt) { s.BindInt64(1, t.source); s.BindText(2, t.conversation) },
		func(s *sqlite.Stmt) { number, url = s.ColumnInt64(0), s.ColumnText(1) })
	switch {
	case err != nil:
	case number == 0:
		number, err = id(w.conn, "INSERT INTO threads (source, conversation, url) VALUES (?, ?, ?) RETURNING id",
			func(s *sqlite.Stmt) { s.BindInt64(1, t.source); s.BindText(2, t.conversation); bindText(s, 3, t.url) })
		return number, false, err
	case t.url != "" && t.url != url:
		err = run(w.conn, "UPDATE threads SET url = ? WHERE id = ?", func(s *sqlite.Stmt) { s.BindText(1, t.url); s.BindInt64(2, number) }, nil)
	}
	return number, true, err
}

// fresh returns those of the events that are not there yet, in order, each
// once.
func (w *writing) fresh(thread int64, known bool, list []*event) ([]*event, error) {
	slices.SortFunc(list, compareEvents)
	seen := make(map[string]bool, len(list))
	var fresh []*event
	for _, e := range list {
		if seen[e.id] {
			continue
		}
		seen[e.id] = true
		if known {
			there, err := id(w.conn, "SELECT 1 FROM events WHERE thread = ? AND id = ?",
				func(s *sqlite.Stmt) { s.BindInt64(1, thread); s.BindBytes(2, []byte(e.id)) })
			if err != nil {
				return nil, err
			}
			if there == 1 {
				continue
			}
		}
		fresh = append(fresh, e)
	}
	return fresh, nil
}

func (w *writing) storeEvent(thread int64, e *event) error {
	return run(w.conn, "INSERT INTO events (thread, id, at, kind, place, person, agent, bot, duration, message, received, response, seq, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", func(s *sqlite.Stmt) {
		s.BindInt64(1, thread)
		s.BindBytes(2, []byte(e.id))
		s.BindInt64(3, e.at)
		s.BindInt64(4, int64(e.kind))
		s.BindInt64(5, e.place)
		s.BindInt64(6, e.person)
		bindNumber(s, 7, e.agent, 0)
		s.BindBool(8, e.bot)
		s.BindInt64(9, e.duration)
		bindText(s, 10, e.message)
		s.BindInt64(11, e.received)
		bindNumber(s, 12, e.response, -1)
		s.BindInt64(13, e.seq)
		bindText(s, 14, e.body)
	}, nil)
}

// refold does a thread over, because something came that belongs before what
// is there: what it counted for is taken back, and counted anew.
func (w *writing) refold(thread int64, fresh []*event) error {
	old, err := w.loadEvents(thread)
	if err != nil {
		return err
	}
	w.tally.sign = -1
	w.fold(thread, old)
	w.tally.sign = 1
	responses := make([]int64, len(old))
	for i, e := range old {
		responses[i] = e.response
	}
	all := slices.SortedFunc(slices.Values(slices.Concat(old, fresh)), compareEvents)
	th := w.fold(thread, all)
	for i, e := range old {
		if e.response == responses[i] {
			continue
		}
		err := run(w.conn, "UPDATE events SET response = ? WHERE thread = ? AND id = ?",
			func(s *sqlite.Stmt) {
				bindNumber(s, 1, e.response, -1)
				s.BindInt64(2, thread)
				s.BindBytes(3, []byte(e.id))
			}, nil)
		if err != nil {
			return err
		}
	}
	for _, e := range fresh {
		if err := w.storeEvent(thread, e); err != nil {
			return err
		}
	}
	if err := w.dropConversations(thread); err != nil {
		return err
	}
	for _, c := range th.list {
		if err := w.store(c, nil); err != nil {
			return err
		}
	}
	return nil
}

func (w *writing) fold(id int64, list []*event) *thread {
	th := &thread{id: id}
	for _, e := range list {
		th.take(w.tally, e)
	}
	return th
}

// within binds the ids that conversations of a thread may have.
func within(thread int64) func(*sqlite.Stmt) {
	return func(s *sqlite.Stmt) {
		s.BindInt64(1, thread<<numberBits)
		s.BindInt64(2, thread<<numberBits|numberMask)
	}
}

func (w *writing) dropConversations(thread int64) error {
	return errors.Join(run(w.conn, "DELETE FROM parts WHERE conversation BETWEEN ? AND ?", within(thread), nil),
		run(w.conn, "DELETE FROM conversations WHERE id BETWEEN ? AND ?", within(thread), nil))
}

// loadEvents returns the events of a thread, in order, without their bodies.
func (w *writing) loadEvents(thread int64) (list []*event, err error) {
	err = run(w.conn, `SELECT e.id, e.at, e.kind, e.place, e.person, p.user_id <> '', e.agent, e.bot, e.duration, e.message
		FROM events e JOIN people p ON p.id = e.person WHERE e.thread = ?`,
		func(s *sqlite.Stmt) { s.BindInt64(1, thread) },
		func(s *sqlite.Stmt) {
			list = append(list, &event{
				id: string(blob(s, 0)), at: s.ColumnInt64(1), kind: kind(s.ColumnInt64(2)), place: s.ColumnInt64(3), person: s.ColumnInt64(4),
				known: s.ColumnBool(5), agent: s.ColumnInt64(6), bot: s.ColumnBool(7), duration: s.ColumnInt64(8), message: s.ColumnText(9),
			})
		})
	slices.SortFunc(list, compareEvents)
	return list, err
}

// count brings the cells up to date.
func (w *writing) count() error {
	for _, cell := range slices.Sorted(maps.Keys(w.tally.cells)) {
		var data []byte
		err := run(w.conn, "SELECT data FROM cells WHERE id = ?", func(s *sqlite.Stmt) { s.BindInt64(1, cell) },
			func(s *sqlite.Stmt) { data = blob(s, 0) })
		if err == nil {
			data, err = merge(data, w.tally.cells[cell])
		}
		if err == nil {
			err = run(w.conn, "INSERT INTO cells VALUES (?, ?) ON CONFLICT DO UPDATE SET data = excluded.data",
				func(s *sqlite.Stmt) { s.BindInt64(1, cell); s.BindBytes(2, data) }, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
