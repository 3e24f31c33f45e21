// Package postgres writes calls to PostgreSQL, in the tables in which Segment
// lays them out in a warehouse, and each once.
//
// Source: https://segment.com/docs/connections/storage/warehouses/schema/
package postgres

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

const (
	// timeout bounds one attempt, also in the server, which must not hold
	// locks for a client that has gone.
	timeout = time.Minute
	// maxAge bounds how long one connection is used: a name may come to stand
	// for another server.
	maxAge = time.Hour
	// closeTime is how long a connection may take to say goodbye.
	closeTime = time.Second
)

// Settings are the settings of a destination of type postgres.
type Settings struct {
	// Where the database is and who writes, postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full. Required.
	URL strictyaml.Secret `yaml:"url"`
	// Schema that holds the tables and views. It is made if there is none. No two destinations may share one.
	Schema string `yaml:"schema"`
}

var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]{0,62}$`)

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.URL == "" {
		errs = append(errs, errors.New(`url: is missing; write url: "${POSTGRES_URL}", which is to be postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full`))
	} else if _, err := pgx.ParseConfig(string(s.URL)); err != nil {
		// What is wrong with it would tell a part of it.
		errs = append(errs, errors.New("url: is no address of PostgreSQL; write postgres://USER:PASSWORD@HOST:5432/DATABASE?sslmode=verify-full, with %40 for @ in the password, and with certificates that exist"))
	}
	if !identifier.MatchString(s.Schema) || strings.HasPrefix(s.Schema, "pg_") {
		errs = append(errs, errors.New("schema: must be a name such as live_chat: up to 63 of a to z, 0 to 9 and _, beginning with no digit and not with pg_"))
	}
	return errors.Join(errs...)
}

// place names the schema in its database.
func (s *Settings) place() string {
	c, err := pgx.ParseConfig(string(s.URL))
	if err != nil {
		return "" // Check tells
	}
	return fmt.Sprintf("%s:%d/%s/%s", c.Host, c.Port, c.Database, s.Schema)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "postgres",
		Title: "PostgreSQL",
		Gives: destination.Gives{
			Repetition: "by messageId, which is the primary key, for as long as the row is there",
			Order:      "kept; rows have the time of what happened, to the millisecond",
			Batch:      "taken or refused as a whole, in one transaction",
			Limits:     "1,000 calls, 4 MB",
			Retries:    "a server asks for none",
		},
		Settings: func() any { return &Settings{Schema: "live_chat"} },
		Place:    func(settings any) string { return settings.(*Settings).place() },
		Find:     "in the table tracks of the schema, which has every track call",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It connects when there is something to send.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("postgres: %w", err)
	}
	c, err := pgx.ParseConfig(string(s.URL))
	if err != nil {
		return nil, errors.New("postgres: url cannot be read")
	}
	if c.RuntimeParams["application_name"] == "" {
		c.RuntimeParams["application_name"] = "parlance"
	}
	// Nothing is prepared, so that a pooler may give each transaction another
	// connection.
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	c.StatementCacheCapacity, c.DescriptionCacheCapacity = 0, 0
	return &Destination{config: c, layout: newLayout(s.Schema)}, nil
}

// A Destination writes to one schema. It implements destination.Destination,
// destination.Examiner and destination.Located.
type Destination struct {
	config *pgx.ConnConfig
	layout *layout
	conn   *pgx.Conn // nil after something failed, or Close
	since  time.Time // when it was made
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: 1000, Bytes: 4 << 20}
}

// Send implements destination.Destination. When it returns nil, the rows are
// committed, and on the server's disk.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) error {
	rows, err := d.layout.Rows(a)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := d.ready(ctx); err != nil {
		d.drop()
		return judge(err, a.Retry)
	}
	if err := d.write(ctx, rows); err != nil {
		d.drop() // what state it is in nobody knows
		return judge(err, a.Retry)
	}
	return nil
}

// ready has conn be a connection to a database that has the tables.
func (d *Destination) ready(ctx context.Context) error {
	if d.conn != nil && time.Since(d.since) > maxAge {
		d.drop()
	}
	if d.conn != nil {
		return nil
	}
	conn, err := pgx.ConnectConfig(ctx, d.config)
	if err != nil {
		return err
	}
	d.conn, d.since = conn, time.Now()
	return d.layout.migrate(ctx, conn)
}

// begin opens a transaction whatever the defaults of database and role are.
// synchronous_commit stays as it is where it promises more than the disk.
var begin = fmt.Sprintf(`begin isolation level read committed read write;
set local statement_timeout = %[1]d;
set local idle_in_transaction_session_timeout = %[1]d;
select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
`, timeout.Milliseconds())

// write commits the rows of an attempt, by table.
func (d *Destination) write(ctx context.Context, rows [][][]any) error {
	var stage, store strings.Builder
	stage.WriteString(begin)
	for i, t := range d.layout.tables {
		if len(rows[i]) > 0 {
			stage.WriteString(t.stage)
			store.WriteString(t.store)
		}
	}
	if err := d.exec(ctx, stage.String()); err != nil {
		return err
	}
	for i, t := range d.layout.tables {
		if len(rows[i]) == 0 {
			continue
		}
		if _, err := d.conn.CopyFrom(ctx, pgx.Identifier{"pg_temp", t.staging}, t.names, pgx.CopyFromRows(rows[i])); err != nil {
			return err
		}
	}
	if err := d.exec(ctx, store.String()); err != nil {
		return err
	}
	return d.exec(ctx, "commit")
}

// exec runs several statements at once.
func (d *Destination) exec(ctx context.Context, sql string) error {
	return d.conn.PgConn().Exec(ctx, sql).Close()
}

// drop closes the connection. The next attempt makes another.
func (d *Destination) drop() {
	if d.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	_ = d.conn.Close(ctx) // it may be dead
	d.conn = nil
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	d.drop()
	return nil
}
