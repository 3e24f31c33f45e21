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

func testParked(t *testing.T, open Open) {
	f := start(t, open)
	f.apply(chat, 1, "a", "b")
	list := f.events("default", 0, 10)
	for _, e := range list {
		f.must(f.Move(t.Context(), journal.Cursor{Workspace: "default", Destination: "segment", At: e.Seq},
			journal.Parked{Workspace: "default", Destination: "segment", Reason: "400", Event: e}))
	}
	var got []journal.Parked
	f.both(func() {
		for destination, want := range map[string]int{"": 2, "segment": 2, "other": 0} {
			var err error
			got, err = f.Parked(t.Context(), "default", destination, 10)
			f.must(err)
			if len(got) != want {
				t.Errorf("%q: got %d parked, want %d", destination, len(got), want)
			}
		}
		if p, err := f.Parked(t.Context(), "acme", "", 10); len(p) != 0 || err != nil {
			t.Errorf("another workspace: got %d parked (%v)", len(p), err)
		}
		got, _ = f.Parked(t.Context(), "default", "", 1)
		p, want := got[0], list[1]
		if p.Destination != "segment" || p.Reason != "400" || p.At.IsZero() || p.Event.MessageID != "b" || p.Event.Seq != want.Seq ||
			!bytes.Equal(p.Event.JSON, want.JSON) || p.Event.Workspace != "default" || p.Event.Skew != want.Skew {
			t.Errorf("got %+v, want the newest: %+v", p, want)
		}
	})
	f.must(f.Unpark(t.Context(), "acme", got[0].ID))
	f.must(f.Unpark(t.Context(), "default", got[0].ID))
	left, err := f.Parked(t.Context(), "default", "", 10)
	if len(left) != 1 || left[0].Event.MessageID != "a" || err != nil {
		t.Errorf("got %d parked (%v), want the older one", len(left), err)
	}
}
