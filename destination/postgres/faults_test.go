//go:build unix

package postgres

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

// A proxy stands between a destination and a server, and cuts connections.
type proxy struct {
	address string
	mu      sync.Mutex
	// cut returns whether a connection ends at what the client just said;
	// with pass, the server still gets it, but its answer is lost.
	cut  func(said []byte) bool
	pass bool
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	p := &proxy{address: l.Addr().String()}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", target)
			if err != nil {
				c.Close()
				continue
			}
			go p.serve(c, s)
		}
	}()
	return p
}

func (p *proxy) serve(client, server net.Conn) {
	defer client.Close()
	defer server.Close()
	var lost sync.WaitGroup
	lost.Go(func() {
		_, _ = io.Copy(client, server)
		client.Close()
	})
	buf := make([]byte, 1<<20)
	for {
		n, err := client.Read(buf)
		if err != nil {
			break
		}
		if cut, pass := p.cuts(buf[:n]); cut {
			client.Close()
			if pass {
				_, _ = server.Write(buf[:n])
				_ = server.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, server) // until it has done it
			}
			break
		}
		if _, err := server.Write(buf[:n]); err != nil {
			break
		}
	}
	server.Close()
	lost.Wait()
}

func (p *proxy) cuts(said []byte) (cut, pass bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut == nil || !p.cut(said) {
		return false, false
	}
	p.cut = nil
	return true, p.pass
}

func (p *proxy) cutAt(word string, pass bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.pass = func(said []byte) bool { return bytes.Contains(said, []byte(word)) }, pass
}

// Each step of an attempt breaks twice: failed, and failed but happened. In
// the end each call is there once.
func TestCutConnections(t *testing.T) {
	for _, step := range []string{"create schema", "create temporary table", "copy ", "insert into", "commit\x00"} {
		for _, pass := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s passed on %v", strings.Fields(strings.Trim(step, "\x00"))[0], pass), func(t *testing.T) {
				address, db := database(t)
				host, _, _ := strings.Cut(strings.TrimPrefix(address, "postgres://postgres@"), "/")
				p := newProxy(t, host)
				if step != "create schema" {
					warehousetest.Send(t, open(t, address), `{"type":"page","messageId":"p"}`) // which makes the tables
				}
				d := open(t, strings.Replace(address, host, p.address, 1))
				p.cutAt(step, pass)
				a := warehousetest.Attempt(warehousetest.Started, warehousetest.Identify(1, "u", `{"name":"Una"}`))
				if err := d.Send(t.Context(), a); destinationtest.Class(err) != "again" {
					t.Fatalf("got %s (%v), want an error that is worth another attempt", destinationtest.Class(err), err)
				}
				if step == "commit\x00" && pass {
					arrives(t, db) // before the attempt that is to change nothing
				}
				a.Retry = 1
				if err := d.Send(t.Context(), a); err != nil {
					t.Fatal(err)
				}
				want := "1|1|1|1"
				if got := query(t, db, `select (select count(*) from live_chat.tracks), (select count(*) from live_chat.live_chat_conversation_started),
					(select count(*) from live_chat.identifies), (select count(*) from live_chat.users)`); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
			})
		}
	}
}

// arrives waits until the call is there. A server that notices first that the
// connection is cut may roll back; then the next attempt is the one that counts.
func arrives(t *testing.T, db *pgx.Conn) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); query(t, db, "select count(*) from live_chat.tracks") != "1"; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Log("the commit failed and did not happen, for once")
			return
		}
	}
}

// The server is killed and restarted under load, and nothing is lost or doubled.
func TestRestarts(t *testing.T) {
	s := own(t)
	d := open(t, s.address("postgres", "postgres"))
	warehousetest.Insist(t, d, warehousetest.Numbered(0, 10))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := 1; i < 60; i++ {
			warehousetest.Insist(t, d, warehousetest.Numbered(i*10, 10))
		}
	}()
	for _, mode := range []string{"immediate", "fast"} {
		if err := s.stop(mode); err != nil {
			t.Error(err)
		}
		if err := s.start(); err != nil {
			t.Error(err)
		}
	}
	<-done
	db := connect(t, s.address("postgres", "postgres"))
	if got := query(t, db, "select count(*), count(distinct id) from live_chat.live_chat_message_sent"); got != "600|600" {
		t.Errorf("got %s, want 600|600", got)
	}
}

// What each trouble means, and that it says what to do and no secret.
func TestTroubles(t *testing.T) {
	address, db := database(t)
	role(t, db, "locked", "password 'right'")
	role(t, db, "poor", "")
	host := func(user, rest string) string { return strings.Replace(address, "postgres@", user+"@", 1) + rest }
	tests := []struct{ name, url, prepare, want, says string }{
		{"wrong password", host("locked:hidden", ""), "", "pause", "password"},
		{"unknown user", host("nobody", ""), "", "pause", "user"},
		{"unknown database", strings.Replace(address, "?", "x?", 1), "", "pause", "create the database"},
		{"no rights", host("poor", ""), "", "pause", "CREATE on the database"},
		{"refused", "postgres://u:hidden@127.0.0.1:1/db", "", "again", "refused"},
		{"unknown host", "postgres://u:hidden@nowhere.invalid/db", "", "again", "nowhere.invalid"},
		{"no TLS", strings.Replace(address, "disable", "require", 1), "", "again", "TLS"},
		{"other column", address, "create schema live_chat; create table live_chat.tracks (id text primary key, received_at text)", "pause", "received_at"},
		{"no key", address, "drop schema live_chat cascade; create schema live_chat; create table live_chat.tracks (id text)", "pause", "primary key"},
		{"constraint", address, "drop schema live_chat cascade; create schema live_chat; create table live_chat.tracks (id text primary key, more text not null)", "pause", "tracks"},
		{"table in a view's place", address, "drop schema live_chat cascade; create schema live_chat; create table live_chat.live_chat_days (id text)", "pause", "not ours"},
		{"full disk", address, "drop schema live_chat cascade; create schema live_chat; create table live_chat.tracks (id text primary key); " +
			"create function full_disk() returns trigger language plpgsql as $$ begin raise exception 'secret' using errcode = 'disk_full'; end $$; " +
			"create trigger t before insert on live_chat.tracks execute function full_disk()", "again", "53100"},
		{"conflict", address, "create or replace function full_disk() returns trigger language plpgsql as $$ begin raise exception 'x' using errcode = '40001'; end $$", "again", "40001"},
	}
	for _, tt := range tests {
		if tt.prepare != "" {
			run(t, db, tt.prepare)
		}
		err := open(t, tt.url).Send(t.Context(), warehousetest.Attempt(warehousetest.Started))
		if destinationtest.Class(err) != tt.want || !strings.Contains(err.Error(), tt.says) || strings.Contains(err.Error(), "hidden") {
			t.Errorf("%s: got %s (%v), want %s that says %s", tt.name, destinationtest.Class(err), err, tt.want, tt.says)
		}
	}
}

// A user who may only write needs no more, once the tables are there.
func TestFewRights(t *testing.T) {
	address, db := database(t)
	warehousetest.Send(t, open(t, address), warehousetest.Started)
	role(t, db, "writer", "")
	run(t, db, `grant usage on schema live_chat to writer; grant select, insert, update on all tables in schema live_chat to writer`)
	d := open(t, strings.Replace(address, "postgres@", "writer@", 1))
	warehousetest.Send(t, d, warehousetest.Identify(1, "u", `{"name":"Una"}`))
	if got := query(t, db, "select name from live_chat.users"); got != "Una" {
		t.Errorf("got %q, want Una", got)
	}
}

// What somebody removes comes back, and an older schema gets what it lacks.
func TestMigrates(t *testing.T) {
	address, db := database(t)
	d := open(t, address)
	warehousetest.Send(t, d, warehousetest.Started)
	for _, change := range []string{
		"alter table live_chat.tracks drop column context_ip",
		"drop table live_chat.tracks",
		"drop view live_chat.live_chat_days",
		"comment on view live_chat.live_chat_days is null",
		"drop schema live_chat cascade",
	} {
		run(t, db, change)
		warehousetest.Insist(t, d, warehousetest.Attempt(warehousetest.Started))
		warehousetest.Insist(t, open(t, address), warehousetest.Attempt(warehousetest.Started)) // a gateway that starts
		if got := query(t, db, "select count(context_ip is null), count(*) from live_chat.tracks"); got != "1|1" {
			t.Errorf("%s: got %s, want 1|1", change, got)
		}
		if got := query(t, db, "select count(*) from live_chat.live_chat_days"); got != "1" {
			t.Errorf("%s: got %s days, want 1", change, got)
		}
	}
	run(t, db, "comment on view live_chat.live_chat_days is 'Made by parlance, version 999'; create view mine as select * from live_chat.live_chat_days")
	warehousetest.Send(t, open(t, address), warehousetest.Started)
	if got := query(t, db, "select obj_description('live_chat.live_chat_days'::regclass)"); !strings.Contains(got, "999") {
		t.Errorf("a newer view was replaced: %s", got)
	}
}

// A default of the database that would lose commits does not hold for ours.
func TestSynchronous(t *testing.T) {
	address, db := database(t)
	run(t, db, "create schema live_chat; create table live_chat.tracks (id text primary key, how text default current_setting('synchronous_commit'))")
	run(t, db, "do $$ begin execute format('alter database %I set synchronous_commit = off', current_database()); end $$")
	warehousetest.Send(t, open(t, address), warehousetest.Started)
	if got := query(t, db, "select how from live_chat.tracks"); got != "on" {
		t.Errorf("got synchronous_commit %s, want on", got)
	}
}
