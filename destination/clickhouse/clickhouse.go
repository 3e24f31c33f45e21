// Package clickhouse writes calls to ClickHouse, in the tables in which Segment
// lays them out in a warehouse, over its HTTP interface.
//
// Source: https://clickhouse.com/docs/interfaces/http
package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/destination/warehouse"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// ClickHouse wants few large inserts: each makes a part in each table, which it
// then has to merge.
const (
	maxCalls = 10_000
	maxBytes = 8 << 20
	age      = 5 * time.Second
)

// maxAge bounds how long connections are used: a name may come to stand for
// another server.
const maxAge = time.Hour

// Settings are the settings of a destination of type clickhouse.
type Settings struct {
	// Where the HTTP interface is and who writes, https://USER:PASSWORD@HOST:8443. What follows a ? are settings for each statement. Required.
	URL strictyaml.Secret `yaml:"url"`
	// Database that holds the tables and views. It is made if there is none. No two destinations may share one.
	Database string `yaml:"database"`
}

var (
	identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	taken      = []string{"system", "information_schema", "INFORMATION_SCHEMA"}
)

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.URL == "" {
		errs = append(errs, errors.New(`url: is missing; write url: "${CLICKHOUSE_URL}", which is to be https://USER:PASSWORD@HOST:8443`))
	} else if u, err := url.Parse(string(s.URL)); err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
		// What is wrong with it would tell a part of it.
		errs = append(errs, errors.New("url: is no address of ClickHouse's HTTP interface; write https://USER:PASSWORD@HOST:8443, with %40 for @ in the password"))
	} else if slices.Contains([]string{"9000", "9440"}, u.Port()) {
		errs = append(errs, fmt.Errorf("url: port %s speaks ClickHouse's native protocol; write that of HTTP, 8443 with https or 8123 with http", u.Port()))
	}
	if !identifier.MatchString(s.Database) || slices.Contains(taken, s.Database) {
		errs = append(errs, errors.New("database: must be a name such as live_chat: up to 63 letters, digits and _, beginning with no digit, and not one of ClickHouse's own"))
	}
	return errors.Join(errs...)
}

// place names the database on its server.
func (s *Settings) place() string {
	u, err := url.Parse(string(s.URL))
	if err != nil {
		return "" // Check tells
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return fmt.Sprintf("%s:%s%s/%s", u.Hostname(), port, u.Path, s.Database)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "clickhouse",
		Title: "ClickHouse",
		Gives: destination.Gives{
			Repetition: "by messageId, for as long as the row is there: the views, and whoever reads with FINAL, see it once; a repeated attempt is not inserted at all",
			Order:      "kept; rows have the time of what happened, to the millisecond",
			Batch:      "each table's rows are taken or refused as a whole; what one table has already comes again",
			Limits:     "10,000 calls, 8 MB; an attempt waits up to 5 s for more",
			Retries:    "a server asks for none; of a proxy, Retry-After, up to 5 minutes",
		},
		Settings: func() any { return &Settings{Database: "live_chat"} },
		Place:    func(settings any) string { return settings.(*Settings).place() },
		Find:     "in the table tracks of the database, which has every track call",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("clickhouse: %w", err)
	}
	u, err := url.Parse(string(s.URL))
	if err != nil {
		return nil, errors.New("clickhouse: url cannot be read")
	}
	d := &Destination{user: u.User, client: tracking.NewClient(), layout: newLayout(s.Database)}
	u.User, u.Fragment = nil, ""
	d.url = u
	return d, nil
}

// A Destination writes to one database. It implements destination.Destination,
// destination.Examiner and destination.Located.
type Destination struct {
	url    *url.URL      // without user
	user   *url.Userinfo // may be nil
	layout *layout
	client *tracking.Client
	since  time.Time // when the connection in use may have been made
	ready  bool      // whether the database has all tables, as far as we know
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: maxCalls, Bytes: maxBytes, Age: age}
}

// Send implements destination.Destination. When it returns nil, the rows are in
// their tables, and on the server's disk where the tables are ours.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) error {
	rows, err := d.layout.Rows(a)
	if err != nil {
		return err
	}
	if time.Since(d.since) > maxAge {
		d.client.CloseIdleConnections()
		d.since = time.Now()
	}
	c := connection{d, a}
	if !d.ready {
		if err := c.migrate(ctx); err != nil {
			return judgeSchema(err)
		}
		d.ready = true
	}
	for i, t := range d.layout.Tables {
		if len(rows[i]) == 0 || t.Name == warehouse.Users {
			continue
		}
		if err := c.insert(ctx, t, rows[i]); err != nil {
			d.ready = false // somebody may have changed the tables: look again
			return err
		}
	}
	return nil
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	d.client.CloseIdleConnections()
	return nil
}
