package alert

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/control"
)

// A scene is a receiver that hears of what a test has happen, in fake time.
type scene struct {
	sync.Mutex // held by the test but while it waits

	t      *testing.T
	hook   Hook
	path   string
	status control.Status
	broken error // of the status
	answer error // of the receiver
	heard  []string
	ids    []string
	bodies []string
	stop   func()
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, path: filepath.Join(t.TempDir(), "alerts.json"), hook: Hook{Name: "/ops", Limit: Limit{Events: 1000, Age: 15 * time.Minute}}}
	s.status.Destinations = []control.Destination{{Workspace: "default", Name: "segment", State: "ok"}}
	s.status.Sources = []control.Source{{Workspace: "default", Name: "support"}}
	s.Lock()
	return s
}

func (s *scene) start() {
	s.t.Helper()
	store, err := OpenStore(s.path)
	if err != nil {
		s.t.Fatal(err)
	}
	s.hook.Receiver = s
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run(ctx, Options{Hook: s.hook, Store: store, Log: slog.New(slog.DiscardHandler), Status: func(_ context.Context, workspace string) (control.Status, error) {
			s.Lock()
			defer s.Unlock()
			if workspace != s.hook.Workspace {
				s.t.Errorf("asked for workspace %q", workspace)
			}
			return s.status, s.broken
		}})
	}()
	s.stop = func() {
		cancel()
		s.Unlock()
		<-done
		s.Lock()
	}
	s.pass(0)
}

// pass lets time pass.
func (s *scene) pass(d time.Duration) {
	s.Unlock()
	time.Sleep(d)
	synctest.Wait()
	s.Lock()
}

func (s *scene) restart() {
	s.stop()
	s.start()
}

func (s *scene) Limits() destination.Limits { return destination.Limits{} }
func (s *scene) Close() error               { return nil }
func (s *scene) Send(_ context.Context, a destination.Attempt) error {
	s.Lock()
	defer s.Unlock()
	var got struct{ Type string }
	if err := json.Unmarshal(a.Calls[0].JSON, &got); err != nil {
		s.t.Error(err)
	}
	s.ids = append(s.ids, a.Calls[0].MessageID)
	if s.answer == nil {
		s.heard = append(s.heard, got.Type)
		s.bodies = append(s.bodies, string(a.Calls[0].JSON))
	}
	return s.answer
}

func (s *scene) segment() *control.Destination { return &s.status.Destinations[0] }

// wait lets time pass, and compares what was heard meanwhile.
func (s *scene) wait(d time.Duration, want ...string) {
	s.t.Helper()
	s.pass(d)
	if got := strings.Join(s.heard, " "); got != strings.Join(want, " ") {
		s.t.Errorf("heard %q, want %q", got, want)
	}
	s.heard = nil
}

func play(t *testing.T, f func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.start()
		f(s)
		s.stop()
	})
}

func TestPause(t *testing.T) {
	play(t, func(s *scene) {
		s.wait(time.Hour)
		s.segment().State, s.segment().Trouble = "paused", "401 Unauthorized"
		s.wait(20*time.Second, Paused)
		s.wait(time.Hour) // once
		for _, state := range []string{"trying", "paused", "backing off", "waiting", "paused"} {
			s.segment().State = state // whether it is back, nobody knows yet
			s.wait(2 * time.Minute)
		}
		s.segment().State, s.segment().Trouble = "ok", ""
		s.wait(30 * time.Second)
		s.wait(time.Minute, Resumed)
		s.wait(time.Hour)
	})
}

// What somebody paused needs nobody.
func TestHeld(t *testing.T) {
	play(t, func(s *scene) {
		s.segment().State, s.segment().Paused, s.segment().LagSeconds = "held", &control.Pause{By: "ada"}, 7200
		s.wait(time.Hour)
	})
}

func TestLag(t *testing.T) {
	play(t, func(s *scene) {
		s.segment().LagEvents, s.segment().LagSeconds = 900, 899
		s.wait(time.Hour)
		s.segment().LagEvents = 1001
		s.wait(45 * time.Second) // it may catch up
		s.segment().LagEvents = 10
		s.wait(time.Hour)
		s.segment().LagSeconds = 901
		s.wait(90*time.Second, Late)
		s.segment().LagSeconds = 5
		s.wait(90*time.Second, Recovered)
	})
}

func TestRepeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.hook.Repeat = 6 * time.Hour
		s.start()
		defer s.stop()
		s.segment().State = "paused"
		s.wait(time.Minute, Paused)
		s.wait(5 * time.Hour)
		s.wait(time.Hour, Paused)
		if !strings.Contains(s.bodies[1], `"repeated":true`) || strings.Contains(s.bodies[0], `"repeated"`) {
			t.Errorf("got %v", s.bodies)
		}
	})
}

// However much is parked, it is told once a minute at most; and that less is,
// never.
func TestParked(t *testing.T) {
	play(t, func(s *scene) {
		for range 8 { // two minutes
			s.segment().Parked += 5
			s.pass(every)
		}
		s.wait(2*time.Minute, Parked, Parked, Parked)
		if last := s.bodies[len(s.bodies)-1]; !strings.Contains(last, `"parked":40`) {
			t.Errorf("got %s, want all of them", last)
		}
		s.segment().Parked = 3
		s.wait(time.Hour)
		s.segment().Parked = 4
		s.wait(time.Minute, Parked)
		s.status.Sources[0].Unreadable = 2
		s.wait(time.Minute, Unreadable)
	})
}

// A receiver that is away hears of what still holds, once it is back, and of
// nothing else; and it is not asked too often.
func TestReceiverAway(t *testing.T) {
	play(t, func(s *scene) {
		s.answer = errors.New("no answer")
		s.segment().State = "paused"
		s.status.Sources[0].Unreadable = 1
		s.wait(time.Hour)
		if n := len(s.ids); n < 5 || n > 15 {
			t.Errorf("%d attempts in an hour, want a few", n)
		}
		for _, id := range s.ids {
			if id != s.ids[0] {
				t.Errorf("an alert had the ids %q", s.ids)
				break
			}
		}
		s.segment().State = "ok"
		s.answer = nil
		s.wait(11*time.Minute, Unreadable)
		// One that will never take it does not stand in the others' way.
		s.answer = &destination.Refusal{Status: 400, Reason: "invalid_payload"}
		s.status.Sources[0].Unreadable = 5
		s.wait(time.Minute)
		s.answer = nil
		s.segment().State = "paused"
		s.wait(time.Minute, Paused)
		s.answer = &destination.Wait{For: time.Hour}
		s.segment().State = "ok"
		s.wait(2 * time.Minute)
		s.answer = nil
		s.wait(50 * time.Minute)
		s.wait(15*time.Minute, Resumed)
	})
}

// A restart tells nothing twice, forgets nothing, and raises no false alarm
// while everything is beginning.
func TestRestart(t *testing.T) {
	play(t, func(s *scene) {
		s.segment().State = "paused"
		s.segment().Parked = 2
		s.wait(time.Minute, Paused, Parked)
		s.segment().LagEvents, s.segment().LagSeconds = 5000, 9999 // what came meanwhile
		s.segment().State = "ok"                                   // as everything is before its first attempt
		s.restart()
		s.wait(30 * time.Second)
		s.segment().State = "paused"
		s.segment().LagEvents, s.segment().LagSeconds = 10, 20
		s.wait(time.Hour)
		s.segment().State = "ok"
		s.restart()
		s.wait(2*time.Minute, Resumed)
		s.restart()
		s.wait(time.Hour)
	})
}

// What was parked before anybody wanted alerts is no news.
func TestFirstStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t)
		s.segment().Parked, s.status.Sources[0].Unreadable = 7, 3
		s.start()
		s.wait(time.Hour)
		s.segment().Parked = 8
		s.status.Destinations = append(s.status.Destinations, control.Destination{Workspace: "acme", Name: "log", State: "ok", Parked: 1})
		s.wait(time.Minute, Parked, Parked)
		s.stop()
	})
}

// A destination that is configured no more is forgotten without a word.
func TestGone(t *testing.T) {
	play(t, func(s *scene) {
		s.segment().State = "paused"
		s.wait(time.Minute, Paused)
		was := s.status.Destinations
		s.status.Destinations = nil
		s.wait(time.Minute)
		s.status.Destinations = was
		s.segment().State = "ok"
		s.wait(time.Hour)
		s.broken = errors.New("the journal is busy")
		s.wait(time.Hour)
	})
}

// A Slack takes <!channel> for a call to everybody.
func TestPlainText(t *testing.T) {
	d := control.Destination{Workspace: "acme", Name: "segment", State: "paused", Trouble: "401 <!channel> no"}
	if a := ofDestination(time.Now(), Paused, d); strings.ContainsAny(a.Text, "<>") || !strings.Contains(a.Text, "acme/segment") {
		t.Errorf("got %q", a.Text)
	}
	body, err := NewTest(time.Now()).Body(true)
	if err != nil || string(body) != `{"text":"This is a test: alerts of Parlance arrive here."}` {
		t.Errorf("got %s, %v", body, err)
	}
}
