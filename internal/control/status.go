package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/phrase"
)

// A Status is how a gateway is doing.
type Status struct {
	Running      bool          `json:"running"`
	Sources      []Source      `json:"sources"`
	Destinations []Destination `json:"destinations"`
}

// A Source is how a source is doing.
type Source struct {
	Workspace   string    `json:"workspace"`
	Name        string    `json:"name"`
	Type        string    `json:"type,omitempty"` // "" if it is configured no more
	LastWebhook time.Time `json:"last_webhook,omitzero"`
	Unreadable  int64     `json:"unreadable"`
	// Refused is how many requests were refused for their signature since the
	// gateway began.
	Refused int64 `json:"refused,omitempty"`
}

// A Destination is how the delivery to a destination is doing.
type Destination struct {
	Workspace string `json:"workspace"`
	Name      string `json:"name"`
	Type      string `json:"type,omitempty"` // "" if it is configured no more
	// State is as in the metrics; "paused by PERSON"; or "stopped" if the
	// gateway is not running.
	State      string   `json:"state"`
	Trouble    string   `json:"trouble,omitempty"` // what is wrong, in plain words
	LagEvents  int64    `json:"lag_events"`
	LagSeconds float64  `json:"lag_seconds"` // the age of the oldest of them
	Parked     int64    `json:"parked"`
	Paused     *Pause   `json:"paused,omitempty"` // by whom
	Replays    []Replay `json:"replays,omitempty"`
}

// Cause is what is wrong, without how long and what comes next.
func (d Destination) Cause() string {
	cause := d.Trouble
	if i := strings.LastIndex(cause, "; since "); i >= 0 {
		cause = cause[:i]
	}
	return strings.TrimPrefix(cause, "paused: ")
}

// A Pause is why a destination stands still.
type Pause struct {
	Since  time.Time `json:"since"`
	By     string    `json:"by"`
	Reason string    `json:"reason,omitempty"`
}

// StateOK is the state of a delivery whose destination takes what it is sent,
// StatePaused that of one that paused itself, and StateHeld that of one that
// somebody paused.
const (
	StateOK      = "ok"
	StatePaused  = "paused"
	StateHeld    = "held"
	StateStopped = "stopped"
)

// Troubled reports whether a person is needed: to look at what is parked or
// unreadable, or to mend what has a delivery stand still.
func (s Status) Troubled() bool {
	return !s.Running || slices.ContainsFunc(s.Destinations, func(d Destination) bool { return d.State == StatePaused || d.Parked > 0 }) ||
		slices.ContainsFunc(s.Sources, func(s Source) bool { return s.Unreadable > 0 })
}

func (t Target) status(_ http.ResponseWriter, r *http.Request) (any, error) {
	s, err := t.Status(r.Context(), r.FormValue("workspace"))
	for i := range s.Destinations {
		if d := &s.Destinations[i]; d.Trouble != "" && t.hidden(r) {
			d.Trouble = hidden
		}
	}
	return s, err
}

// Status tells how the sources and destinations of a workspace are doing, or
// those of all.
func (t Target) Status(ctx context.Context, workspace string) (s Status, err error) {
	s = Status{Running: t.Deliveries != nil, Sources: []Source{}, Destinations: []Destination{}}
	sources, destinations, err := t.named(ctx, workspace)
	if err != nil {
		return s, err
	}
	for _, n := range sources {
		in, err := t.Journal.Intake(ctx, journal.Source{Workspace: n.Workspace, Name: n.Name})
		if err != nil {
			return s, err
		}
		source := Source{Workspace: n.Workspace, Name: n.Name, Type: n.Type, LastWebhook: in.Last, Unreadable: in.Unreadable}
		if t.Refused != nil {
			source.Refused = t.Refused(n.Workspace, n.Name)
		}
		s.Sources = append(s.Sources, source)
	}
	for _, n := range destinations {
		d, err := t.destination(ctx, n)
		if err != nil {
			return s, err
		}
		s.Destinations = append(s.Destinations, d)
	}
	return s, nil
}

// named returns the sources and destinations of a workspace, or of all: what is
// configured, and sources from which something came once.
func (t Target) named(ctx context.Context, workspace string) (sources, destinations []Named, err error) {
	if t.Configured != nil {
		c := t.Configured()
		sources, destinations = slices.Clone(c.Sources), slices.Clone(c.Destinations)
	}
	now, cancel := context.WithCancel(ctx)
	cancel() // it would wait for the first
	heard, err := t.Journal.Sources(now, 0)
	if err != nil && !errors.Is(err, context.Canceled) {
		return nil, nil, err
	}
	for _, h := range heard {
		if !slices.ContainsFunc(sources, func(n Named) bool { return n.Workspace == h.Workspace && n.Name == h.Name }) {
			sources = append(sources, Named{Workspace: h.Workspace, Name: h.Name})
		}
	}
	for _, list := range []*[]Named{&sources, &destinations} {
		*list = slices.DeleteFunc(*list, func(n Named) bool { return workspace != "" && n.Workspace != workspace })
		slices.SortFunc(*list, func(a, b Named) int {
			return cmp.Or(strings.Compare(a.Workspace, b.Workspace), strings.Compare(a.Name, b.Name))
		})
	}
	return sources, destinations, nil
}

func (t Target) destination(ctx context.Context, n Named) (Destination, error) {
	d := Destination{Workspace: n.Workspace, Name: n.Name, Type: n.Type, State: StateStopped}
	if t.Deliveries != nil {
		d.State, d.Trouble = t.Deliveries.State(n.Workspace, n.Name)
	}
	lag, err := t.Journal.Lag(ctx, n.Workspace, n.Name)
	if err != nil {
		return d, err
	}
	if d.LagEvents = lag.Events; lag.Events > 0 {
		d.LagSeconds = max(0, time.Since(lag.Oldest).Seconds())
	}
	if d.Parked, err = t.Journal.CountParked(ctx, journal.ParkedQuery{Workspace: n.Workspace, Destination: n.Name}); err != nil {
		return d, err
	}
	holds, err := t.Journal.Holds(ctx, n.Workspace)
	if err != nil {
		return d, err
	}
	for _, h := range holds {
		if h.Destination == n.Name {
			d.State, d.Paused = StateHeld, &Pause{h.At, h.By, h.Reason}
		}
	}
	replays, err := t.Journal.Replays(ctx, n.Workspace)
	for _, r := range replays {
		if r.Destination == n.Name && r.Ended.IsZero() {
			d.Replays = append(d.Replays, replayOf(r))
		}
	}
	return d, err
}

// A PauseRequest asks that a destination stand still, or go on.
type PauseRequest struct {
	Workspace string `json:"workspace,omitempty"`
	By        string `json:"by,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

func (t Target) pause(_ http.ResponseWriter, r *http.Request) (any, error) {
	return t.change(r, func(q PauseRequest, destination string) error {
		return t.Journal.Hold(r.Context(), journal.Hold{Workspace: q.Workspace, Destination: destination, By: t.by(r, q), Reason: q.Reason})
	})
}

// by tells who makes a request.
func (t Target) by(r *http.Request, q PauseRequest) string {
	if t.By != nil {
		return t.By(r)
	}
	return cmp.Or(q.By, "somebody")
}

func (t Target) resume(_ http.ResponseWriter, r *http.Request) (any, error) {
	return t.change(r, func(q PauseRequest, destination string) error {
		return t.Journal.Release(r.Context(), q.Workspace, destination)
	})
}

// change does f with a destination, and returns how it is doing then.
func (t Target) change(r *http.Request, f func(q PauseRequest, destination string) error) (any, error) {
	var q PauseRequest
	if err := read(r, &q); err != nil {
		return nil, err
	}
	q.Workspace = workspace(q.Workspace)
	name := r.PathValue("name")
	err := t.exists(r.Context(), q.Workspace, name)
	if err == nil {
		err = f(q, name)
	}
	if err == nil {
		err = t.look(r.Context(), q.Workspace, name)
	}
	if err != nil {
		return nil, err
	}
	return t.destination(r.Context(), Named{Workspace: q.Workspace, Name: name})
}

// exists reports an unknown destination. Asking for its cursor would make one.
func (t Target) exists(ctx context.Context, workspace, destination string) error {
	names, err := t.Journal.Destinations(ctx, workspace)
	if err != nil {
		return err
	}
	if slices.Contains(names, destination) {
		return nil
	}
	return fmt.Errorf("no destination %q in workspace %q; %s", destination, workspace, phrase.There(names))
}
