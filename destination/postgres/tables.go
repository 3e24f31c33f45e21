package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/segmentio/go-snakecase"

	"github.com/parlance-chat/parlance/livechat"
)

// A column has a type that never changes, whatever comes first.
type column struct {
	name string
	kind string // as PostgreSQL calls it
}

const (
	text      = "text"
	bigint    = "bigint"
	timestamp = "timestamp with time zone"
	jsonb     = "jsonb"
)

// A table is one of Segment's.
type table struct {
	name    string
	columns []column
	index   map[string]int // of columns, by name
	names   []string       // of columns
	staging string         // the temporary table in which rows stand before
	stage   string         // statements that make it
	store   string         // statements that bring its rows into the table
}

// Names of tables.
const (
	tracks     = "tracks"
	identifies = "identifies"
	users      = "users"
	pages      = "pages"
	screens    = "screens"
	groups     = "groups"
	aliases    = "aliases"
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

// traitColumns are the traits that have columns.
var traitColumns = texts("email", "name", "first_name", "last_name", "phone", "username")

// ours returns the table of each of the four events, by the event's name.
func ours() map[string]string {
	m := make(map[string]string)
	for _, k := range livechat.Kinds() {
		m[string(k)] = snakecase.Snakecase(string(k))
	}
	return m
}

func texts(names ...string) (columns []column) {
	for _, n := range names {
		columns = append(columns, column{n, text})
	}
	return columns
}

// common are the columns of every table but users.
func common() []column {
	return slices.Concat([]column{
		{"id", text}, {"received_at", timestamp}, {"anonymous_id", text}, {"user_id", text},
		{"original_timestamp", timestamp}, {"sent_at", timestamp}, {"timestamp", timestamp},
	}, contextColumns, []column{{"context", jsonb}})
}

// A layout is the tables of one schema.
type layout struct {
	schema string // as in the settings
	tables []*table
	index  map[string]int // of tables, by name
	events map[string]string
}

// newLayout returns the tables in the order in which all gateways write them,
// so that no two wait for each other.
func newLayout(schema string) *layout {
	l := &layout{schema: schema, index: make(map[string]int), events: ours()}
	event := texts("event", "event_text")
	properties := []column{{"properties", jsonb}}
	traits := append(slices.Clone(traitColumns), column{"traits", jsonb})
	for _, k := range livechat.Kinds() {
		l.add(l.events[string(k)], common(), event,
			texts("agent_id", "agent_name", "agent_username"), []column{{"conversation_duration", bigint}},
			texts("conversation_id", "message_body", "message_id"), properties)
	}
	l.add(tracks, common(), event, properties)
	l.add(identifies, common(), traits)
	l.add(pages, common(), texts("name", "category", "path", "referrer", "search", "title", "url"), properties)
	l.add(screens, common(), texts("name", "category"), properties)
	l.add(groups, common(), texts("group_id"), traits)
	l.add(aliases, common(), texts("previous_id"))
	l.add(users, []column{{"id", text}, {"received_at", timestamp}, {"timestamp", timestamp}}, traits)
	return l
}

func (l *layout) add(name string, columns ...[]column) {
	t := &table{name: name, columns: slices.Concat(columns...), index: make(map[string]int)}
	var definitions []string
	for i, c := range t.columns {
		t.index[c.name] = i
		t.names = append(t.names, c.name)
		definitions = append(definitions, quote(c.name)+" "+c.kind)
	}
	// A pooler may keep it for a later version of this program, which then
	// has to have another name for it.
	t.staging = "parlance_1_" + name
	t.stage = fmt.Sprintf("create temporary table if not exists %s (%s) on commit delete rows;\n", quote(t.staging), strings.Join(definitions, ", "))
	list := make([]string, len(t.names))
	for i, n := range t.names {
		list[i] = quote(n)
	}
	columnList := strings.Join(list, ", ")
	// In the order of their ids, so that two gateways with the same rows do
	// not wait for each other.
	t.store = fmt.Sprintf("insert into %s as t (%s) select %s from pg_temp.%s order by id on conflict (id) %s;\n",
		quote(l.schema, name), columnList, columnList, quote(t.staging), t.conflict())
	l.index[name] = len(l.tables)
	l.tables = append(l.tables, t)
}

// conflict says what becomes of a row that is there already. A call is the
// same whenever it comes; of a user, what was said last holds.
func (t *table) conflict() string {
	if t.name != users {
		return "do nothing"
	}
	var sets []string
	for _, c := range traitColumns {
		sets = append(sets, fmt.Sprintf("%[1]s = case when excluded.timestamp >= t.timestamp then coalesce(excluded.%[1]s, t.%[1]s) else coalesce(t.%[1]s, excluded.%[1]s) end", quote(c.name)))
	}
	return "do update set " + strings.Join(sets, ", ") + `,
traits = nullif(case when excluded.timestamp >= t.timestamp then coalesce(t.traits, '{}') || coalesce(excluded.traits, '{}')
else coalesce(excluded.traits, '{}') || coalesce(t.traits, '{}') end, '{}'),
timestamp = greatest(t.timestamp, excluded.timestamp), received_at = greatest(t.received_at, excluded.received_at), uuid_ts = now()`
}

func quote(parts ...string) string { return pgx.Identifier(parts).Sanitize() }
