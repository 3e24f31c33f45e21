package warehouse

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/segmentio/go-snakecase"

	"github.com/parlance-chat/parlance/destination"
)

// A batch is the rows of some calls, by table.
type batch struct {
	layout *Layout
	rows   [][][]any
	users  map[string][]any // the rows of table users, by id
}

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
	b := &batch{layout: l, rows: make([][][]any, len(l.Tables)), users: make(map[string][]any)}
	// The time of the attempt as the calls have it, so that what was sent
	// now was sent when it was received.
	received := a.SentAt.UTC().Truncate(time.Millisecond)
	for _, c := range a.Calls {
		if err := b.add(c, received); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.users)) {
		b.rows[l.index[Users]] = append(b.rows[l.index[Users]], b.users[id])
	}
	return b.rows, nil
}

func (b *batch) row(name string) row {
	i := b.layout.index[name]
	r := row{b.layout.Tables[i], make([]any, len(b.layout.Tables[i].Columns))}
	b.rows[i] = append(b.rows[i], r.values)
	return r
}

// add makes the rows of one call.
func (b *batch) add(c destination.Call, received time.Time) error {
	call, err := object(c.JSON)
	switch {
	case err != nil:
		return &destination.Refusal{Reason: "the call is no JSON that a warehouse could keep"}
	case c.MessageID == "":
		return &destination.Refusal{Reason: "the call has no messageId, by which a warehouse could know it"}
	}
	call["messageId"] = jsontext.Value(quoted(c.MessageID))
	switch kind, _ := asText(call["type"]).(string); kind {
	case "track":
		err = b.track(call, received)
	case "identify":
		err = b.identify(call, received)
	case "page":
		err = b.fill(Pages, call, received, "properties", "name", "category")
	case "screen":
		err = b.fill(Screens, call, received, "properties", "name", "category")
	case "group":
		err = b.fill(Groups, call, received, "traits", "groupId")
	case "alias":
		err = b.fill(Aliases, call, received, "", "previousId")
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
func (b *batch) track(call values, received time.Time) error {
	event, _ := asText(call["event"]).(string)
	name, ok := b.layout.events[event]
	if !ok {
		return b.fill(Tracks, call, received, "properties", "event")
	}
	if err := b.fill(name, call, received, "properties", "event"); err != nil {
		return err
	}
	all := b.row(Tracks)
	all.copy(b.last(name))
	all.set("properties", nil) // they are in the event's table
	return nil
}

// last returns the row of a table that was added last.
func (b *batch) last(name string) row {
	i := b.layout.index[name]
	return row{b.layout.Tables[i], b.rows[i][len(b.rows[i])-1]}
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
func (b *batch) identify(call values, received time.Time) error {
	if err := b.fill(Identifies, call, received, "traits"); err != nil {
		return err
	}
	id, _ := asID(call["userId"]).(string)
	if id == "" {
		return nil
	}
	t := b.layout.Tables[b.layout.index[Users]]
	to := row{t, make([]any, len(t.Columns))}
	to.copy(b.last(Identifies))
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
	older, err := object(a[i].([]byte))
	if err != nil {
		return nil, err
	}
	newer, err := object(b[i].([]byte))
	if err != nil {
		return nil, err
	}
	for k, v := range newer {
		older[k] = v
	}
	merged[i], err = asJSON(older)
	return merged, err
}

// fill makes a row of a call. The values below the key further have columns, or
// are kept as JSON in the one that is called so; the keys are the call's own.
func (b *batch) fill(name string, call values, received time.Time, further string, keys ...string) error {
	r := b.row(name)
	r.set("id", asText(call["messageId"]))
	r.set("anonymous_id", asID(call["anonymousId"]))
	r.set("user_id", asID(call["userId"]))
	r.times(call, received)
	for _, k := range keys {
		r.set(snakecase.Snakecase(k), asText(call[k]))
	}
	if slices.Contains(keys, "event") {
		if event, ok := asText(call["event"]).(string); ok {
			r.set("event", snakecase.Snakecase(event))
			r.set("event_text", event)
		}
	}
	if err := r.context(call["context"]); err != nil {
		return err
	}
	if further == "" {
		return nil
	}
	return r.further(further, call[further])
}

// times sets when a call happened: by the sender's clock, and corrected by how
// far that one is from ours, as Segment does.
func (r row) times(call values, received time.Time) {
	sent, isSent := asTime(call["sentAt"])
	original, isOriginal := asTime(call["timestamp"])
	r.set("received_at", received)
	r.set("timestamp", received)
	if isSent {
		r.set("sent_at", sent)
	}
	if isOriginal {
		r.set("original_timestamp", original)
		r.set("timestamp", original)
	}
	if isSent && isOriginal {
		r.set("timestamp", original.Add(received.Sub(sent)))
	}
}

// context sets the columns that begin with context_.
func (r row) context(v jsontext.Value) error {
	context, err := object(v)
	if err != nil {
		return r.rest("context", v)
	}
	for _, key := range context.keys() {
		v := context[key]
		if r.put("context_"+snakecase.Snakecase(key), v) {
			delete(context, key)
		} else if slices.Contains(nested, key) && v.Kind() == '{' {
			inner, err := object(v)
			if err != nil {
				return err
			}
			for _, k := range inner.keys() {
				if r.put("context_"+key+"_"+snakecase.Snakecase(k), inner[k]) {
					delete(inner, k)
				}
			}
			if delete(context, key); len(inner) > 0 {
				if context[key], err = asJSON(inner); err != nil {
					return err
				}
			}
		}
	}
	return r.remaining("context", context)
}

// further sets the columns of properties or traits.
func (r row) further(name string, v jsontext.Value) error {
	all, err := object(v)
	if err != nil {
		return r.rest(name, v)
	}
	for _, key := range all.keys() {
		// Not what is the call's own: Segment discards a property user_id,
		// and here it stays among those without a column.
		column := snakecase.Snakecase(key)
		if own := slices.Contains(reserved, column) || strings.HasPrefix(column, "context_"); !own && r.put(column, all[key]) {
			delete(all, key)
		}
	}
	return r.remaining(name, all)
}

// reserved are the columns that no property can set.
var reserved = []string{"id", "received_at", "anonymous_id", "user_id", "group_id", "previous_id", "event", "event_text",
	"original_timestamp", "sent_at", "timestamp", "uuid_ts", "context", "properties", "traits"}

// put sets a column, and reports whether there is such a one that takes the
// value and has none yet.
func (r row) put(column string, v jsontext.Value) bool {
	i, ok := r.table.index[column]
	if !ok || r.values[i] != nil {
		return false
	}
	switch r.table.Columns[i].Kind {
	case Text:
		r.values[i] = asText(v)
	case Integer:
		r.values[i] = asInt(v)
	default:
		return false
	}
	return r.values[i] != nil || v.Kind() == 'n'
}

// remaining keeps what has no column of its own.
func (r row) remaining(column string, all values) error {
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
func (r row) rest(column string, v jsontext.Value) error {
	if len(v) == 0 || v.Kind() == 'n' {
		return nil
	}
	b, err := clean(v)
	if err == nil {
		r.set(column, b)
	}
	return err
}
