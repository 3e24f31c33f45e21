package archive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/internal/journal"
	journalsqlite "github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/livechat"
)

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// say is an event n minutes after nine.
func say(conversation string, minutes int, kind livechat.Kind, agent string) journal.Event {
	e := livechat.Event{AnonymousID: "anonymous-" + conversation, Kind: kind, Timestamp: morning.Add(time.Duration(minutes) * time.Minute)}
	e.MessageID = fmt.Sprintf("%s %d %s", conversation, minutes, kind)
	e.Properties = livechat.Properties{ConversationID: conversation, MessageID: fmt.Sprint("m", minutes), MessageBody: "body of " + conversation, AgentID: agent}
	e.Context.LiveChat = livechat.LiveChat{Source: "shop", Channel: "chat", ConversationURL: "https://chat.example.com/" + conversation}
	if agent != "" {
		e.Properties.AgentName, e.Context.LiveChat.AgentType = "Agent "+agent, "human"
	}
	if kind == livechat.Ended {
		e.Properties.ConversationDuration = int64(minutes * 60)
	}
	return written(e)
}

func written(e livechat.Event) journal.Event {
	b, err := json.Marshal(e)
	if err != nil {
		panic(err)
	}
	return journal.Event{Workspace: "default", Source: "shop", Conversation: e.Properties.ConversationID, Name: string(e.Kind), MessageID: e.MessageID, JSON: b, At: e.Timestamp}
}

func openTest(t testing.TB, o Options) *Archive {
	t.Helper()
	a, err := Open(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func take(t testing.TB, a *Archive, events ...journal.Event) {
	t.Helper()
	if err := a.take(batch{"default", events, 1}); err != nil {
		t.Fatal(err)
	}
}

// talk is a conversation in which the customer waits 3 minutes for the first
// answer and 4 for the second, which another agent gives.
func talk(id string) []journal.Event {
	return []journal.Event{
		say(id, 0, livechat.Started, ""), say(id, 0, livechat.Sent, ""),
		say(id, 3, livechat.Received, "7"), say(id, 5, livechat.Sent, "7"), say(id, 6, livechat.Sent, "7"),
		say(id, 9, livechat.Received, "8"), say(id, 12, livechat.Ended, "8"),
	}
}

func TestConversation(t *testing.T) {
	a := openTest(t, Options{})
	events := talk("17")
	for i := range events {
		events[i].Seq = journal.Seq(100 + i)
	}
	take(t, a, events...)
	take(t, a, talk("17")...) // again
	page, err := a.Conversations(t.Context(), Query{Workspace: "default"})
	if err != nil || len(page.Conversations) != 1 {
		t.Fatalf("got %d conversations, want 1 (%v)", len(page.Conversations), err)
	}
	got, err := a.Conversation(t.Context(), page.Conversations[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	c := got.Conversation
	if c.State != "ended" || c.Duration != 720 || c.CustomerMessages != 3 || c.HumanMessages != 2 || c.Transfers != 1 || *c.FirstResponse != 180 ||
		c.FirstAgent.ID != "7" || c.LastAgent.Name != "Agent 8" || c.URL != "https://chat.example.com/17" || !c.Opened.Equal(morning) || !c.LastEnd.Equal(morning.Add(12*time.Minute)) {
		t.Errorf("got %+v", c)
	}
	var lines []string
	for n, i := range got.Items {
		if i.Seq != events[n].Seq {
			t.Errorf("got the event at %d, want %d", i.Seq, events[n].Seq)
		}
		response := ""
		if i.Response != nil {
			response = fmt.Sprintf(" after %gs", *i.Response)
		}
		lines = append(lines, fmt.Sprintf("%s +%g %s%s %v %s", i.Event.Timestamp.Format("15:04"), i.Gap, i.Event.Kind, response, i.Transfer, i.Event.MessageID))
	}
	want := []string{
		"09:00 +0 Live Chat Conversation Started false 17 0 Live Chat Conversation Started",
		"09:00 +0 Live Chat Message Sent false 17 0 Live Chat Message Sent",
		"09:03 +180 Live Chat Message Received after 180s false 17 3 Live Chat Message Received",
		"09:05 +120 Live Chat Message Sent false 17 5 Live Chat Message Sent",
		"09:06 +60 Live Chat Message Sent false 17 6 Live Chat Message Sent",
		"09:09 +180 Live Chat Message Received after 240s true 17 9 Live Chat Message Received",
		"09:12 +180 Live Chat Conversation Ended false 17 12 Live Chat Conversation Ended",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
	err = a.View(t.Context(), func(r *Reader) error {
		ids, err := r.Find("default", "shop", "17")
		if !slices.Equal(ids, []int64{c.ID}) {
			t.Errorf("by the tool's own id: got %v, want %d", ids, c.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Conversation(t.Context(), 99); !errors.Is(err, ErrNone) {
		t.Errorf("got %v of a conversation that is not there, want ErrNone", err)
	}
}

// Any order gives the same rows.
func TestOrderChangesNothing(t *testing.T) {
	dump := func(a *Archive) string {
		var b strings.Builder
		for _, table := range []string{"conversations", "parts", "events", "cells"} {
			err := sqlitex.Execute(a.conn, "SELECT * FROM "+table, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
				for i := range s.ColumnCount() {
					if name := s.ColumnName(i); name == "first" || name == "last" || name == "agent" || strings.HasSuffix(name, "_agent") || strings.HasSuffix(name, "_closer") || table == "cells" && name == "id" {
						continue // the numbers of agents are given as they come
					}
					fmt.Fprintf(&b, "%q ", blob(s, i))
				}
				b.WriteString("\n")
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
		}
		lines := strings.Split(b.String(), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n")
	}
	restarted := append(talk("17"), say("17", 20, livechat.Started, "8"), say("17", 25, livechat.Received, "7"))
	first := openTest(t, Options{})
	take(t, first, restarted...)
	want := dump(first)
	rapid.Check(t, func(rt *rapid.T) {
		a := openTest(t, Options{})
		defer a.Close()
		for _, e := range rapid.Permutation(restarted).Draw(rt, "order") {
			take(t, a, e)
		}
		if got := dump(a); got != want {
			rt.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// Pages follow one another without a gap, and hold what is asked for.
func TestPages(t *testing.T) {
	a := openTest(t, Options{})
	var events []journal.Event
	for i := range 60 {
		id := fmt.Sprint(100 + i)
		at := i / 3 // some begin at the same time
		events = append(events, say(id, at, livechat.Started, ""))
		if i%4 != 0 {
			events = append(events, say(id, at+1, livechat.Received, fmt.Sprint(7+i%3)))
		}
		if i%5 == 0 {
			events = append(events, say(id, at+70-i, livechat.Ended, ""))
		}
	}
	take(t, a, events...)
	open := func(c Conversation) bool { return c.State == "open" }
	var agent int64
	if err := a.View(t.Context(), func(r *Reader) error {
		list, err := r.Agents("default")
		agent = list[0].Key
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		q    Query
		want int
		less func(a, b Conversation) bool // a may not come before b
		all  func(Conversation) bool
	}{
		{"newest", Query{}, 60, func(a, b Conversation) bool { return a.Opened.Before(b.Opened) }, nil},
		{"recent", Query{Sort: Recent}, 60, func(a, b Conversation) bool { return a.Active.Before(b.Active) }, nil},
		{"open", Query{Only: OnlyOpen}, 48, nil, open},
		{"ended", Query{Only: OnlyEnded, Channels: []string{"chat"}}, 12, nil, func(c Conversation) bool { return !open(c) }},
		{"unanswered", Query{Only: OnlyUnanswered}, 12, func(a, b Conversation) bool { return a.Waiting.After(b.Waiting) }, func(c Conversation) bool { return !c.Waiting.IsZero() }},
		{"of an agent", Query{Agent: agent}, 15, nil, func(c Conversation) bool { return c.LastAgent.Key == agent }},
		{"of an agent, ended", Query{Agent: agent, Only: OnlyEnded}, 3, nil, nil},
		{"of a customer", Query{User: "anonymous-117"}, 1, nil, func(c Conversation) bool { return c.Conversation == "117" }},
		{"of a tool's id", Query{Conversation: "117"}, 1, nil, func(c Conversation) bool { return c.Conversation == "117" }},
		{"with a text", Query{Text: "OF 13"}, 10, nil, func(c Conversation) bool { return strings.HasPrefix(c.Conversation, "13") }},
		{"between", Query{Since: morning.Add(5 * time.Minute), Until: morning.Add(7 * time.Minute)}, 6, nil, nil},
		{"of no source", Query{Sources: []string{"other"}}, 0, nil, nil},
		{"of no workspace", Query{Workspace: "other"}, 0, nil, nil},
	} {
		if test.q.Workspace == "" {
			test.q.Workspace = "default"
		}
		test.q.Limit = 7
		seen := map[int64]bool{}
		var last *Conversation
		for {
			page, err := a.Conversations(t.Context(), test.q)
			if err != nil {
				t.Fatalf("%s: %v", test.name, err)
			}
			for _, c := range page.Conversations {
				if seen[c.ID] || test.all != nil && !test.all(c) || last != nil && test.less != nil && test.less(*last, c) {
					t.Errorf("%s: got %+v after %+v", test.name, c, last)
				}
				seen[c.ID], last = true, &c
			}
			if test.q.After = page.Next; page.Next == "" {
				break
			}
		}
		if len(seen) != test.want {
			t.Errorf("%s: got %d, want %d", test.name, len(seen), test.want)
		}
	}
	for _, q := range []Query{{Sort: "best"}, {Only: "good"}, {After: "here"}} {
		if _, err := a.Conversations(t.Context(), q); !errors.Is(err, ErrQuery) {
			t.Errorf("%+v: got %v, want ErrQuery", q, err)
		}
	}
}

// What the file has in Segment's layout is what the events say.
func TestSegmentLayout(t *testing.T) {
	a := openTest(t, Options{})
	e := livechat.Event{UserID: "u1", Kind: livechat.Sent, MessageID: "1f0c1b5e-7f1e-5a53-9a2e-6a1f5f3f0d11", Timestamp: morning.Add(45_123 * time.Millisecond),
		Properties: livechat.Properties{ConversationID: "c", MessageID: "m", MessageBody: "hello", AgentID: "7", ConversationDuration: 45}}
	take(t, a, written(e), journal.Event{Source: "shop", Name: "identify", MessageID: "i1",
		JSON: []byte(`{"userId":"u1","type":"identify","traits":{"email":"mia@example.com","name":"Mia"},"messageId":"i1","timestamp":"2026-03-02T09:00:00.000Z"}`)})
	var got []string
	for _, query := range []string{
		"SELECT id || ' ' || timestamp || ' ' || user_id || ' ' || event_text || ' ' || agent_id || ' ' || conversation_duration || ' ' || message_body FROM live_chat_message_sent",
		"SELECT id || ' ' || event || ' ' || workspace FROM tracks", "SELECT id || ' ' || email || ' ' || name FROM users", "SELECT count(*) FROM live_chat_conversation_ended",
	} {
		if err := a.read(t.Context(), query, func(s *sqlite.Stmt) error { got = append(got, s.ColumnText(0)); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"1f0c1b5e-7f1e-5a53-9a2e-6a1f5f3f0d11 2026-03-02T09:00:45.123Z u1 Live Chat Message Sent 7 45 hello",
		"1f0c1b5e-7f1e-5a53-9a2e-6a1f5f3f0d11 live_chat_message_sent default", "u1 mia@example.com Mia", "0"}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
	page, err := a.Conversations(t.Context(), Query{Workspace: "default", User: "mia@example.com"})
	if err != nil || len(page.Conversations) != 1 || page.Conversations[0].Name != "Mia" {
		t.Errorf("by e-mail address: got %+v, %v", page, err)
	}
}

// What is no Live Chat event, or cannot be read, is passed over.
func TestPassedOver(t *testing.T) {
	a := openTest(t, Options{})
	take(t, a,
		journal.Event{Source: "shop", Name: "page", MessageID: "1", JSON: []byte(`{}`)},
		journal.Event{Source: "shop", Name: string(livechat.Sent), MessageID: "2", JSON: []byte(`{"properties":{"conversation_id":7}}`)},
		journal.Event{Source: "shop", Name: string(livechat.Sent), MessageID: "3", JSON: []byte(`{"properties":{"conversation_id":"7"},"timestamp":"9999-01-01T00:00:00Z"}`)},
		journal.Event{Source: "shop", Name: string(livechat.Sent), MessageID: "4", JSON: []byte(`{"properties":{"conversation_id":""},"timestamp":"2026-01-01T00:00:00Z"}`)},
		journal.Event{Source: "shop", Name: string(livechat.Sent), MessageID: "5", JSON: []byte(`no JSON`)})
	page, err := a.Conversations(t.Context(), Query{Workspace: "default"})
	if err != nil || len(page.Conversations) != 0 {
		t.Errorf("got %+v, %v", page, err)
	}
}

// Threads in which nothing happened for long go; what they counted for stays.
func TestSweep(t *testing.T) {
	a := openTest(t, Options{Keep: 24 * time.Hour, now: func() time.Time { return morning.Add(48 * time.Hour) }})
	take(t, a, append(talk("old"), say("still open", 1, livechat.Started, ""))...)
	take(t, a, say("restarted", 0, livechat.Started, ""), say("restarted", 40*60, livechat.Started, ""))
	if err := a.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := a.Conversations(t.Context(), Query{Workspace: "default"})
	if err != nil || len(page.Conversations) != 2 || page.Conversations[0].Conversation != "restarted" {
		t.Errorf("got %+v, want the two of the thread that goes on (%v)", page.Conversations, err)
	}
	started, open := int64(0), int64(0)
	err = a.View(t.Context(), func(r *Reader) error {
		day := morning.UnixMilli() / day
		return errors.Join(r.Days(0, 1, day, day+2, func(_ int64, m Metric, list []Number) {
			for _, n := range list {
				if m == Started {
					started += n.N
				}
			}
		}), r.Now([]int64{1}, func(m Metric, n int64) {
			if m == OpenNow {
				open += n
			}
		}))
	})
	if err != nil || started != 4 || open != 1 {
		t.Errorf("got %d started and %d open, want 4 and 1 (%v)", started, open, err)
	}
}

// A file of another version is not touched.
func TestFormat(t *testing.T) {
	dir := t.TempDir()
	a, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sqlitex.ExecuteTransient(a.conn, "PRAGMA user_version = 99", nil), a.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrFormat) {
		t.Errorf("got %v, want ErrFormat", err)
	}
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("got %v left after Remove, want nothing (%v)", left, err)
	}
	if _, err := Open(filepath.Join(dir, "none"), Options{}); err == nil {
		t.Error("got no error from a directory that is not there")
	}
}

// The archive follows a real journal, stops and goes on, and has each event
// once.
func TestFollow(t *testing.T) {
	dir := t.TempDir()
	j, err := journalsqlite.Open(dir, journalsqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	commit := func(events []journal.Event) {
		t.Helper()
		err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: "shop"}, []journal.Applied{{Conversation: journal.Conversation{Workspace: "default", Source: "shop"}, Events: events}}, 1)
		if err != nil {
			t.Fatal(err)
		}
	}
	follow := func(want int) {
		t.Helper()
		a, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer a.Close()
		f := a.Follow(j)
		f.Add("default")
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); f.Run(ctx) }()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
			lag, err := a.Lag(t.Context(), j, "default")
			if err != nil {
				t.Fatal(err)
			}
			if lag == 0 {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("got a lag of %d after a minute, want 0", lag)
			}
		}
		stop()
		<-done
		page, err := a.Conversations(t.Context(), Query{Workspace: "default", Limit: 100})
		if err != nil || len(page.Conversations) != want {
			t.Errorf("got %d conversations, want %d (%v)", len(page.Conversations), want, err)
		}
	}
	commit(talk("1"))
	follow(1)
	commit(append(talk("2"), talk("1")...))
	follow(2)
	if err := Remove(dir); err != nil {
		t.Fatal(err)
	}
	follow(2)
}
