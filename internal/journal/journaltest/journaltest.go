// Package journaltest holds what every journal must pass.
package journaltest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
)

// Open opens the journal in dir, which may hold one already.
type Open func(t testing.TB, dir string) journal.Journal

// Test checks a journal against its interface.
func Test(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		f    func(*testing.T, Open)
	}{
		{"Append", testAppend}, {"Sources", testSources}, {"AppendConcurrently", testAppendConcurrently}, {"WaitForWebhooks", testWaitForWebhooks},
		{"Commit", testCommit}, {"LongConversation", testLongConversation}, {"Wakes", testWakes}, {"Workspaces", testWorkspaces}, {"Cursors", testCursors},
		{"Parked", testParked}, {"ParkedOnce", testParkedOnce}, {"ParkedQuery", testParkedQuery}, {"Replays", testReplays}, {"ManyReplays", testManyReplays}, {"Holds", testHolds}, {"Index", testIndex}, {"Intake", testIntake},
		{"Webhook", testWebhook},
		{"Unreadable", testUnreadable}, {"Pending", testPending}, {"Times", testTimes}, {"WaitForEvents", testWaitForEvents},
		{"CloseWakesWhoWaits", testClose}, {"Model", testModel},
	} {
		t.Run(test.name, func(t *testing.T) { test.f(t, open) })
	}
}

func testAppend(t *testing.T, open Open) {
	f := start(t, open)
	a, b, c := webhook("default", "a"), webhook("default", "b"), webhook("default", "c")
	f.must(f.Append(t.Context(), a, b))
	f.must(f.Append(t.Context(), c))
	if !(0 < a.Seq && a.Seq < b.Seq && b.Seq < c.Seq) || a.ReceivedAt.IsZero() || c.ReceivedAt.Before(a.ReceivedAt) {
		t.Errorf("got positions %d, %d, %d at %v and %v", a.Seq, b.Seq, c.Seq, a.ReceivedAt, c.ReceivedAt)
	}
	f.both(func() {
		list := f.webhooks(support, 0, 10)
		f.equal("all", ids(list), []string{"a", "b", "c"})
		f.equal("after the first", ids(f.webhooks(support, a.Seq, 10)), []string{"b", "c"})
		f.equal("one", ids(f.webhooks(support, a.Seq, 1)), []string{"b"})
		f.equal("after the last", ids(f.webhooks(support, c.Seq, 10)), nil)
		got := list[1]
		if got.Seq != b.Seq || !got.ReceivedAt.Equal(b.ReceivedAt) || got.Workspace != "default" || got.Source != "support" || got.Body != nil ||
			got.Activities[0] != b.Activities[0] {
			t.Errorf("got %+v, want %+v without body", got, b)
		}
	})
	d := webhook("default", "d")
	f.must(f.Append(t.Context(), d))
	if d.Seq <= c.Seq {
		t.Errorf("after opening again: got position %d, want one after %d", d.Seq, c.Seq)
	}
}

// The webhooks of each source are a log of their own.
func testSources(t *testing.T, open Open) {
	f := start(t, open)
	if _, err := f.Sources(done(), 0); err == nil {
		t.Error("sources of an empty journal: got no error, want to wait")
	}
	first := waiting(f, func(ctx context.Context) ([]journal.Source, error) { return f.Sources(ctx, 0) })
	sales, acme := journal.Source{Workspace: "default", Name: "sales"}, journal.Source{Workspace: "acme", Name: "support"}
	b := webhook("default", "b")
	b.Source = "sales"
	f.must(f.Append(t.Context(), webhook("default", "a"), b, webhook("acme", "c"), webhook("default", "d")))
	list, err := first()
	f.must(err)
	want := []journal.Source{support, sales, acme}
	if !slices.Equal(list, want) {
		t.Errorf("got %v, want %v", list, want)
	}
	last := f.webhooks(support, 0, 10)[1].Seq
	f.must(f.Commit(t.Context(), support, nil, last))
	f.both(func() {
		f.equal("support", ids(f.webhooks(support, 0, 10)), []string{"a", "d"})
		f.equal("sales", ids(f.webhooks(sales, 0, 10)), []string{"b"})
		f.equal("acme", ids(f.webhooks(acme, 0, 10)), []string{"c"})
		f.equal("nobody", ids(f.webhooks(journal.Source{Workspace: "acme", Name: "sales"}, 0, 10)), nil)
		if list, err := f.Sources(t.Context(), 2); !slices.Equal(list, want) || err != nil {
			t.Errorf("got %v (%v), want %v", list, err, want)
		}
		for s, want := range map[journal.Source]journal.Seq{support: last, sales: 0, acme: 0} {
			if at, err := f.Position(t.Context(), s); at != want || err != nil {
				t.Errorf("position of %v: got %d (%v), want %d", s, at, err, want)
			}
		}
	})
}

func testAppendConcurrently(t *testing.T, open Open) {
	f := start(t, open)
	var wg sync.WaitGroup
	const writers, each = 16, 50
	for w := range writers {
		wg.Go(func() {
			var last journal.Seq
			for n := range each {
				h := webhook("default", fmt.Sprintf("%d-%d", w, n))
				if err := f.Append(t.Context(), h); err != nil || h.Seq <= last {
					t.Errorf("got position %d after %d (%v)", h.Seq, last, err)
				}
				last = h.Seq
			}
		})
	}
	wg.Wait()
	f.both(func() {
		next := map[int]int{}
		list := f.webhooks(support, 0, writers*each+1)
		for _, id := range ids(list) {
			var w, n int
			if _, err := fmt.Sscanf(id, "%d-%d", &w, &n); err != nil || next[w] != n {
				t.Errorf("got %s, want number %d of writer %d", id, next[w], w)
			}
			next[w]++
		}
		if len(list) != writers*each {
			t.Errorf("got %d, want %d", len(list), writers*each)
		}
	})
}

func testWaitForWebhooks(t *testing.T, open Open) {
	f := start(t, open)
	result := waiting(f, func(ctx context.Context) ([]journal.Webhook, error) { return f.Webhooks(ctx, support, 0, 10) })
	f.must(f.Append(t.Context(), webhook("default", "a")))
	list, err := result()
	f.must(err)
	f.equal("who waits gets", ids(list), []string{"a"})
}

var chat = journal.Conversation{Workspace: "default", Source: "support", ID: "17"}

func event(workspace, id string) journal.Event {
	return journal.Event{Workspace: workspace, Source: "support", Conversation: "17", Name: "Live Chat Message Sent", MessageID: id,
		Skew: time.Second, JSON: []byte(`{"messageId":"` + id + `"}`), Webhook: 7}
}

// apply commits an activity with an event of the same name.
func (f *fixture) apply(c journal.Conversation, upTo journal.Seq, names ...string) {
	f.t.Helper()
	var applied []journal.Applied
	for _, n := range names {
		applied = append(applied, journal.Applied{Conversation: c, Activity: n, State: []byte("after " + n), Events: []journal.Event{event(c.Workspace, n)}})
	}
	f.must(f.Commit(f.t.Context(), journal.Source{Workspace: c.Workspace, Name: c.Source}, applied, upTo))
	for _, a := range applied {
		list := f.events(c.Workspace, a.Events[0].Seq-1, 1)
		if len(list) != 1 || list[0].MessageID != a.Activity {
			f.t.Errorf("%s: told to be at %d, where %v is", a.Activity, a.Events[0].Seq, messageIDs(list))
		}
	}
}

func messageIDs(list []journal.Event) (ids []string) {
	for _, e := range list {
		ids = append(ids, e.MessageID)
	}
	return ids
}

// loaded checks a conversation's state, and which of a, b, c were applied.
func (f *fixture) loaded(c journal.Conversation, state string, want ...bool) {
	f.t.Helper()
	got, applied, err := f.Load(f.t.Context(), c, []string{"a", "b", "c"})
	if err != nil || string(got) != state || !slices.Equal(applied, want) {
		f.t.Errorf("%v: got state %q and %v (%v), want %q and %v", c, got, applied, err, state, want)
	}
}

func testCommit(t *testing.T, open Open) {
	f := start(t, open)
	f.loaded(chat, "", false, false, false)
	f.apply(chat, 7, "a", "b")
	f.must(f.Commit(t.Context(), support, []journal.Applied{{Conversation: chat, Activity: "c"}}, 8))
	f.both(func() {
		f.loaded(chat, "after b", true, true, true)
		other := chat
		other.Source = "sales"
		f.loaded(other, "", false, false, false)
		list := f.events("default", 0, 10)
		f.equal("events", messageIDs(list), []string{"a", "b"})
		want := event("default", "b")
		if e := list[1]; e.Seq <= list[0].Seq || e.At.IsZero() || e.Workspace != "default" || e.Source != want.Source || e.Conversation != want.Conversation ||
			e.Name != want.Name || e.Skew != want.Skew || e.Webhook != want.Webhook || !bytes.Equal(e.JSON, want.JSON) {
			t.Errorf("got %+v, want %+v", e, want)
		}
		if at, err := f.Position(t.Context(), support); at != 8 || err != nil {
			t.Errorf("position: got %d (%v), want 8", at, err)
		}
	})
	f.must(f.Commit(t.Context(), support, nil, 9))
	if at, err := f.Position(t.Context(), support); at != 9 || err != nil {
		t.Errorf("a position alone: got %d (%v), want 9", at, err)
	}
}

// What is to be woken is told by time, each source for itself, until a state
// without a time takes its place.
func testWakes(t *testing.T, open Open) {
	f := start(t, open)
	sales := journal.Source{Workspace: "default", Name: "sales"}
	set := func(s journal.Source, c, state string, minutes int) {
		t.Helper()
		a := journal.Applied{Conversation: journal.Conversation{Workspace: s.Workspace, Source: s.Name, ID: c}, Activity: state}
		if state != "" {
			a.State = []byte(state)
		}
		if minutes > 0 {
			a.Wake = morning.Add(time.Duration(minutes) * time.Minute)
		}
		f.must(f.Commit(t.Context(), s, []journal.Applied{a}, 0))
	}
	wakes := func(s journal.Source, limit int, want ...string) {
		t.Helper()
		f.equal(fmt.Sprint("wakes of ", s), f.wakes(s, limit), want)
	}
	wakes(support, 10)
	set(support, "1", "a", 30)
	set(support, "2", "a", 20)
	set(support, "3", "a", 40)
	set(support, "4", "a", 0)
	set(sales, "1", "a", 10)
	f.both(func() {
		wakes(support, 10, "2026-03-02T09:20:00Z 2", "2026-03-02T09:30:00Z 1", "2026-03-02T09:40:00Z 3")
		wakes(support, 2, "2026-03-02T09:20:00Z 2", "2026-03-02T09:30:00Z 1")
		wakes(sales, 10, "2026-03-02T09:10:00Z 1")
		wakes(journal.Source{Workspace: "acme", Name: "support"}, 10)
	})
	set(support, "2", "b", 50)
	set(support, "1", "", 0) // leaves the state as it is, and so its time
	set(support, "3", "b", 0)
	f.both(func() { wakes(support, 10, "2026-03-02T09:30:00Z 1", "2026-03-02T09:50:00Z 2") })
}

// A conversation may be longer than whatever is kept in memory of it.
func testLongConversation(t *testing.T, open Open) {
	f := start(t, open)
	var names []string
	for n := range 1000 {
		names = append(names, fmt.Sprint(n))
		f.apply(chat, journal.Seq(n+1), names[n])
		if n%250 == 0 {
			f.both(func() { f.known(names, n+1) })
		}
	}
	f.both(func() { f.known(append(names, "another"), 1000) })
}

// known checks that the first of the names were applied, and the rest not.
func (f *fixture) known(names []string, want int) {
	f.t.Helper()
	_, applied, err := f.Load(f.t.Context(), chat, names)
	f.must(err)
	for i, ok := range applied {
		if ok != (i < want) {
			f.t.Fatalf("activity %d of %d: got %v", i, want, ok)
		}
	}
}

func testWorkspaces(t *testing.T, open Open) {
	f := start(t, open)
	other := journal.Conversation{Workspace: "acme", Source: "support", ID: "17"}
	f.apply(chat, 1, "a")
	f.apply(other, 2, "b")
	f.apply(chat, 3, "c")
	f.both(func() {
		f.equal("default", messageIDs(f.events("default", 0, 10)), []string{"a", "c"})
		f.equal("acme", messageIDs(f.events("acme", 0, 10)), []string{"b"})
		f.equal("nobody", messageIDs(f.events("nobody", 0, 10)), nil)
		f.loaded(other, "after b", false, true, false)
	})
}

func testUnreadable(t *testing.T, open Open) {
	f := start(t, open)
	for _, id := range []string{"a", "b", "c"} {
		w := webhook("default", id)
		if id != "b" {
			w.Unreadable, w.Activities = "why "+id, nil
		}
		f.must(f.Append(t.Context(), w))
	}
	f.both(func() {
		list, err := f.Unreadable(t.Context(), "default", 10)
		f.must(err)
		if len(list) != 2 || list[0].Unreadable != "why c" || string(list[1].Body) != "body of a" || list[1].Seq == 0 || list[1].ReceivedAt.IsZero() {
			t.Errorf("got %+v, want c and a with their bodies", list)
		}
		if list, err := f.Unreadable(t.Context(), "default", 1); len(list) != 1 || err != nil {
			t.Errorf("at most one: got %d (%v)", len(list), err)
		}
		if list, err := f.Unreadable(t.Context(), "acme", 10); len(list) != 0 || err != nil {
			t.Errorf("another workspace: got %d (%v)", len(list), err)
		}
	})
}

// A webhook is pending until another answers it.
func testPending(t *testing.T, open Open) {
	f := start(t, open)
	a, b, c := webhook("default", "a"), webhook("default", "b"), webhook("acme", "c")
	for _, w := range []*journal.Webhook{a, b, c} {
		w.Pending, w.Activities, w.Header = true, nil, map[string][]string{"X-Event": {"closed"}}
		f.must(f.Append(t.Context(), w))
	}
	pending := func(want ...journal.Seq) {
		t.Helper()
		list, err := f.Pending(t.Context(), support, 10)
		f.must(err)
		var got []journal.Seq
		for _, w := range list {
			got = append(got, w.Seq)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	f.both(func() {
		pending(a.Seq, b.Seq)
		list, err := f.Pending(t.Context(), support, 1)
		if err != nil || len(list) != 1 || string(list[0].Body) != "body of a" || list[0].Header["X-Event"][0] != "closed" || list[0].ReceivedAt.IsZero() {
			t.Errorf("got %+v (%v), want a whole", list, err)
		}
	})
	answer := webhook("default", "a")
	answer.Answers = a.Seq
	f.must(f.Append(t.Context(), answer))
	f.both(func() { pending(b.Seq) })
}

func testTimes(t *testing.T, open Open) {
	f := start(t, open)
	f.apply(chat, 1, "a")
	f.apply(chat, 2, "b")
	list := f.events("default", 0, 10)
	f.both(func() {
		for at, want := range map[time.Time]journal.Seq{list[0].At: 0, list[1].At.Add(time.Second): list[1].Seq, list[0].At.Add(-time.Hour): 0} {
			if got, err := f.Since(t.Context(), "default", at); got != want || err != nil {
				t.Errorf("since %v: got %d (%v), want %d", at, got, err, want)
			}
		}
		if got, err := f.End(t.Context(), "default"); got != list[1].Seq || err != nil {
			t.Errorf("end: got %d (%v), want %d", got, err, list[1].Seq)
		}
		if got, err := f.End(t.Context(), "acme"); got != 0 || err != nil {
			t.Errorf("end of nothing: got %d (%v), want 0", got, err)
		}
	})
}

func testWaitForEvents(t *testing.T, open Open) {
	f := start(t, open)
	result := waiting(f, func(ctx context.Context) ([]journal.Event, error) { return f.Events(ctx, "default", 0, 10) })
	f.apply(journal.Conversation{Workspace: "acme", Source: "support", ID: "1"}, 1, "b")
	f.apply(chat, 2, "a")
	list, err := result()
	f.must(err)
	f.equal("who waits gets", messageIDs(list), []string{"a"})
}

func testClose(t *testing.T, open Open) {
	j := open(t, t.TempDir())
	f := &fixture{Journal: j, t: t}
	webhooks := waiting(f, func(ctx context.Context) ([]journal.Webhook, error) { return j.Webhooks(ctx, support, 0, 1) })
	events := waiting(f, func(ctx context.Context) ([]journal.Event, error) { return j.Events(ctx, "default", 0, 1) })
	f.must(j.Close())
	if _, err := webhooks(); err == nil {
		t.Error("webhooks: got no error")
	}
	if _, err := events(); err == nil {
		t.Error("events: got no error")
	}
	if err := j.Append(t.Context(), webhook("default", "a")); err == nil {
		t.Error("append: got no error")
	}
}
