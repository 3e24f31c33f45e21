package journaltest

import (
	"bytes"
	"testing"

	"github.com/parlance-chat/parlance/internal/journal"
)

func (f *fixture) cursor(workspace, destination string) journal.Seq {
	f.t.Helper()
	at, err := f.Cursor(f.t.Context(), workspace, destination)
	f.must(err)
	return at
}

func (f *fixture) lag(workspace, destination string) int64 {
	f.t.Helper()
	lag, err := f.Lag(f.t.Context(), workspace, destination)
	f.must(err)
	if lag.Oldest.IsZero() != (lag.Events == 0) {
		f.t.Errorf("%d events, the oldest of %v", lag.Events, lag.Oldest)
	}
	return lag.Events
}

func testCursors(t *testing.T, open Open) {
	f := start(t, open)
	f.apply(chat, 1, "a")
	end := f.events("default", 0, 1)[0].Seq
	if at := f.cursor("default", "segment"); at != end {
		t.Errorf("a new cursor: got %d, want the end, %d", at, end)
	}
	if at := f.cursor("acme", "segment"); at != 0 {
		t.Errorf("a new cursor of an empty log: got %d, want 0", at)
	}
	f.apply(chat, 2, "b", "c")
	list := f.events("default", end, 10)
	f.equal("after the cursor", messageIDs(list), []string{"b", "c"})
	for want := int64(2); want > 0; want-- {
		f.both(func() {
			if got := f.lag("default", "segment"); got != want {
				t.Errorf("lag: got %d, want %d", got, want)
			}
		})
		f.must(f.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: "segment", At: list[2-want].Seq}))
	}
	f.both(func() {
		if at, lag := f.cursor("default", "segment"), f.lag("default", "segment"); at != list[1].Seq || lag != 0 {
			t.Errorf("at the end: got %d with lag %d, want %d with 0", at, lag, list[1].Seq)
		}
	})
	f.must(f.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: "segment", At: 0}))
	if got := f.lag("default", "segment"); got != 3 {
		t.Errorf("moved back: got lag %d, want 3", got)
	}
	names, err := f.Destinations(t.Context(), "default")
	f.must(err)
	f.equal("destinations", names, []string{"segment"})
}

// park parks events for a destination, each with its messageId as the reason.
func (f *fixture) park(destination string, events ...journal.Event) {
	f.t.Helper()
	for _, e := range events {
		f.must(f.Move(f.t.Context(), journal.Cursor{Workspace: e.Workspace, Destination: destination, At: e.Seq},
			journal.Parked{Workspace: e.Workspace, Destination: destination, Reason: "it is " + e.MessageID, Request: "POST somewhere", Status: 400, Response: "no", Event: e}))
	}
}

// parked returns the messageIds of what q names.
func (f *fixture) parked(q journal.ParkedQuery, limit int) (ids []string) {
	f.t.Helper()
	list, err := f.Parked(f.t.Context(), q, limit)
	f.must(err)
	for _, p := range list {
		ids = append(ids, p.Event.MessageID)
	}
	return ids
}

func testParked(t *testing.T, open Open) {
	f := start(t, open)
	f.apply(chat, 1, "a", "b")
	list := f.events("default", 0, 10)
	f.park("segment", list...)
	var got []journal.Parked
	f.both(func() {
		for destination, want := range map[string][]string{"": {"b", "a"}, "segment": {"b", "a"}, "other": nil} {
			f.equal("of "+destination, f.parked(journal.ParkedQuery{Workspace: "default", Destination: destination}, 10), want)
		}
		f.equal("another workspace", f.parked(journal.ParkedQuery{Workspace: "acme"}, 10), nil)
		got, _ = f.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 1)
		p, want := got[0], list[1]
		if p.Destination != "segment" || p.Reason != "it is b" || p.Request != "POST somewhere" || p.Status != 400 || p.Response != "no" || p.At.IsZero() ||
			p.Event.MessageID != "b" || p.Event.Seq != want.Seq || !bytes.Equal(p.Event.JSON, want.JSON) || p.Event.Workspace != "default" || p.Event.Skew != want.Skew {
			t.Errorf("got %+v, want the newest: %+v", p, want)
		}
	})
	f.must(f.Unpark(t.Context(), "acme", got[0].ID))
	f.must(f.Unpark(t.Context(), "default", got[0].ID))
	f.equal("after one was unparked", f.parked(journal.ParkedQuery{Workspace: "default"}, 10), []string{"a"})
}

// A move that happened although it failed is tried again; a replay may be
// refused as the first delivery was.
func testParkedOnce(t *testing.T, open Open) {
	f := start(t, open)
	f.apply(chat, 1, "a", "b")
	a := f.events("default", 0, 1)[0]
	f.park("segment", a)
	first, err := f.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 10)
	f.must(err)
	f.must(f.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: "segment", At: a.Seq},
		journal.Parked{Workspace: "default", Destination: "segment", Reason: "anew", Request: "PUT", Status: 422, Response: "never", Event: a}))
	f.park("log", a)
	f.both(func() {
		again, err := f.Parked(t.Context(), journal.ParkedQuery{Workspace: "default", Destination: "segment"}, 10)
		f.must(err)
		if len(again) != 1 || again[0].ID != first[0].ID || again[0].At.Before(first[0].At) || again[0].Reason != "anew" || again[0].Request != "PUT" || again[0].Status != 422 || again[0].Response != "never" {
			t.Errorf("parked again: got %+v, want one with what was said last", again)
		}
		f.equal("of both destinations", f.parked(journal.ParkedQuery{Workspace: "default"}, 10), []string{"a", "a"})
	})
}

// Whatever names parked calls names them in either order, in pages.
func testParkedQuery(t *testing.T, open Open) {
	f := start(t, open)
	sales := journal.Conversation{Workspace: "default", Source: "sales", ID: "9"}
	var applied []journal.Applied
	for _, e := range []journal.Event{
		{Source: "support", Conversation: "17", Name: "Live Chat Message Sent", MessageID: "a", JSON: []byte(`{"userId":"u1"}`)},
		{Source: "sales", Conversation: "17", Name: "Live Chat Message Received", MessageID: "b", JSON: []byte(`{"anonymousId":"n1"}`)},
		{Source: "sales", Conversation: "9", Name: "Live Chat Message Sent", MessageID: "c", JSON: []byte(`{"userId":"u1","anonymousId":"n2"}`)},
		{Source: "support", Conversation: "9", Name: "identify", MessageID: "d", JSON: []byte(`{"userId":"u2"}`)},
	} {
		applied = append(applied, journal.Applied{Conversation: sales, Events: []journal.Event{e}})
	}
	f.must(f.Commit(t.Context(), support, applied, 1))
	list := f.events("default", 0, 10)
	f.park("segment", list[:3]...)
	f.park("log", list[3])
	all, err := f.Parked(t.Context(), journal.ParkedQuery{Workspace: "default"}, 10)
	f.must(err)
	for _, test := range []struct {
		name string
		q    journal.ParkedQuery
		want []string
	}{
		{"all", journal.ParkedQuery{}, []string{"d", "c", "b", "a"}},
		{"the oldest first", journal.ParkedQuery{OldestFirst: true}, []string{"a", "b", "c", "d"}},
		{"a destination", journal.ParkedQuery{Destination: "segment"}, []string{"c", "b", "a"}},
		{"a source", journal.ParkedQuery{Filter: journal.Filter{Source: "sales"}}, []string{"c", "b"}},
		{"a conversation", journal.ParkedQuery{Filter: journal.Filter{Conversation: "17"}}, []string{"b", "a"}},
		{"a conversation of a source", journal.ParkedQuery{Filter: journal.Filter{Conversation: "9", Source: "sales"}}, []string{"c"}},
		{"a name", journal.ParkedQuery{Filter: journal.Filter{Name: "Live Chat Message Sent"}}, []string{"c", "a"}},
		{"a userId", journal.ParkedQuery{Filter: journal.Filter{User: "u1"}}, []string{"c", "a"}},
		{"an anonymousId", journal.ParkedQuery{Filter: journal.Filter{User: "n1"}}, []string{"b"}},
		{"a part of the reason", journal.ParkedQuery{Reason: "is b"}, []string{"b"}},
		{"IDs", journal.ParkedQuery{IDs: []int64{all[0].ID, all[2].ID, 4711}}, []string{"d", "b"}},
		{"since", journal.ParkedQuery{Since: all[3].At}, []string{"d", "c", "b", "a"}},
		{"since later", journal.ParkedQuery{Since: all[0].At.Add(1e9)}, nil},
		{"until", journal.ParkedQuery{Until: all[3].At}, nil},
		{"until later", journal.ParkedQuery{Until: all[0].At.Add(1e9)}, []string{"d", "c", "b", "a"}},
		{"what comes after a page", journal.ParkedQuery{Past: all[1].ID}, []string{"b", "a"}},
		{"the same from the other end", journal.ParkedQuery{Past: all[2].ID, OldestFirst: true}, []string{"c", "d"}},
	} {
		test.q.Workspace = "default"
		f.equal(test.name, f.parked(test.q, 10), test.want)
		if n, err := f.CountParked(t.Context(), test.q); n != int64(len(test.want)) || err != nil {
			t.Errorf("%s: counted %d (%v), want %d", test.name, n, err, len(test.want))
		}
		f.equal(test.name+", one", f.parked(test.q, 1), test.want[:min(1, len(test.want))])
	}
}
