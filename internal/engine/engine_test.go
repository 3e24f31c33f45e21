package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/livechat"
)

const settle = 2 * time.Second

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func origin(workspace, source string) Source {
	return Source{Origin: conversation.Origin{Workspace: workspace, Source: source, Tool: "chatwoot"},
		Agents: map[string]conversation.Agent{"configured": {ID: "configured", Name: "Carla Rossi", Username: "carla"}}}
}

func openJournal(t testing.TB, dir string) journal.Journal {
	j, err := sqlite.Open(dir, sqlite.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// start runs an engine until stop is called, which waits for its end.
func start(j journal.Workbench) (stop func()) { return startBy(j, conversation.Rules{}) }

// startBy runs an engine by some rules.
func startBy(j journal.Workbench, r conversation.Rules) (stop func()) {
	source := func(workspace, name string) Source {
		s := origin(workspace, name)
		s.Rules = r
		return s
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := Run(ctx, Options{Journal: j, Settle: settle, Source: source, Log: slog.New(slog.DiscardHandler), Metrics: NewMetrics(prometheus.NewRegistry())})
		if err != nil {
			panic(err)
		}
	}()
	return func() { cancel(); <-done }
}

func message(n int, by conversation.Author, second int) conversation.Activity {
	return conversation.Activity{ID: fmt.Sprintf("message:%d", n), Type: conversation.Message, Conversation: "17", By: by,
		Time: morning.Add(time.Duration(second) * time.Second), Message: conversation.Text{ID: fmt.Sprint(n), Body: "hello"}}
}

func closing(second int) conversation.Activity {
	return conversation.Activity{ID: fmt.Sprintf("closed:%d", second), Type: conversation.Closed, Conversation: "17",
		Time: morning.Add(time.Duration(second) * time.Second)}
}

func receive(t testing.TB, j journal.Inbox, activities ...conversation.Activity) {
	if err := j.Append(t.Context(), &journal.Webhook{Workspace: "default", Source: "support", Activities: activities}); err != nil {
		t.Fatal(err)
	}
}

// told returns the events that there are by now.
func told(t testing.TB, j journal.Outbox) []journal.Event {
	now, cancel := context.WithCancel(context.Background())
	cancel()
	var all []journal.Event
	var after journal.Seq
	for {
		events, err := j.Events(now, "default", after, 1000)
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return all
		}
		all = append(all, events...)
		after = events[len(events)-1].Seq
	}
}

// lines returns the calls, one a line.
func lines(events []journal.Event) string {
	var b strings.Builder
	for _, e := range events {
		b.Write(e.JSON)
		b.WriteByte('\n')
	}
	return b.String()
}

func names(events []journal.Event) []string {
	short := map[livechat.Kind]string{livechat.Started: "Started", livechat.Sent: "Sent", livechat.Received: "Received", livechat.Ended: "Ended"}
	var out []string
	for _, e := range events {
		var call livechat.Event
		if err := json.Unmarshal(e.JSON, &call); err != nil || short[call.Kind] == "" {
			out = append(out, e.Name)
			continue
		}
		out = append(out, fmt.Sprintf("%s %s %ds", short[call.Kind], call.Properties.MessageID, call.Properties.ConversationDuration))
	}
	return out
}

func TestHeldUntilSettled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer start(j)()
		receive(t, j, message(2, conversation.HumanAgent, 45))
		time.Sleep(settle / 2)
		receive(t, j, message(1, conversation.Customer, 0))
		synctest.Wait()
		if got := told(t, j); len(got) != 0 {
			t.Errorf("before the settle time: got %v, want nothing", names(got))
		}
		time.Sleep(settle / 2)
		synctest.Wait()
		want := []string{"Started 1 0s", "Sent 1 0s", "Received 2 45s"}
		if got := names(told(t, j)); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

func TestLateActivityStillTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer start(j)()
		receive(t, j, message(1, conversation.Customer, 0))
		receive(t, j, message(3, conversation.HumanAgent, 90))
		time.Sleep(time.Hour)
		receive(t, j, message(2, conversation.HumanAgent, 45))
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []string{"Started 1 0s", "Sent 1 0s", "Received 3 90s", "Received 2 90s"}
		if got := names(told(t, j)); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A repetition is known for as long as webhooks are kept. Beyond that it makes
// the same calls again, which the receiver knows by their messageId.
func TestRepetition(t *testing.T) {
	const day = 24 * time.Hour
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		stop := start(j)
		tell := func() []journal.Event {
			receive(t, j, message(1, conversation.Customer, 0), message(2, conversation.HumanAgent, 45), closing(60))
			time.Sleep(time.Minute)
			synctest.Wait()
			return told(t, j)
		}
		first := tell()
		if got, want := names(first), []string{"Started 1 0s", "Sent 1 0s", "Received 2 45s", "Ended 2 60s"}; !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
		time.Sleep(7*day - time.Hour)
		if got := tell(); len(got) != len(first) {
			t.Errorf("after nearly 7 days: got %v more, want nothing", names(got[len(first):]))
		}
		time.Sleep(3 * day)
		stop()
		if err := j.Close(); err != nil { // what is in memory may be known longer
			t.Fatal(err)
		}
		j = openJournal(t, dir)
		defer j.Close()
		defer start(j)()
		again := tell()[len(first):]
		if got, want := names(again), []string{"Sent 1 60s", "Received 2 60s"}; !slices.Equal(got, want) {
			t.Fatalf("after 10 days: got %v, want %v", got, want)
		}
		for i, e := range again {
			if want := first[i+1].MessageID; e.MessageID != want {
				t.Errorf("%s: got messageId %s, want %s", e.Name, e.MessageID, want)
			}
		}
	})
}

// Calls of a tracking source wait for nobody, and each is passed on once.
func TestCallsPassThrough(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer start(j)()
		call := func(id string) journal.Event {
			return journal.Event{Workspace: "default", Source: "website", Conversation: "u1", Name: "track", MessageID: id, JSON: []byte(`{"messageId":"` + id + `"}`)}
		}
		for _, calls := range [][]journal.Event{{call("a"), call("b")}, {call("a")}, {call("c"), call("c")}} {
			if err := j.Append(t.Context(), &journal.Webhook{Workspace: "default", Source: "website", Calls: calls}); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		want := "{\"messageId\":\"a\"}\n{\"messageId\":\"b\"}\n{\"messageId\":\"c\"}\n"
		if got := lines(told(t, j)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// A message too long for receivers is cut, and still valid.
func TestLongMessageIsCut(t *testing.T) {
	for _, body := range []string{strings.Repeat("word ", 20_000), strings.Repeat("“", 40_000), strings.Repeat("\x01", 40_000), strings.Repeat("<", 31_000)} {
		e := livechat.Event{UserID: "u1", Kind: livechat.Sent, MessageID: "m", Timestamp: morning,
			Properties: livechat.Properties{ConversationID: "17", MessageID: "1", MessageBody: body}}
		b, err := fit(&e)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(b) + stampBytes; n >= livechat.MaxEventBytes || n < livechat.MaxEventBytes-20 {
			t.Errorf("%q…: got %d bytes, want just under %d", body[:3], n, livechat.MaxEventBytes)
		}
		var back livechat.Event
		if err := json.Unmarshal(b, &back); err != nil || !strings.HasPrefix(body, back.Properties.MessageBody) {
			t.Errorf("%q…: not a prefix (%v)", body[:3], err)
		}
	}
}

// Promise 2: any order and any repetition within the settle time gives the
// same events, byte for byte, also when the engine is stopped at any moment.
func TestArrivalAndRestartsChangeNothing(t *testing.T) {
	history := []conversation.Activity{
		message(1, conversation.Customer, 0), message(2, conversation.HumanAgent, 45), message(3, conversation.Bot, 45),
		message(4, conversation.Customer, 98), closing(203), message(5, conversation.Customer, 300), closing(400),
	}
	want := run(t, slices.Values(history), nil)
	if n := strings.Count(want, "\n"); n != 8 {
		t.Fatalf("got %d events, want 8:\n%s", n, want)
	}
	rapid.Check(t, func(rt *rapid.T) {
		again := rapid.SliceOfN(rapid.SampledFrom(history), 0, 5).Draw(rt, "repeated")
		arrived := rapid.Permutation(append(again, history...)).Draw(rt, "arrived")
		stops := rapid.SliceOfN(rapid.IntRange(0, 5000), 0, 4).Draw(rt, "stops")
		if got := run(t, slices.Values(arrived), stops); got != want {
			rt.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// run returns what an engine tells that receives webhooks within the settle
// time, and is stopped and started again at some milliseconds.
func run(t *testing.T, arrived func(func(conversation.Activity) bool), stops []int) (got string) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		stop := start(j)
		began := time.Now()
		step := 0
		for a := range arrived {
			receive(t, j, a)
			if step++; step%3 == 0 {
				time.Sleep(100 * time.Millisecond)
			}
		}
		slices.Sort(stops)
		for _, ms := range stops {
			time.Sleep(time.Until(began.Add(time.Duration(ms) * time.Millisecond)))
			stop()
			if err := j.Close(); err != nil {
				t.Fatal(err)
			}
			j = openJournal(t, dir)
			stop = start(j)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		got = lines(told(t, j))
		stop()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return got
}
