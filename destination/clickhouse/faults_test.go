package clickhouse

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// A receiver that fails is no ClickHouse: it has no tables, says yes to what
// makes them, and the rows of tracks are not those that are counted.
func TestFaults(t *testing.T) {
	const password = "hidden-password"
	destinationtest.TestFaults(t, destinationtest.HTTPHarness{
		Open: func(at string) (destination.Destination, error) {
			u, err := url.Parse(at)
			if err != nil {
				return nil, err
			}
			u.User = url.UserPassword("parlance", password)
			return Open(Settings{URL: strictyaml.Secret(u.String()), Database: "live_chat"})
		},
		Secret: password,
		Tells:  true,
		Aside: func(w http.ResponseWriter, q *http.Request) bool {
			statement := q.URL.Query().Get("query")
			if strings.HasSuffix(statement, " as Value") {
				_, _ = io.WriteString(w, `{"Value":"26.7.2.1"}`)
			}
			return !strings.HasPrefix(statement, "insert into `live_chat`.`live_chat_message_sent`")
		},
		ErrorBody: "Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED) (version 26.7.2.1)",
		Means:     "again",
	})
}

// A proxy stands before an engine, and cuts one connection.
type proxy struct {
	url string
	mu  sync.Mutex // guards the fields below
	// cut is how the statement begins at which it ends; with pass, the engine
	// still gets it, but its answer is lost.
	cut  string
	pass bool
}

func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	user := target.User
	target.User = nil
	forward := httputil.NewSingleHostReverseProxy(target)
	p := &proxy{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		p.mu.Lock()
		cut := p.cut != "" && strings.HasPrefix(q.URL.Query().Get("query"), p.cut)
		if cut {
			p.cut = ""
		}
		pass := p.pass
		p.mu.Unlock()
		if !cut {
			forward.ServeHTTP(w, q)
			return
		}
		if pass {
			forward.ServeHTTP(httptest.NewRecorder(), q)
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(s.Close)
	p.url = strings.Replace(s.URL, "://", "://"+user.String()+"@", 1)
	return p
}

// done reports whether the connection was cut.
func (p *proxy) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cut == ""
}

// Each step of an attempt breaks twice: failed, and failed but happened. In the
// end each call is there once, also for who reads without FINAL.
func TestCutConnections(t *testing.T) {
	for _, step := range []string{"select version", "create database", "create table", "create or replace view", "insert into {db}.`live_chat_conversation_started`", "insert into {db}.`tracks`"} {
		for _, pass := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s passed on %v", step, pass), func(t *testing.T) {
				db := newDatabase(t)
				p := newProxy(t, db.address)
				p.cut, p.pass = strings.ReplaceAll(step, "{db}", quote(db.name)), pass
				through := database{p.url, db.name}
				d := through.open(t)
				a := warehousetest.Attempt(warehousetest.Started, warehousetest.Identify(1, "u", `{"name":"Una"}`))
				if err := d.Send(t.Context(), a); destinationtest.Class(err) != "again" || strings.Contains(err.Error(), "right") {
					t.Fatalf("got %s (%v), want an error that is worth another attempt", destinationtest.Class(err), err)
				}
				if !p.done() {
					t.Fatal("nothing was cut")
				}
				a.Retry, a.SentAt = 1, a.SentAt.Add(time.Minute)
				if err := d.Send(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				db.check(t, map[string]string{
					`select (select count() from {db}.tracks), (select count() from {db}.live_chat_conversation_started),
						(select count() from {db}.identifies), (select count() from {db}.users)`: "1|1|1|1",
				})
			})
		}
	}
}

// The engine is killed and restarted under load, and nothing is lost or doubled.
func TestRestarts(t *testing.T) {
	e := own(t)
	db := database{e.address("parlance:right"), "live_chat"}
	d := db.open(t)
	warehousetest.Insist(t, d, warehousetest.Numbered(0, 10))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; i < 60; i++ {
			warehousetest.Insist(t, d, warehousetest.Numbered(i*10, 10))
		}
	}()
	for range 2 {
		time.Sleep(100 * time.Millisecond)
		e.kill()
		if err := e.start(packages(t)); err != nil {
			t.Error(err)
		}
	}
	<-done
	db.check(t, map[string]string{
		"select count(), uniqExact(id) from {db}.live_chat_message_sent final": "600|600",
		"select count(), uniqExact(id) from {db}.tracks final":                 "600|600",
	})
}

// parts makes a table that has more parts than it may have.
const parts = `create table {db}.tracks (id String) engine = ReplacingMergeTree order by id settings parts_to_throw_insert = 1, parts_to_delay_insert = 1;
system stop merges {db}.tracks; insert into {db}.tracks values ('x'); insert into {db}.tracks settings parts_to_throw_insert = 10 values ('y')`

// What each trouble means that the engine itself tells of, and that it says
// what to do and no secret.
func TestTroubles(t *testing.T) {
	as := func(db database, user string) string { return strings.Replace(db.address, "parlance:right", user, 1) }
	for _, tt := range []struct{ name, user, prepare, want, says string }{
		{"wrong password", "parlance:hidden", "", "pause", "password"},
		{"unknown user", "nobody:hidden", "", "pause", "user"},
		{"no user", "", "", "ok", ""},
		{"reader", "reader:right", "", "pause", "profile"},
		{"other column", "", "create table {db}.tracks (id String, received_at String) engine = ReplacingMergeTree order by id", "pause", "received_at"},
		{"not replacing", "", "create table {db}.tracks (id String) engine = MergeTree order by id", "pause", "ReplacingMergeTree"},
		{"another key", "", "create table {db}.tracks (id String, at Date) engine = ReplacingMergeTree order by (at, id)", "pause", "ordered by id"},
		{"table in a view's place", "", "create table {db}.live_chat_days (id String) engine = MergeTree order by id", "pause", "no view"},
		{"constraint", "", "create table {db}.tracks (id String, constraint mine check length(id) > 5) engine = ReplacingMergeTree order by id", "pause", "constraint"},
		{"too many parts", "", parts, "again", "Too many parts"},
	} {
		db := newDatabase(t)
		if tt.prepare != "" {
			db.ask(t, "create database {db}")
			for statement := range strings.SplitSeq(tt.prepare, ";") {
				db.ask(t, statement)
			}
		}
		if tt.user != "" {
			db.address = as(db, tt.user)
		}
		if tt.name == "no user" {
			db.address = strings.Replace(db.address, "parlance:right@", "", 1)
		}
		err := db.open(t).Send(t.Context(), warehousetest.Attempt(warehousetest.Started))
		if got := destinationtest.Class(err); got != tt.want || err != nil && (!strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hidden")) {
			t.Errorf("%s: got %s (%v), want %s that says %s", tt.name, got, err, tt.want, tt.says)
		}
	}
}

// What somebody removes comes back, and an older database gets what it lacks.
func TestMigrates(t *testing.T) {
	db := newDatabase(t)
	d := db.open(t)
	warehousetest.Send(t, d, warehousetest.Started)
	for _, change := range []string{
		"alter table {db}.tracks drop column context_ip",
		"drop table {db}.tracks",
		"drop view {db}.live_chat_days",
		"create or replace view {db}.live_chat_days as select 1",
		"drop view {db}.users",
		"drop database {db}",
	} {
		db.ask(t, change)
		warehousetest.Insist(t, d, warehousetest.Attempt(warehousetest.Started))
		warehousetest.Insist(t, db.open(t), warehousetest.Attempt(warehousetest.Started)) // a gateway that starts
		db.check(t, map[string]string{
			"select count(), countIf(context_ip is null) from {db}.tracks final": "1|1",
			"select started from {db}.live_chat_days":                            "1",
			"select count() from {db}.users":                                     "0",
		})
	}
	db.ask(t, "create or replace view {db}.live_chat_days as select 1 as x comment 'Made by parlance, version 999.'")
	warehousetest.Send(t, db.open(t), warehousetest.Started)
	db.check(t, map[string]string{"select x from {db}.live_chat_days": "1"})
}
