package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-chat/parlance/destination/warehouse"
)

const timestamp = "timestamp with time zone"

// types are the columns' types, by their kind.
var types = map[warehouse.Kind]string{warehouse.Text: "text", warehouse.Integer: "bigint", warehouse.Time: timestamp, warehouse.JSON: "jsonb"}

// A column is one as PostgreSQL has it.
type column struct{ name, kind string }

// A table is one of a schema.
type table struct {
	*warehouse.Table
	copy       string // statement that takes rows
	stage      string // statements that make the temporary table in which rows stand before
	copyStaged string // statement that takes rows there
	store      string // statements that bring them into the table
}

// A layout is the tables of one schema.
type layout struct {
	*warehouse.Layout
	schema string // as in the settings
	tables []*table
}

func newLayout(schema string) *layout {
	l := &layout{Layout: warehouse.New(), schema: schema}
	for _, t := range l.Tables {
		l.tables = append(l.tables, newTable(schema, t))
	}
	return l
}

func newTable(schema string, of *warehouse.Table) *table {
	// A pooler may keep it for a later version of this program, which then
	// has to have another name for it.
	staging := quote("parlance_1_" + of.Name)
	var definitions, list []string
	for _, c := range of.Columns {
		list = append(list, quote(c.Name))
		definitions = append(definitions, quote(c.Name)+" "+types[c.Kind])
	}
	columns := strings.Join(list, ", ")
	return &table{
		Table:      of,
		copy:       fmt.Sprintf("copy %s (%s) from stdin binary", quote(schema, of.Name), columns),
		stage:      fmt.Sprintf("create temporary table if not exists %s (%s) on commit delete rows;\n", staging, strings.Join(definitions, ", ")),
		copyStaged: fmt.Sprintf("copy pg_temp.%s (%s) from stdin binary", staging, columns),
		// In the order of their ids, so that two gateways with the same rows
		// do not wait for each other.
		store: fmt.Sprintf("insert into %s as t (%s) select %s from pg_temp.%s order by id on conflict (id) %s;\n",
			quote(schema, of.Name), columns, columns, staging, conflict(of)),
	}
}

// conflict says what becomes of a row that is there already. A call is the
// same whenever it comes; of a user, what was said last holds.
func conflict(t *warehouse.Table) string {
	if t.Name != warehouse.Users {
		return "do nothing"
	}
	var sets []string
	for _, c := range warehouse.TraitColumns {
		sets = append(sets, fmt.Sprintf("%[1]s = case when excluded.timestamp >= t.timestamp then coalesce(excluded.%[1]s, t.%[1]s) else coalesce(t.%[1]s, excluded.%[1]s) end", quote(c)))
	}
	return "do update set " + strings.Join(sets, ", ") + `,
traits = nullif(case when excluded.timestamp >= t.timestamp then coalesce(t.traits, '{}') || coalesce(excluded.traits, '{}')
else coalesce(excluded.traits, '{}') || coalesce(t.traits, '{}') end, '{}'),
timestamp = greatest(t.timestamp, excluded.timestamp), received_at = greatest(t.received_at, excluded.received_at), uuid_ts = now()`
}

// columns are the table's, and the one that the database fills.
func (t *table) columns() []column {
	var all []column
	for _, c := range t.Columns {
		all = append(all, column{c.Name, types[c.Kind]})
	}
	return append(all, column{"uuid_ts", timestamp})
}

func quote(parts ...string) string { return pgx.Identifier(parts).Sanitize() }
