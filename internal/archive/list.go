package archive

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// A Query asks for conversations. The zero value of a field asks for all.
type Query struct {
	Workspace string
	// Text is what somebody wrote in it, whole or in part, in any case. There
	// is no index of what was written: conversations are looked through in
	// order, and a page may end before it is full. See Page.
	Text string
	// Conversation is the tool's own id.
	Conversation string
	// User is a userId, an anonymousId, or an e-mail address that an identify
	// call told.
	User     string
	Agent    int64 // the key of one who wrote
	Sources  []string
	Channels []string
	Only     Only
	// Since and Until bound the time by which conversations are sorted: when
	// they began or, as Only and Sort have it, when something happened last, or
	// since when the customer waits.
	Since, Until time.Time
	Sort         Sort
	Limit        int    // 0 means 50
	After        string // the Next of a page
}

// Only names a part of all conversations.
type Only string

// Values of Only.
const (
	OnlyOpen       Only = "open"
	OnlyEnded      Only = "ended"
	OnlyUnanswered Only = "unanswered" // the customer waits for a person; who has waited longest comes first
)

// A Sort is an order of conversations.
type Sort string

// Values of Sort; the zero value is Newest. With an Agent or OnlyUnanswered
// it does not count.
const (
	Newest Sort = "newest" // who began last comes first
	Recent Sort = "recent" // where something happened last
)

// A Page is some of the conversations that a Query asks for.
type Page struct {
	Conversations []Conversation `json:"conversations"`
	Next          string         `json:"next,omitempty"` // asks for those after them; "" if there are none
	// Searched is up to when conversations were looked through for a Text, by
	// the time by which they are sorted, where time was up before the page was
	// full. Next goes on from there.
	Searched time.Time `json:"searched,omitzero"`
}

// ErrQuery means that a Query makes no sense.
var ErrQuery = errors.New("archive: no such query")

// Conversations returns a page of conversations.
func (a *Archive) Conversations(ctx context.Context, q Query) (page Page, err error) {
	if q.Limit <= 0 {
		q.Limit = 50
	}
	err = a.View(ctx, func(r *Reader) error {
		found, err := r.page(q, &page)
		if err != nil {
			return err
		}
		page.Conversations = make([]Conversation, 0, len(found))
		for _, f := range found {
			c, err := r.conversation(f.id)
			if err != nil {
				return err
			}
			page.Conversations = append(page.Conversations, c)
		}
		return nil
	})
	return page, err
}

// page returns the hits of a page, and sets what follows it.
func (r *Reader) page(q Query, page *Page) ([]hit, error) {
	if q.Text != "" {
		return r.lookThrough(q, page)
	}
	found, err := r.find(q)
	if len(found) > q.Limit {
		found = found[:q.Limit]
		page.Next = found[q.Limit-1].String()
	}
	return found, err
}

// A hit is a conversation with what it is sorted by.
type hit struct{ key, id int64 }

// String is the Next of a page that ends with the hit.
func (h hit) String() string { return fmt.Sprintf("%d.%d", h.key, h.id) }

// find returns one more conversation than is asked for, if there is.
func (r *Reader) find(q Query) ([]hit, error) {
	places, err := r.Places(q.Workspace)
	if err != nil {
		return nil, err
	}
	s, err := newSearch(r, q, Choose(places, q.Sources, q.Channels))
	if err != nil {
		return nil, err
	}
	switch {
	case q.Conversation != "":
		err = s.conversation()
	case q.User != "":
		err = s.user()
	default:
		err = s.parts()
	}
	slices.SortFunc(s.found, s.compare)
	return s.found[:min(len(s.found), q.Limit+1)], err
}

func num(n int64) string { return strconv.FormatInt(n, 10) }

// A search gathers hits. Each part of the conversations that has an index of
// its own is asked for its first ones.
type search struct {
	*Reader
	q      Query
	places []int64
	column string // of the order
	up     bool   // from small to large
	after  hit
	found  []hit
}

func newSearch(r *Reader, q Query, places []int64) (*search, error) {
	s := &search{Reader: r, q: q, places: places, column: "c.opened"}
	switch {
	case q.Only == OnlyUnanswered:
		s.column, s.up = "c.waiting", true
	case q.Agent != 0:
	case q.Sort == Recent:
		s.column = "c.active"
	case q.Sort != "" && q.Sort != Newest:
		return nil, fmt.Errorf("%w: sort %q; there are %q and %q", ErrQuery, q.Sort, Newest, Recent)
	}
	if !slices.Contains([]Only{"", OnlyOpen, OnlyEnded, OnlyUnanswered}, q.Only) {
		return nil, fmt.Errorf("%w: only %q; there are %q, %q and %q", ErrQuery, q.Only, OnlyOpen, OnlyEnded, OnlyUnanswered)
	}
	s.after = hit{1<<63 - 1, 1<<63 - 1}
	if s.up {
		s.after = hit{}
	}
	if q.After != "" {
		k, id, _ := strings.Cut(q.After, ".")
		var err, err2 error
		s.after.key, err = strconv.ParseInt(k, 10, 64)
		s.after.id, err2 = strconv.ParseInt(id, 10, 64)
		if err != nil || err2 != nil {
			return nil, fmt.Errorf("%w: after %q is no end of a page", ErrQuery, q.After)
		}
	}
	return s, nil
}

func (s *search) compare(a, b hit) int {
	c := cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.id, b.id))
	if s.up {
		return c
	}
	return -c
}

func (s *search) states() []state {
	switch s.q.Only {
	case OnlyOpen, OnlyUnanswered:
		return []state{going}
	case OnlyEnded:
		return []state{over}
	}
	return []state{going, over, stale}
}

// parts adds the first hits of each place and state.
func (s *search) parts() error {
	from, where, id := "conversations c", "c.place = ?6 AND c.state = ?7", "c.id"
	switch unanswered := s.q.Only == OnlyUnanswered; {
	case unanswered && s.q.Agent != 0:
		from, where = "parts w CROSS JOIN conversations c ON c.id = w.conversation", "w.agent = ?5 AND w.place = ?6 AND w.state = ?7 AND c.waiting IS NOT NULL"
	case unanswered:
		where = "c.place = ?6 AND c.state = 0 AND c.waiting IS NOT NULL" // as its index has it
	case s.q.Agent != 0:
		from, where, id, s.column = "parts w", "w.agent = ?5 AND w.place = ?6 AND w.state = ?7", "w.conversation", "w.opened"
	}
	for _, place := range s.places {
		for _, st := range s.states() {
			if err := s.rows(from, where, id, place, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// user adds the hits of everybody who has the id, or has told the address.
func (s *search) user() error {
	return s.few("(" + peopleOf + ") who CROSS JOIN conversations c ON c.person = who.id")
}

// conversation adds the hits of the threads that a tool calls so.
func (s *search) conversation() error {
	return s.few("sources o CROSS JOIN threads t ON t.source = o.id AND t.conversation = ?8 CROSS JOIN conversations c ON c.id BETWEEN t.id << 20 AND t.id << 20 | 1048575 AND o.workspace = ?9")
}

// few adds hits of what has an index that leaves few.
func (s *search) few(from string) error {
	where := s.any()
	if s.q.Agent != 0 {
		where += " AND EXISTS (SELECT 1 FROM parts w WHERE w.conversation = c.id AND w.agent = ?5)"
	}
	if s.q.Only == OnlyUnanswered {
		where += " AND c.waiting IS NOT NULL"
	}
	return s.rows(from, where, "c.id", 0, 0)
}

// peopleOf are the rows of everybody who has the id ?8 in workspace ?9, or has
// told the address ?8.
const peopleOf = `SELECT id FROM people WHERE workspace = ?9 AND user_id = ?8 UNION SELECT id FROM people WHERE workspace = ?9 AND anonymous_id = ?8
	UNION SELECT p.id FROM identifies i JOIN people p ON p.workspace = i.workspace AND p.user_id = i.user_id WHERE i.workspace = ?9 AND i.email = ?8
	UNION SELECT p.id FROM identifies i JOIN people p ON p.workspace = i.workspace AND p.anonymous_id = i.anonymous_id WHERE i.workspace = ?9 AND i.email = ?8`

// any leaves those of the places and states.
func (s *search) any() string {
	var places, states []string
	for _, p := range s.places {
		places = append(places, num(p))
	}
	for _, st := range s.states() {
		states = append(states, num(int64(st)))
	}
	return "c.place IN (" + strings.Join(places, ", ") + ") AND c.state IN (" + strings.Join(states, ", ") + ")"
}

// rows adds the first rows of a query, in order.
func (s *search) rows(from, where, id string, place int64, st state) error {
	lower, upper := int64(0), int64(1)<<62
	if !s.q.Since.IsZero() {
		lower = s.q.Since.UnixMilli()
	}
	if !s.q.Until.IsZero() {
		upper = s.q.Until.UnixMilli() - 1
	}
	// One bound at each end, so that SQLite has no choice where to begin.
	past, order := "<", "DESC"
	if s.up {
		past, order, lower = ">", "ASC", max(lower, s.after.key)
	} else {
		upper = min(upper, s.after.key)
	}
	query := fmt.Sprintf("SELECT %[1]s, %[2]s FROM %[3]s WHERE %[4]s AND %[1]s BETWEEN ?1 AND ?2 AND (%[1]s %[5]s ?3 OR %[2]s %[5]s ?4) ORDER BY %[1]s %[6]s, %[2]s %[6]s LIMIT %[7]d",
		s.column, id, from, where, past, order, s.q.Limit+1)
	return s.query(query, func(b *sqlite.Stmt) {
		numbers := []int64{lower, upper, s.after.key, s.after.id, s.q.Agent, place, int64(st)}
		for i, n := range numbers[:min(len(numbers), b.BindParamCount())] {
			b.BindInt64(1+i, n)
		}
		if b.BindParamCount() > len(numbers) {
			b.BindText(8, cmp.Or(s.q.Conversation, s.q.User))
			b.BindText(9, s.q.Workspace)
		}
	}, func(row *sqlite.Stmt) { s.found = append(s.found, hit{row.ColumnInt64(0), row.ColumnInt64(1)}) })
}
