package postgres

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-chat/parlance/destination"
)

// Location implements destination.Located.
func (d *Destination) Location() (at, account string) {
	host := net.JoinHostPort(d.config.Host, strconv.Itoa(int(d.config.Port)))
	u := url.URL{Scheme: "postgres", Host: host, Path: "/" + d.config.Database}
	return u.String(), d.layout.schema
}

// Examine implements destination.Examiner. It has a connection of its own, so
// that it gets in no attempt's way.
func (d *Destination) Examine(ctx context.Context) []destination.Finding {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	failed := func(err error) destination.Finding { return destination.Found(judge(err, 1)) }
	conn, err := pgx.ConnectConfig(ctx, d.config)
	if err != nil {
		return []destination.Finding{failed(err)}
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var version string
	var standby, readOnly bool
	err = conn.QueryRow(ctx, "select current_setting('server_version'), pg_is_in_recovery(), current_setting('default_transaction_read_only')::bool").Scan(&version, &standby, &readOnly)
	if err != nil {
		return []destination.Finding{failed(err)}
	}
	found := []destination.Finding{{Text: fmt.Sprintf("PostgreSQL %s lets user %s into database %s", version, d.config.User, d.config.Database)}}
	if standby {
		return append(found, destination.Finding{Level: destination.Problem, Text: "the server is a standby, which is read-only", Do: advice("25006")})
	}
	if readOnly { // an attempt writes all the same: see begin
		found = append(found, destination.Finding{Level: destination.Warning, Text: "the database or user is read-only by default", Do: "see that it is not meant so; events are written all the same"})
	}
	now, err := d.layout.look(ctx, conn)
	if err != nil {
		return append(found, failed(err))
	}
	changes, err := d.layout.changes(now)
	if err != nil {
		return append(found, failed(err))
	}
	f := destination.Finding{Text: fmt.Sprintf("schema %s has all tables and views", d.layout.schema)}
	if changes != "" {
		f.Text = fmt.Sprintf("schema %s lacks tables, columns or views; the gateway makes them before the first event", d.layout.schema)
	}
	found = append(found, f)
	lacks, err := d.layout.lacks(ctx, conn, now, changes != "")
	switch {
	case err != nil:
		found = append(found, failed(err))
	case len(lacks) > 0:
		found = append(found, destination.Finding{Level: destination.Problem, Text: fmt.Sprintf("user %s lacks %s", d.config.User, strings.Join(lacks, ", ")), Do: advice("42501")})
	default:
		found = append(found, destination.Finding{Text: "user " + d.config.User + " may write to it"})
	}
	return found
}

// lacks returns the rights that the user does not have, and needs.
func (l *layout) lacks(ctx context.Context, conn *pgx.Conn, now there, lacking bool) (rights []string, err error) {
	var temporary, create, usage, createIn bool
	err = conn.QueryRow(ctx, `select has_database_privilege(current_database(), 'temporary'), has_database_privilege(current_database(), 'create'),
coalesce(has_schema_privilege(oid, 'usage'), true), coalesce(has_schema_privilege(oid, 'create'), true)
from (select (select oid from pg_namespace where nspname = $1) as oid) s`, l.schema).Scan(&temporary, &create, &usage, &createIn)
	if err != nil {
		return nil, err
	}
	lack := func(has bool, right string) {
		if !has {
			rights = append(rights, right)
		}
	}
	lack(temporary, "TEMPORARY on the database")
	lack(create || now.schema, "CREATE on the database")
	lack(usage, "USAGE on the schema")
	lack(createIn || !lacking, "CREATE on the schema")
	names := []string{}
	for _, t := range l.tables {
		names = append(names, t.Name)
	}
	rows, err := conn.Query(ctx, `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any($2) and not (has_table_privilege(c.oid, 'select') and has_table_privilege(c.oid, 'insert') and has_table_privilege(c.oid, 'update'))
order by 1`, l.schema, names)
	if err != nil {
		return nil, err
	}
	closed, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, name := range closed {
		lack(false, "SELECT, INSERT and UPDATE on "+name)
	}
	return rights, err
}
