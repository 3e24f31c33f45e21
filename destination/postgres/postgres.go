// Package postgres writes calls to PostgreSQL, in the tables in which Segment
// lays them out in a warehouse, and each once.
//
// Source: https://segment.com/docs/connections/storage/warehouses/schema/
package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse"
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
	// A COPY has as much as one attempt. More at once, or more beside each
	// other, are no faster.
	maxCalls = 5000
	maxBytes = 4 << 20
	inFlight = 2
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
			Order:      "kept within a conversation; rows have the time of what happened, to the millisecond",
			Batch:      "taken or refused as a whole, in one transaction",
			Limits:     "5,000 calls, 4 MB",
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

	mu      sync.Mutex // guards the fields below
	idle    []*session
	careful bool // rows that come may be there already
}

// A session is a connection to a database that has the tables.
type session struct {
	*pgx.Conn
	since   time.Time               // when it was made
	numeric map[string]map[int]bool // by table, the columns that were numeric then and are bigint if we make them
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: maxCalls, Bytes: maxBytes, InFlight: inFlight}
}

// Send implements destination.Destination. When it returns nil, the rows are
// committed, and on the server's disk.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) (err error) {
	rows, err := d.layout.Rows(a)
	if err != nil {
		return err
	}
	defer func() { a.Told(d.asked(), err) }()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	s, err := d.session(ctx)
	if err != nil {
		return judge(err, a.Retry)
	}
	if err := d.write(ctx, s, rows, a.Retry > 0); err != nil {
		s.close() // what state it is in nobody knows
		return judge(err, a.Retry)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.idle = append(d.idle, s)
	return nil
}

// session returns one that nobody uses, or makes one.
func (d *Destination) session(ctx context.Context) (*session, error) {
	d.mu.Lock()
	for len(d.idle) > 0 {
		s := d.idle[len(d.idle)-1]
		d.idle = d.idle[:len(d.idle)-1]
		if time.Since(s.since) <= maxAge {
			d.mu.Unlock()
			return s, nil
		}
		defer s.close()
	}
	d.mu.Unlock()
	conn, err := pgx.ConnectConfig(ctx, d.config)
	if err != nil {
		return nil, err
	}
	s := &session{Conn: conn, since: time.Now()}
	if s.numeric, err = d.layout.migrate(ctx, conn); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// begin opens a transaction whatever the defaults of database and role are.
// synchronous_commit stays as it is where it promises more than the disk.
var begin = fmt.Sprintf(`begin isolation level read committed read write;
set local statement_timeout = %[1]d;
set local idle_in_transaction_session_timeout = %[1]d;
select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off';
`, timeout.Milliseconds())

// write commits the rows of an attempt, by table. Rows that are new are copied
// into the tables, which is what costs the server least. Where one is there
// already, that fails as a whole, and all go by way of temporary tables, until
// an attempt finds that none is there.
func (d *Destination) write(ctx context.Context, s *session, rows [][][]any, again bool) error {
	d.mu.Lock()
	careful := again || d.careful
	d.mu.Unlock()
	if !careful {
		_, err := d.layout.write(ctx, s, rows, false)
		if !repeated(err) {
			return err
		}
		if err := s.exec(ctx, "rollback"); err != nil {
			return err
		}
	}
	found, err := d.layout.write(ctx, s, rows, true)
	if err == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.careful = found
	}
	return err
}

// repeated reports whether a row was there already.
func repeated(err error) bool {
	var said *pgconn.PgError
	return errors.As(err, &said) && said.Code == "23505"
}

// write commits rows. It reports whether one was there already, if they are
// staged first; if not, that is an error.
func (l *layout) write(ctx context.Context, s *session, rows [][][]any, staged bool) (found bool, err error) {
	var stage, store strings.Builder
	stage.WriteString(begin)
	left := int64(0) // staged, and not yet where they are to be
	for i, t := range l.tables {
		if len(rows[i]) == 0 || !staged && t.Name != warehouse.Users {
			continue
		}
		stage.WriteString(t.stage)
		store.WriteString(t.store)
		left += int64(len(rows[i]))
	}
	if err := s.exec(ctx, stage.String()); err != nil {
		return false, err
	}
	for i, t := range l.tables {
		if len(rows[i]) == 0 {
			continue
		}
		if err := s.copy(ctx, t, rows[i], staged || t.Name == warehouse.Users); err != nil {
			return false, err
		}
	}
	if left > 0 {
		results, err := s.PgConn().Exec(ctx, store.String()).ReadAll()
		if err != nil {
			return false, err
		}
		for _, r := range results {
			left -= r.CommandTag.RowsAffected()
		}
	}
	return left > 0, s.exec(ctx, "commit")
}

// exec runs several statements at once.
func (s *session) exec(ctx context.Context, sql string) error {
	return s.PgConn().Exec(ctx, sql).Close()
}

// close says goodbye, to whoever may still be there.
func (s *session) close() {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	_ = s.Close(ctx) // it may be dead
}

// asked describes an attempt for people, without user and password.
func (d *Destination) asked() string {
	at := net.JoinHostPort(d.config.Host, strconv.Itoa(int(d.config.Port)))
	return fmt.Sprintf("COPY into schema %s of database %s at %s", d.layout.schema, d.config.Database, at)
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, s := range d.idle {
		s.close()
	}
	d.idle = nil
	return nil
}
