package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlance-chat/parlance/livechat"
)

// A server is a PostgreSQL of its own.
type server struct {
	dir, bin string
	port     int
	as       *syscall.SysProcAttr // PostgreSQL does not run as root
}

func startServer() (*server, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	if slices.Sort(found); len(found) == 0 {
		return nil, errors.New("no PostgreSQL server here")
	}
	s := &server{bin: found[len(found)-1]}
	var err error
	if s.dir, err = os.MkdirTemp("", "parlance-postgres-"); err != nil {
		return nil, err
	}
	if os.Getuid() == 0 {
		u, err := user.Lookup("postgres")
		if err != nil {
			return nil, err
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		if err := os.Chown(s.dir, uid, gid); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.port = l.Addr().(*net.TCPAddr).Port
	l.Close()
	if err := s.run("initdb", "-D", s.dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"); err != nil {
		return nil, err
	}
	// As somebody would set it who has 2 processors and 4 GB for it.
	options := fmt.Sprintf("-c listen_addresses=127.0.0.1 -c port=%d -c unix_socket_directories=%s -c timezone=UTC -c shared_buffers=1GB -c work_mem=64MB -c maintenance_work_mem=512MB -c max_wal_size=8GB -c synchronous_commit=off", s.port, s.dir)
	return s, s.run("pg_ctl", "start", "-w", "-t", "120", "-D", s.dir+"/data", "-l", s.dir+"/log", "-o", options)
}

func (s *server) run(name string, args ...string) error {
	c := exec.Command(filepath.Join(s.bin, name), args...)
	c.Dir, c.SysProcAttr, c.Env = s.dir, s.as, []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	return c.Run()
}

func (s *server) stop() {
	_ = s.run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", s.dir+"/data") // it goes with its directory
	_ = os.RemoveAll(s.dir)
}

const tables = `create table events (id uuid, kind text, timestamp timestamptz, conversation_id text, user_id text, anonymous_id text, agent_id text, agent_name text, agent_type text,
	conversation_duration bigint, message_id text, message_body text, source text, channel text)`

// What a warehouse of the events would have, to be fast at these questions.
var indexes = []string{
	"create index on events (conversation_id)", "create index on events (timestamp)",
	"create index on events (timestamp desc) where kind = 'Live Chat Conversation Started'",
	"create index on events (user_id)", "analyze events",
}

// A copy gives the events of a history to COPY.
type copying struct {
	h *history
	e livechat.Event
}

func (c *copying) Next() (ok bool) { c.e, ok = c.h.next(); return ok }
func (c *copying) Err() error      { return nil }
func (c *copying) Values() ([]any, error) {
	e := &c.e
	p, l := &e.Properties, &e.Context.LiveChat
	return []any{e.MessageID, string(e.Kind), e.Timestamp, p.ConversationID, null(e.UserID), e.AnonymousID, null(p.AgentID), null(p.AgentName), null(l.AgentType),
		p.ConversationDuration, p.MessageID, null(p.MessageBody), l.Source, l.Channel}, nil
}

func null(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// The questions of the pages, asked of the events.
const (
	newestQuery = `select s.conversation_id, s.timestamp, s.user_id, s.source,
		(select count(*) from events e where e.conversation_id = s.conversation_id and e.kind = 'Live Chat Message Received') received,
		(select max(timestamp) from events e where e.conversation_id = s.conversation_id and e.kind = 'Live Chat Conversation Ended') ended
		from events s where s.kind = 'Live Chat Conversation Started' order by s.timestamp desc limit 50`
	oneQuery      = `select * from events where conversation_id = '7000500' order by timestamp`
	customerQuery = `select distinct conversation_id from events where user_id = 'user-17'`
	daysQuery     = `with asked as (
		select conversation_id, timestamp, kind, agent_type, coalesce(sum(case when kind = 'Live Chat Message Received' and agent_type = 'human' then 1 else 0 end)
			over (partition by conversation_id order by timestamp rows between unbounded preceding and 1 preceding), 0) answers from events
		where timestamp >= $1 and timestamp < $2
	), waited as (
		select conversation_id, answers, min(timestamp) filter (where kind <> 'Live Chat Message Received') since, max(timestamp) filter (where kind = 'Live Chat Message Received' and agent_type = 'human') answered
		from asked group by conversation_id, answers
	)
	select date_trunc('day', since at time zone 'Europe/Berlin') as day, count(*) filter (where answers = 0) as started, count(answered) as answered,
		percentile_cont(array[0.5, 0.9, 0.99]) within group (order by answered - since) filter (where answers = 0) as first_response,
		percentile_cont(array[0.5, 0.9, 0.99]) within group (order by answered - since) as response
	from waited where since is not null group by 1 order by 1`
	agentsQuery = `select agent_id, count(*), count(distinct conversation_id) from events
		where kind = 'Live Chat Message Received' and timestamp >= $1 and timestamp < $2 group by agent_id order by 2 desc`
)

// patience bounds one question.
const patience = 5 * time.Minute

// postgres measures the same questions of the raw events in PostgreSQL.
func (b *bench) postgres(ctx context.Context) error {
	s, err := startServer()
	if err != nil {
		return err
	}
	defer s.stop()
	conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", s.port))
	if err != nil {
		return err
	}
	defer conn.Close(context.Background())
	began := time.Now()
	if _, err := conn.Exec(ctx, tables); err != nil {
		return err
	}
	n, err := conn.CopyFrom(ctx, pgx.Identifier{"events"}, []string{"id", "kind", "timestamp", "conversation_id", "user_id", "anonymous_id", "agent_id", "agent_name", "agent_type",
		"conversation_duration", "message_id", "message_body", "source", "channel"}, &copying{h: newHistory(b.conversations)})
	if err != nil {
		return err
	}
	for _, index := range indexes {
		if _, err := conn.Exec(ctx, index); err != nil {
			return err
		}
	}
	var size float64
	if err := conn.QueryRow(ctx, "select pg_total_relation_size('events')::float8").Scan(&size); err != nil {
		return err
	}
	fmt.Printf("PostgreSQL: %d events by COPY, then indexes, in %s; %.0f MB\n", n, time.Since(began).Round(time.Second), size/1e6)
	end := time.Date(2025, 12, 31, 23, 0, 0, 0, time.UTC) // midnight in Berlin
	for _, q := range []struct {
		name, sql string
		args      []any
	}{
		{"conversations, newest first", newestQuery, nil},
		{"conversations of a customer", customerQuery, nil},
		{"one conversation", oneQuery, nil},
		{"report: 30 days by day", daysQuery, []any{end.AddDate(0, 0, -30), end}},
		{"report: a year by day", daysQuery, []any{end.AddDate(-1, 0, 0), end}},
		{"agents: 30 days", agentsQuery, []any{end.AddDate(0, 0, -30), end}},
		{"agents: a year", agentsQuery, []any{end.AddDate(-1, 0, 0), end}},
	} {
		p := page{name: "PostgreSQL, " + q.name, open: func() (int, error) {
			timed, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			rows, err := conn.Query(timed, q.sql, q.args...)
			if err != nil {
				return 0, err
			}
			n := 0
			for rows.Next() {
				n++
			}
			return n, rows.Err()
		}}
		if err := p.measure(3); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}
