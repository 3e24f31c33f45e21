package clickhouse

import (
	"context"
	_ "embed"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse"
)

// views is what is shipped with the tables. A later version may add columns to
// the end of a view and views to the end of the file, for people build on them.
//
//go:embed views.sql
var views string

// comments are for who reads the file.
var comments = regexp.MustCompile(`(?m)^--.*\n`)

// viewsVersion is told in the comments of views. It goes up with each change.
const viewsVersion = 1

// viewNames are the views in the file, in its order.
var viewNames = []string{warehouse.Users, "live_chat_timeline", "live_chat_first_responses", "live_chat_conversations", "live_chat_agents", "live_chat_days"}

// oldest is the version for which the views are written.
var oldest = [2]int{24, 3}

// there is what a database has.
type there struct {
	version  string
	user     string
	database bool
	tables   map[string]found
}

// found is a table or view as it is.
type found struct {
	Name    string            `json:"name"`
	Engine  string            `json:"engine"`
	Key     string            `json:"sorting_key"`
	Comment string            `json:"comment"`
	columns map[string]string // types by name
}

// migrate brings the database up to date. One that is so already needs no
// right to change it.
func (c connection) migrate(ctx context.Context) error {
	now, err := c.look(ctx)
	if err != nil {
		return err
	}
	changes, err := c.d.layout.changes(now)
	if err != nil {
		return err
	}
	// Another gateway may do the same at the same time, hence "if not
	// exists" and "or replace".
	for _, statement := range changes {
		if err := c.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// look finds out what the database has.
func (c connection) look(ctx context.Context) (now there, err error) {
	// First of all what every version understands.
	if now.version, err = single(ctx, c, "select version() as Value"); err != nil {
		return now, err
	}
	if old(now.version) {
		return now, &destination.Pause{Reason: fmt.Sprintf("ClickHouse %s is too old; upgrade it to %d.%d or later", now.version, oldest[0], oldest[1])}
	}
	if now.user, err = single(ctx, c, "select currentUser() as Value"); err != nil {
		return now, err
	}
	name := map[string]string{"database": c.d.layout.database}
	databases, err := query[struct{ Name string }](ctx, c, "select name as Name from system.databases where name = {database:String}", name)
	if err != nil {
		return now, err
	}
	now.database = len(databases) > 0
	tables, err := query[found](ctx, c, "select name, engine, sorting_key, comment from system.tables where database = {database:String}", name)
	if err != nil {
		return now, err
	}
	now.tables = make(map[string]found)
	for _, t := range tables {
		t.columns = make(map[string]string)
		now.tables[t.Name] = t
	}
	all, err := query[struct{ Table, Name, Type string }](ctx, c, "select table as Table, name as Name, type as Type from system.columns where database = {database:String}", name)
	for _, one := range all {
		if t, ok := now.tables[one.Table]; ok {
			t.columns[one.Name] = one.Type
		}
	}
	return now, err
}

// single returns the one value of a query, which calls it Value.
func single(ctx context.Context, c connection, statement string) (string, error) {
	rows, err := query[struct{ Value string }](ctx, c, statement, nil)
	if err == nil && len(rows) != 1 {
		err = &destination.Pause{Reason: "url does not answer as ClickHouse's HTTP interface does; is it that?"}
	}
	if err != nil {
		return "", err
	}
	return rows[0].Value, nil
}

// old reports whether a version is one that surely lacks what the views need.
func old(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, err1 := strconv.Atoi(major)
	b, err2 := strconv.Atoi(minor)
	return err1 == nil && err2 == nil && (a < oldest[0] || a == oldest[0] && b < oldest[1])
}

// changes returns the statements that the database lacks. Its error is a
// *destination.Pause.
func (l *layout) changes(now there) (list []string, err error) {
	if !now.database {
		list = append(list, "create database if not exists "+quote(l.database))
	}
	for _, t := range l.Tables {
		if t.Name == warehouse.Users {
			continue
		}
		have, ok := now.tables[t.Name]
		if !ok {
			list = append(list, l.create(t))
			continue
		}
		more, err := l.alter(t, have)
		if err != nil {
			return nil, err
		}
		list = append(list, more...)
	}
	statements := strings.Split(strings.TrimSuffix(strings.TrimSpace(comments.ReplaceAllString(views, "")), ";"), ";\n")
	for i, name := range viewNames {
		switch have, ok := now.tables[name]; {
		case ok && have.Engine != "View":
			return nil, l.notOurs(name, "is no view")
		case !ok || have.version() < viewsVersion:
			list = append(list, strings.ReplaceAll(statements[i], "{database}", quote(l.database))+"\ncomment "+literal(note(viewsVersion)))
		}
	}
	return list, nil
}

// alter returns the statements that a table lacks.
func (l *layout) alter(t *warehouse.Table, have found) (list []string, err error) {
	// Replicated and shared ones are as good.
	if !strings.HasSuffix(have.Engine, "ReplacingMergeTree") || have.Key != "id" {
		return nil, l.notOurs(t.Name, "is not a ReplacingMergeTree ordered by id, so that repetitions would stay in it")
	}
	for _, c := range columns(t) {
		kind, ok := have.columns[c.name]
		if !ok {
			list = append(list, fmt.Sprintf("alter table %s add column if not exists %s", quote(l.database, t.Name), c.define()))
		} else if plain(kind) != plain(c.kind) {
			return nil, &destination.Pause{Reason: fmt.Sprintf("column %s of table %s.%s is %s, and is to be %s; change it, or name another database",
				c.name, l.database, t.Name, kind, c.kind)}
		}
	}
	return list, nil
}

func (l *layout) notOurs(name, why string) error {
	return &destination.Pause{Reason: fmt.Sprintf("%s.%s %s; name another database, or remove it", l.database, name, why)}
}

// plain is a type as far as it decides which values it takes.
func plain(kind string) string {
	for _, around := range []string{"LowCardinality(", "Nullable("} {
		if inner, ok := strings.CutPrefix(kind, around); ok {
			kind = strings.TrimSuffix(inner, ")")
		}
	}
	kind, _, _ = strings.Cut(kind, "(") // DateTime64 has a precision and a time zone
	return kind
}

// note is what a view of ours says of itself.
func note(version int) string {
	return fmt.Sprintf("Made by parlance, version %d. See docs/destinations/clickhouse.md", version)
}

// version reads it.
func (f found) version() int {
	_, after, _ := strings.Cut(f.Comment, "parlance, version ")
	digits, _, _ := strings.Cut(after, ".")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return n
}

// literal writes a text in SQL. There are only our own.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
