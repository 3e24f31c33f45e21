// Package warehouse lays calls out as rows of the tables that Segment makes in
// a warehouse, with types that never change, whatever comes first.
//
// Source: https://segment.com/docs/connections/storage/warehouses/schema/
package warehouse

import (
	"slices"
	"strings"

	"github.com/segmentio/go-snakecase"

	"github.com/parlance-chat/parlance/livechat"
)

// A Kind is the type of a column.
type Kind int

// Kinds of columns, and the type of their values in rows.
const (
	Text    Kind = iota // string, valid UTF-8 without NUL
	Integer             // int64
	Time                // time.Time, in UTC
	JSON                // []byte, with the keys of objects in order
)

// A Column is one of a table.
type Column struct {
	Name string
	Kind Kind
}

// A Table is one of Segment's.
type Table struct {
	Name    string
	Columns []Column
	index   map[string]int // of columns, by name

	// Those columns of Kind Text and Integer that a call's own values fill, by
	// the values' names in snake case: of the context, of its objects by
	// theirs, and of properties or traits.
	context map[string]int
	nested  map[string]map[string]int
	further map[string]int
}

// Has reports whether the table has a column.
func (t *Table) Has(column string) bool {
	_, ok := t.index[column]
	return ok
}

// Names of tables. Those of the four events are theirs in snake case.
const (
	Tracks     = "tracks"
	Identifies = "identifies"
	Users      = "users" // a row for each user, where others have one for each call
	Pages      = "pages"
	Screens    = "screens"
	Groups     = "groups"
	Aliases    = "aliases"
)

// nested are the objects in a call's context whose values have columns.
var nested = []string{"campaign", "integration", "library", "live_chat", "page"}

// contextColumns are the parts of a call's context that have columns.
var contextColumns = texts(
	"context_integration_name", "context_integration_version", "context_library_name", "context_library_version",
	"context_live_chat_agent_type", "context_live_chat_channel", "context_live_chat_conversation_url", "context_live_chat_source",
	"context_ip", "context_locale", "context_timezone", "context_user_agent",
	"context_page_path", "context_page_referrer", "context_page_search", "context_page_title", "context_page_url",
	"context_campaign_name", "context_campaign_source", "context_campaign_medium", "context_campaign_term", "context_campaign_content",
)

// TraitColumns are the traits that have columns, all of Kind Text. The others
// are in column traits.
var TraitColumns = []string{"email", "name", "first_name", "last_name", "phone", "username"}

// ours returns the table of each of the four events, by the event's name.
func ours() map[string]string {
	m := make(map[string]string)
	for _, k := range livechat.Kinds() {
		m[string(k)] = snakecase.Snakecase(string(k))
	}
	return m
}

func texts(names ...string) (columns []Column) {
	for _, n := range names {
		columns = append(columns, Column{n, Text})
	}
	return columns
}

// Where the first columns of every table but users are.
const (
	atID = iota
	atReceived
	atAnonymous
	atUser
	atOriginal
	atSent
	atTimestamp
)

// common are the columns of every table but users.
func common() []Column {
	return slices.Concat([]Column{
		{"id", Text}, {"received_at", Time}, {"anonymous_id", Text}, {"user_id", Text},
		{"original_timestamp", Time}, {"sent_at", Time}, {"timestamp", Time},
	}, contextColumns, []Column{{"context", JSON}})
}

// A Layout is the tables of a warehouse. It does not change.
type Layout struct {
	// Tables are in the order in which all write them, so that no two wait
	// for each other.
	Tables []*Table

	index  map[string]int    // of tables, by name
	events map[string]string // names of tables, by event
	shared int               // how many columns of an event's table are the first of tracks, too
}

// New returns the tables: those of the four events, and those of all that
// passes through.
func New() *Layout {
	event := texts("event", "event_text")
	l := &Layout{index: make(map[string]int), events: ours(), shared: len(common()) + len(event)}
	properties := []Column{{"properties", JSON}}
	traits := append(texts(TraitColumns...), Column{"traits", JSON})
	for _, k := range livechat.Kinds() {
		l.add(l.events[string(k)], common(), event,
			texts("agent_id", "agent_name", "agent_username"), []Column{{"conversation_duration", Integer}},
			texts("conversation_id", "message_body", "message_id"), properties)
	}
	l.add(Tracks, common(), event, properties)
	l.add(Identifies, common(), traits)
	l.add(Pages, common(), texts("name", "category", "path", "referrer", "search", "title", "url"), properties)
	l.add(Screens, common(), texts("name", "category"), properties)
	l.add(Groups, common(), texts("group_id"), traits)
	l.add(Aliases, common(), texts("previous_id"))
	l.add(Users, []Column{{"id", Text}, {"received_at", Time}, {"timestamp", Time}}, traits)
	return l
}

func (l *Layout) add(name string, columns ...[]Column) {
	t := &Table{
		Name: name, Columns: slices.Concat(columns...), index: make(map[string]int),
		context: make(map[string]int), nested: make(map[string]map[string]int), further: make(map[string]int),
	}
	for _, n := range nested {
		t.nested[n] = make(map[string]int)
	}
	for i, c := range t.Columns {
		t.index[c.Name] = i
		t.fill(c, i)
	}
	l.index[name] = len(l.Tables)
	l.Tables = append(l.Tables, t)
}

// fill notes from which of a call's values a column is filled.
func (t *Table) fill(c Column, at int) {
	if c.Kind != Text && c.Kind != Integer {
		return
	}
	in, ok := strings.CutPrefix(c.Name, "context_")
	if !ok {
		// Not what is the call's own: Segment discards a property user_id,
		// and here it stays among those without a column.
		if !slices.Contains(reserved, c.Name) {
			t.further[c.Name] = at
		}
		return
	}
	t.context[in] = at
	for n, columns := range t.nested {
		if of, ok := strings.CutPrefix(in, n+"_"); ok {
			columns[of] = at
		}
	}
}
