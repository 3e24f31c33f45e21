package warehouse

import (
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/segmentio/go-snakecase"

	"github.com/parlance-chat/parlance/destination"
)

// A batch is the rows of some calls, by table.
type batch struct {
	layout *Layout
	rows   [][][]any
	free   [][]any          // what rows are made of, by table
	users  map[string][]any // the rows of table users, by id
	calls  int              // how many there are

	received time.Time
	now      any // the same, for rows
	// When the last call was sent, as JSON, read, and for rows, nil if never:
	// it is mostly the same for the next.
	sentText string
	sent     time.Time
	sentAt   any

	outer, inner []field // kept for the next call
}

// atOnce is for how many rows there is one allocation.
const atOnce = 32

// A row is one of a table that is being filled.
type row struct {
	table  *Table
	values []any
}

func (r row) set(column string, value any) { r.values[r.table.index[column]] = value }

// Rows makes rows of calls. They are by table, as in Tables, and each has the
// values of its table's columns, or nil; the caller may keep and change them.
// Rows of calls are in the order of these, and those of users in that of their
// ids. Its error is a *destination.Refusal that holds nobody's words.
func (l *Layout) Rows(a destination.Attempt) ([][][]any, error) {
	// The time of the attempt as the calls have it, so that what was sent
	// now was sent when it was received.
	received := a.SentAt.UTC().Truncate(time.Millisecond)
	b := &batch{
		layout: l, rows: make([][][]any, len(l.Tables)), free: make([][]any, len(l.Tables)), users: make(map[string][]any),
		calls: len(a.Calls), received: received, now: received,
	}
	for _, c := range a.Calls {
		if err := b.add(c); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.users)) {
		b.rows[l.index[Users]] = append(b.rows[l.index[Users]], b.users[id])
	}
	return b.rows, nil
}

// row adds an empty row to a table.
func (b *batch) row(name string) row {
	i := b.layout.index[name]
	t := b.layout.Tables[i]
	n := len(t.Columns)
	if len(b.free[i]) == 0 {
		b.free[i] = make([]any, min(atOnce, b.calls)*n)
	}
	r := row{t, b.free[i][:n:n]}
	b.free[i] = b.free[i][n:]
	b.rows[i] = append(b.rows[i], r.values)
	return r
}

// add makes the rows of one call.
func (b *batch) add(of destination.Call) error {
	switch v := jsontext.Value(of.JSON); {
	case v.Kind() != '{' || !v.IsValid(lenient):
		return &destination.Refusal{Reason: "the call is no JSON that a warehouse could keep"}
	case of.MessageID == "":
		return &destination.Refusal{Reason: "the call has no messageId, by which a warehouse could know it"}
	}
	c := call{id: storable(of.MessageID)}
	c.read(string(of.JSON))
	var err error
	switch kind, _ := text(c.kind); kind {
	case "track":
		err = b.track(&c)
	case "identify":
		err = b.identify(&c)
	case "page":
		err = b.named(Pages, &c)
	case "screen":
		err = b.named(Screens, &c)
	case "group":
		err = b.group(&c)
	case "alias":
		err = b.alias(&c)
	default:
		return &destination.Refusal{Reason: "there is no table for calls of this type"}
	}
	if err != nil {
		return &destination.Refusal{Reason: "the call is no JSON that a warehouse could keep"}
	}
	return nil
}

// track makes the row in tracks, and that of the event if it is one of ours.
// Other events have no table of their own, and their properties stay there.
func (b *batch) track(c *call) error {
	event, known := text(c.event)
	name, ours := b.layout.events[event]
	if !ours {
		name = Tracks
	}
	r, err := b.fill(name, c)
	if err != nil {
		return err
	}
	if known {
		r.set("event", snakecase.Snakecase(event))
		r.set("event_text", event)
	}
	if ours {
		copy(b.row(Tracks).values, r.values[:b.layout.shared])
	}
	return b.further(r, "properties", c.properties)
}

// named makes the row of a page or screen.
func (b *batch) named(table string, c *call) error {
	r, err := b.fill(table, c)
	if err != nil {
		return err
	}
	r.set("name", asText(c.name))
	r.set("category", asText(c.category))
	return b.further(r, "properties", c.properties)
}

// group makes the row of a group.
func (b *batch) group(c *call) error {
	r, err := b.fill(Groups, c)
	if err != nil {
		return err
	}
	r.set("group_id", asText(c.group))
	return b.further(r, "traits", c.traits)
}

// alias makes the row of an alias.
func (b *batch) alias(c *call) error {
	r, err := b.fill(Aliases, c)
	if err == nil {
		r.set("previous_id", asText(c.previous))
	}
	return err
}

// copy sets each column to what another row has in the one of the same name.
func (r row) copy(from row) {
	for i, c := range r.table.Columns {
		if j, ok := from.table.index[c.Name]; ok {
			r.values[i] = from.values[j]
		}
	}
}

// identify makes the row in identifies, and that of the user.
func (b *batch) identify(c *call) error {
	r, err := b.fill(Identifies, c)
	if err == nil {
		err = b.further(r, "traits", c.traits)
	}
	id, _ := text(c.user)
	if err != nil || id == "" {
		return err
	}
	t := b.layout.Tables[b.layout.index[Users]]
	to := row{t, make([]any, len(t.Columns))}
	to.copy(r)
	to.set("id", id)
	known, ok := b.users[id]
	if !ok {
		b.users[id] = to.values
		return nil
	}
	merged, err := merge(t, known, to.values)
	b.users[id] = merged
	return err
}

// merge returns what two rows of one user say together: of each trait, what was
// said last.
func merge(t *Table, a, b []any) ([]any, error) {
	at := t.index["timestamp"]
	if a[at].(time.Time).After(b[at].(time.Time)) {
		a, b = b, a
	}
	merged := slices.Clone(b)
	for i := range merged {
		if merged[i] == nil {
			merged[i] = a[i]
		}
	}
	i := t.index["traits"]
	if a[i] == nil || b[i] == nil {
		return merged, nil
	}
	older, newer := string(a[i].([]byte)), string(b[i].([]byte))
	if kind(older) != '{' || kind(newer) != '{' {
		return nil, errors.New("no object")
	}
	both := append(object(nil, older), object(nil, newer)...)
	var err error
	merged[i], err = asJSON(settle(both))
	return merged, err
}

// fill makes a row of what all calls have.
func (b *batch) fill(table string, c *call) (row, error) {
	r := b.row(table)
	r.values[atID] = c.id
	r.values[atAnonymous] = asID(c.anonymous)
	r.values[atUser] = asID(c.user)
	b.times(r, c)
	return r, b.context(r, c.context)
}

// times sets when a call happened: by the sender's clock, and corrected by how
// far that one is from ours, as Segment does.
func (b *batch) times(r row, c *call) {
	if c.sent != b.sentText {
		b.sentText, b.sentAt = c.sent, nil
		if t, ok := asTime(c.sent); ok {
			b.sent, b.sentAt = t, t
		}
	}
	r.values[atReceived] = b.now
	r.values[atTimestamp] = b.now
	r.values[atSent] = b.sentAt
	t, ok := asTime(c.timestamp)
	if !ok {
		return
	}
	original := any(t)
	r.values[atOriginal] = original
	r.values[atTimestamp] = original
	if b.sentAt != nil && !b.sent.Equal(b.received) {
		r.values[atTimestamp] = t.Add(b.received.Sub(b.sent))
	}
}

// context sets the columns that begin with context_.
func (b *batch) context(r row, v string) error {
	if kind(v) != '{' {
		return r.rest("context", v)
	}
	b.outer = object(b.outer[:0], v)
	left := b.outer[:0]
	for _, f := range b.outer {
		if r.put(r.table.context, f) {
			continue
		}
		if columns, ok := r.table.nested[f.key]; ok && kind(f.value) == '{' {
			inner := b.put(r, columns, f.value)
			if len(inner) == 0 {
				continue
			}
			rest, err := asJSON(inner)
			if err != nil {
				return err
			}
			f.value = string(rest)
		}
		left = append(left, f)
	}
	return r.remaining("context", left)
}

// put sets the columns for the values of an object, and returns those that have none.
func (b *batch) put(r row, columns map[string]int, v string) []field {
	b.inner = object(b.inner[:0], v)
	left := b.inner[:0]
	for _, f := range b.inner {
		if !r.put(columns, f) {
			left = append(left, f)
		}
	}
	return left
}

// further sets the columns of properties or traits.
func (b *batch) further(r row, name, v string) error {
	if kind(v) != '{' {
		return r.rest(name, v)
	}
	return r.remaining(name, b.put(r, r.table.further, v))
}

// reserved are the columns that no property can set.
var reserved = []string{"id", "received_at", "anonymous_id", "user_id", "group_id", "previous_id", "event", "event_text",
	"original_timestamp", "sent_at", "timestamp", "uuid_ts", "context", "properties", "traits"}

// put sets a column, and reports whether there is such a one that takes the
// value and has none yet.
func (r row) put(columns map[string]int, f field) bool {
	i, ok := columns[snakecase.Snakecase(f.key)]
	if !ok || r.values[i] != nil {
		return false
	}
	if r.table.Columns[i].Kind == Integer {
		r.values[i] = asInt(f.value)
	} else {
		r.values[i] = asText(f.value)
	}
	return r.values[i] != nil
}

// remaining keeps what has no column of its own.
func (r row) remaining(column string, all []field) error {
	if len(all) == 0 {
		return nil
	}
	b, err := asJSON(all)
	if err == nil {
		r.set(column, b)
	}
	return err
}

// rest keeps what is no object.
func (r row) rest(column, v string) error {
	if k := kind(v); k == 0 || k == 'n' {
		return nil
	}
	b, err := clean(v)
	if err == nil {
		r.set(column, b)
	}
	return err
}
