package journaltest

import (
	"testing"

	"github.com/parlance-chat/parlance/internal/journal"
)

func (f *fixture) replays(workspace string) []journal.Replay {
	f.t.Helper()
	list, err := f.Replays(f.t.Context(), workspace)
	f.must(err)
	return list
}

// A replay has a cursor of its own, until it ends.
func testReplays(t *testing.T, open Open) {
	f := start(t, open)
	f.apply(chat, 1, "a", "b")
	list := f.events("default", 0, 10)
	asked := journal.Replay{Workspace: "default", Destination: "segment", After: list[0].Seq, UpTo: list[1].Seq,
		Filter: journal.Filter{Source: "support", Conversation: "17", Name: "identify", User: "u"}, Events: 1}
	one, two := asked, journal.Replay{Workspace: "default", Destination: "log", UpTo: list[1].Seq, Events: 2}
	f.must(f.AddReplay(t.Context(), &one))
	f.must(f.AddReplay(t.Context(), &two))
	if one.ID <= 0 || two.ID <= one.ID || one.Started.IsZero() || one.At != one.After {
		t.Errorf("got %+v and %+v", one, two)
	}
	f.both(func() {
		if got := f.replays("default"); len(got) != 2 || got[0] != two || got[1] != one {
			t.Errorf("got %+v, want the newest first: %+v, %+v", got, two, one)
		}
		if got := f.replays("acme"); len(got) != 0 {
			t.Errorf("another workspace: got %+v", got)
		}
	})
	one.At, one.Done = list[1].Seq, 1
	f.must(f.MoveReplay(t.Context(), one, journal.Parked{Workspace: "default", Destination: "segment", Reason: "no", Event: list[1]}))
	f.both(func() {
		if got := f.replays("default"); len(got) != 2 || got[1] != one {
			t.Errorf("moved: got %+v, want %+v", got, one)
		}
		f.equal("parked on the way", f.parked(journal.ParkedQuery{Workspace: "default"}, 10), []string{"b"})
	})
	f.must(f.EndReplay(t.Context(), "acme", one.ID, true))
	if got := f.replays("default"); !got[1].Ended.IsZero() {
		t.Errorf("ended by another workspace: got %+v", got[1])
	}
	f.must(f.EndReplay(t.Context(), "default", one.ID, false))
	f.must(f.EndReplay(t.Context(), "default", two.ID, true))
	f.must(f.EndReplay(t.Context(), "default", one.ID, true)) // it has ended
	late := two
	late.At, late.Done = list[0].Seq, 1
	f.must(f.MoveReplay(t.Context(), late))
	f.both(func() {
		got := f.replays("default")
		if len(got) != 2 || got[1].Ended.IsZero() || got[1].Cancelled || got[0].Ended.IsZero() || !got[0].Cancelled || got[0].At != two.At || got[0].Done != 0 {
			t.Errorf("ended: got %+v", got)
		}
	})
}

// Those under way are never forgotten.
func testManyReplays(t *testing.T, open Open) {
	f := start(t, open)
	kept := journal.Replay{Workspace: "default", Destination: "segment"}
	f.must(f.AddReplay(t.Context(), &kept))
	for range 150 {
		r := journal.Replay{Workspace: "default", Destination: "segment"}
		f.must(f.AddReplay(t.Context(), &r))
		f.must(f.EndReplay(t.Context(), "default", r.ID, false))
	}
	list := f.replays("default")
	if len(list) > 110 || len(list) < 50 || list[len(list)-1].ID != kept.ID {
		t.Errorf("got %d replays, the oldest is %d; want about 100 and %d", len(list), list[len(list)-1].ID, kept.ID)
	}
}

func testHolds(t *testing.T, open Open) {
	f := start(t, open)
	hold := func(workspace, destination, by, reason string) {
		f.must(f.Hold(t.Context(), journal.Hold{Workspace: workspace, Destination: destination, At: morning, By: by, Reason: reason}))
	}
	hold("default", "segment", "ann", "migration")
	hold("default", "log", "ann", "")
	hold("acme", "log", "bob", "theirs")
	hold("default", "segment", "bob", "still")
	f.both(func() {
		got, err := f.Holds(t.Context(), "default")
		f.must(err)
		if len(got) != 2 || got[0].Destination != "log" || got[1].Destination != "segment" || got[1].By != "bob" || got[1].Reason != "still" || got[1].Workspace != "default" ||
			got[1].At.IsZero() || got[1].At.Equal(morning) {
			t.Errorf("got %+v", got)
		}
	})
	f.must(f.Release(t.Context(), "default", "segment"))
	f.must(f.Release(t.Context(), "default", "nobody"))
	f.both(func() {
		got, err := f.Holds(t.Context(), "default")
		f.must(err)
		if len(got) != 1 || got[0].Destination != "log" {
			t.Errorf("after one was released: got %+v", got)
		}
	})
}

// Counts are of what lies between, wherever transactions begin and end.
func testIndex(t *testing.T, open Open) {
	f := start(t, open)
	if n, err := f.Count(t.Context(), "default", 0, 1<<40); n != 0 || err != nil {
		t.Errorf("an empty log: got %d (%v)", n, err)
	}
	f.apply(chat, 1, "a", "b", "c")
	f.apply(journal.Conversation{Workspace: "acme", Source: "support", ID: "1"}, 1, "x")
	f.apply(chat, 2, "d", "e")
	list := f.events("default", 0, 10)
	f.both(func() {
		for i := range list {
			for k := i; k < len(list); k++ {
				if n, err := f.Count(t.Context(), "default", list[i].Seq, list[k].Seq); n != int64(k-i) || err != nil {
					t.Errorf("after event %d, up to %d: got %d (%v)", i, k, n, err)
				}
			}
		}
		if n, err := f.Count(t.Context(), "default", 0, 1<<40); n != 5 || err != nil {
			t.Errorf("all: got %d (%v)", n, err)
		}
		if n, err := f.Count(t.Context(), "default", list[3].Seq, list[1].Seq); n != 0 || err != nil {
			t.Errorf("from after the end: got %d (%v)", n, err)
		}
	})
}

func testIntake(t *testing.T, open Open) {
	f := start(t, open)
	broken := webhook("default", "b")
	broken.Activities, broken.Unreadable = nil, "broken"
	sales := webhook("default", "c")
	sales.Source = "sales"
	f.must(f.Append(t.Context(), webhook("default", "a"), broken))
	f.must(f.Append(t.Context(), sales))
	f.both(func() {
		for source, want := range map[string]int64{"support": 1, "sales": 0} {
			got, err := f.Intake(t.Context(), journal.Source{Workspace: "default", Name: source})
			f.must(err)
			if w := f.webhooks(journal.Source{Workspace: "default", Name: source}, 0, 10); got.Unreadable != want || !got.Last.Equal(w[len(w)-1].ReceivedAt) {
				t.Errorf("%s: got %+v, want %d unreadable", source, got, want)
			}
		}
		if got, err := f.Intake(t.Context(), journal.Source{Workspace: "acme", Name: "support"}); got != (journal.Intake{}) || err != nil {
			t.Errorf("nothing came: got %+v (%v)", got, err)
		}
	})
}

func testWebhook(t *testing.T, open Open) {
	f := start(t, open)
	a, b, other := webhook("default", "a"), webhook("default", "b"), webhook("acme", "c")
	f.must(f.Append(t.Context(), a, b))
	f.must(f.Append(t.Context(), other))
	f.both(func() {
		for _, want := range []*journal.Webhook{a, b} {
			got, ok, err := f.Webhook(t.Context(), "default", want.Seq)
			f.must(err)
			if !ok || got.Activities[0].ID != want.Activities[0].ID || string(got.Body) != string(want.Body) || got.Source != want.Source || got.ReceivedAt.IsZero() {
				t.Errorf("at %d: got %+v", want.Seq, got)
			}
		}
		for _, at := range []journal.Seq{0, other.Seq, other.Seq + 100} {
			if got, ok, err := f.Webhook(t.Context(), "default", at); ok || err != nil {
				t.Errorf("at %d, where there is none of the workspace: got %+v (%v)", at, got, err)
			}
		}
	})
}
