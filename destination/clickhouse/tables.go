package clickhouse

import (
	"fmt"
	"strings"

	"github.com/parlance-chat/parlance/destination/warehouse"
)

// A layout is the tables of one database.
type layout struct {
	*warehouse.Layout
	database string // as in the settings
}

func newLayout(database string) *layout { return &layout{warehouse.New(), database} }

// types are the columns' types, by their kind. JSON is text: functions of JSON
// read that in every version, and nobody's keys become columns.
var types = map[warehouse.Kind]string{
	warehouse.Text: "Nullable(String)", warehouse.Integer: "Nullable(Int64)",
	warehouse.Time: "Nullable(DateTime64(3, 'UTC'))", warehouse.JSON: "Nullable(String)",
}

// few are text columns that have few values.
var few = map[string]bool{
	"event": true, "event_text": true, "context_integration_name": true, "context_integration_version": true,
	"context_library_name": true, "context_library_version": true, "context_live_chat_agent_type": true,
	"context_live_chat_channel": true, "context_live_chat_source": true, "context_locale": true, "context_timezone": true,
}

// A column is one as ClickHouse has it.
type column struct{ name, kind string }

// columns are a table's, and the one that the database fills.
func columns(t *warehouse.Table) (all []column) {
	for _, c := range t.Columns {
		kind := types[c.Kind]
		switch {
		case c.Name == "id":
			kind = "String"
		case c.Name == "received_at", c.Name == "timestamp":
			kind = "DateTime64(3, 'UTC')"
		case few[c.Name]:
			kind = "LowCardinality(Nullable(String))"
		}
		all = append(all, column{c.Name, kind})
	}
	return append(all, column{"uuid_ts", "DateTime64(3, 'UTC')"})
}

func (c column) define() string {
	s := quote(c.name) + " " + c.kind
	if c.name == "uuid_ts" {
		s += " default now64(3, 'UTC')"
	}
	return s
}

// asEngine is what makes a call one row. The key is the id alone: a time in it,
// or a partition by one, would let a call stand twice whose time differs in a
// repetition. Of two rows the one received last stays. The window lets the
// server drop an insert that it has already. A part is synced before an insert
// is answered, which costs little at one in some seconds.
const asEngine = `engine = ReplacingMergeTree(received_at) order by id
settings non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1`

// create makes a table.
func (l *layout) create(t *warehouse.Table) string {
	var defined []string
	for _, c := range columns(t) {
		defined = append(defined, c.define())
	}
	return fmt.Sprintf("create table if not exists %s (%s) %s", quote(l.database, t.Name), strings.Join(defined, ", "), asEngine)
}

// quote writes names that were checked, or are ours.
func quote(parts ...string) string { return "`" + strings.Join(parts, "`.`") + "`" }
