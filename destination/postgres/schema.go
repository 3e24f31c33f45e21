package postgres

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse"
)

// views is what is shipped with the tables. A later version may add columns to
// the end of a view and views to the end of the file, for people build on them.
//
//go:embed views.sql
var views string

// viewsVersion is told in the comments of views. It goes up with each change.
const viewsVersion = 1

// viewNames are the views in the file.
var viewNames = []string{"live_chat_timeline", "live_chat_first_responses", "live_chat_conversations", "live_chat_agents", "live_chat_days"}

// like are the types that may stand in place of ours: those of a table that
// Segment made, as far as they hold all that ours do.
var like = map[string][]string{
	"text":    {"text", "character varying"},
	"bigint":  {"bigint", "numeric"},
	timestamp: {timestamp},
	"jsonb":   {"jsonb"},
}

// there is what a schema has.
type there struct {
	schema bool
	tables map[string]map[string]string // the types of columns, by table and column; also of views
	keyed  map[string]bool              // the tables of which no two rows have the same id
	views  int                          // how many are as they are to be, or newer
}

// migrate brings the schema up to date. A schema that is so already needs no
// right to change it. It returns the columns, by table, that are numeric where
// ours would be bigint.
func (l *layout) migrate(ctx context.Context, conn *pgx.Conn) (map[string]map[int]bool, error) {
	now, err := l.look(ctx, conn)
	if err != nil {
		return nil, err
	}
	numeric := make(map[string]map[int]bool)
	for _, t := range l.tables {
		numeric[t.Name] = make(map[int]bool)
		for i, c := range t.Columns {
			if now.tables[t.Name][c.Name] == "numeric" {
				numeric[t.Name][i] = true
			}
		}
	}
	changes, err := l.changes(now)
	if err != nil || changes == "" {
		return numeric, err
	}
	// Another gateway may have done the same since we looked, hence the lock
	// before, and "if not exists" in what follows.
	lock := fmt.Sprintf("select pg_advisory_xact_lock(hashtext(%s));\n", literal("parlance "+l.schema))
	return numeric, conn.PgConn().Exec(ctx, begin+lock+changes+"commit").Close()
}

// look finds out what the schema has.
func (l *layout) look(ctx context.Context, conn *pgx.Conn) (now there, err error) {
	now.tables = make(map[string]map[string]string)
	if err := conn.QueryRow(ctx, "select exists (select from pg_namespace where nspname = $1)", l.schema).Scan(&now.schema); err != nil {
		return now, err
	}
	rows, err := conn.Query(ctx, `select c.relname, a.attname, format_type(a.atttypid, null)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
where n.nspname = $1 and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped`, l.schema)
	if err != nil {
		return now, err
	}
	var name, column, kind string
	_, err = pgx.ForEachRow(rows, []any{&name, &column, &kind}, func() error {
		if now.tables[name] == nil {
			now.tables[name] = make(map[string]string)
		}
		now.tables[name][column] = kind
		return nil
	})
	if err != nil {
		return now, err
	}
	if now.keyed, err = l.keyed(ctx, conn); err != nil {
		return now, err
	}
	err = conn.QueryRow(ctx, `select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relkind = 'v' and c.relname = any($2)
and coalesce(substring(obj_description(c.oid, 'pg_class') from 'parlance, version ([0-9]{1,6})')::int, 0) >= $3`,
		l.schema, viewNames, viewsVersion).Scan(&now.views)
	return now, err
}

// keyed returns the tables that have a key on id. Rows are copied into them, and
// only the key tells that one is there already.
func (l *layout) keyed(ctx context.Context, conn *pgx.Conn) (map[string]bool, error) {
	rows, err := conn.Query(ctx, `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_index i on i.indrelid = c.oid
join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
where n.nspname = $1 and i.indisunique and i.indisvalid and i.indimmediate and i.indpred is null and i.indnkeyatts = 1 and a.attname = 'id'`, l.schema)
	if err != nil {
		return nil, err
	}
	keyed := make(map[string]bool)
	var name string
	_, err = pgx.ForEachRow(rows, []any{&name}, func() error { keyed[name] = true; return nil })
	return keyed, err
}

// changes returns the statements that the schema lacks. Its error is a
// *destination.Pause.
func (l *layout) changes(now there) (string, error) {
	var b strings.Builder
	if !now.schema {
		fmt.Fprintf(&b, "create schema if not exists %s;\n", quote(l.schema))
	}
	for _, t := range l.tables {
		have, ok := now.tables[t.Name]
		if !ok {
			b.WriteString(l.create(t))
			continue
		}
		if !now.keyed[t.Name] {
			return "", &destination.Pause{Reason: fmt.Sprintf("table %s.%s has no primary key on id, and so is not ours; name another schema", l.schema, t.Name)}
		}
		for _, c := range t.columns() {
			kind, ok := have[c.name]
			if !ok {
				fmt.Fprintf(&b, "alter table %s add column if not exists %s;\n", quote(l.schema, t.Name), c.define())
			} else if !compatible(c.kind, kind) {
				return "", &destination.Pause{Reason: fmt.Sprintf("column %s of table %s.%s is %s, and is to be %s; change it, or name another schema",
					c.name, l.schema, t.Name, kind, c.kind)}
			}
		}
	}
	if now.views < len(viewNames) {
		b.WriteString(l.views())
	}
	return b.String(), nil
}

func compatible(want, have string) bool {
	for _, k := range like[want] {
		if k == have {
			return true
		}
	}
	return false
}

// define writes a column as a table has it.
func (c column) define() string {
	s := quote(c.name) + " " + c.kind
	switch c.name {
	case "id":
		s += " primary key"
	case "received_at":
		s += " not null"
	case "uuid_ts":
		s += " default now()"
	}
	return s
}

// create makes a table. Rows come in the order of received_at, by which
// Segment's users read them, so that a BRIN index of it costs next to nothing.
func (l *layout) create(t *table) string {
	var columns []string
	for _, c := range t.columns() {
		columns = append(columns, c.define())
	}
	name := quote(l.schema, t.Name)
	s := fmt.Sprintf("create table if not exists %s (%s);\n", name, strings.Join(columns, ", "))
	if t.Name != warehouse.Users {
		s += fmt.Sprintf("create index if not exists %s on %s using brin (received_at);\n", quote(t.Name+"_received_at"), name)
	}
	if t.Has("conversation_id") {
		s += fmt.Sprintf("create index if not exists %s on %s (conversation_id);\n", quote(t.Name+"_conversation_id"), name)
	}
	return s
}

// views makes the views, and notes which version they are.
func (l *layout) views() string {
	s := strings.ReplaceAll(views, "{schema}", quote(l.schema))
	for _, v := range viewNames {
		s += fmt.Sprintf("\ncomment on view %s is %s;\n", quote(l.schema, v), literal(fmt.Sprintf("Made by parlance, version %d. See docs/destinations/postgres.md", viewsVersion)))
	}
	return s
}

// literal writes a text in SQL. There are only our own, and checked names.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
