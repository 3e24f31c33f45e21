package console

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Deliveries tell of destinations beyond what the API does.
type Deliveries interface {
	// Attempts returns the last attempts, newest first.
	Attempts(workspace, destination string) []deliver.Attempt
	// Delivered tells what has become of an event at each destination.
	Delivered(ctx context.Context, e journal.Event) ([]Delivered, error)
	// Examine looks at a destination, and sends it a test event if send.
	Examine(ctx context.Context, workspace, destination string, send bool) ([]destination.Finding, error)
}

// Delivered is what has become of an event at a destination.
type Delivered struct {
	Destination string
	State       string            // delivered, waiting, parked or "not for it"
	Attempts    []deliver.Attempt // of those that are remembered, with this event; newest first
	Parked      *journal.Parked   // nil unless it is
}

// A destinationView is how a destination is doing.
type destinationView struct {
	control.Destination
	PerMinute float64       `json:"per_minute"` // calls it took lately
	Attempts  []attemptView `json:"attempts,omitempty"`
	Bars      []bar         `json:"-"`
	Past      []control.Replay
	Told      string               `json:"told,omitempty"` // what came of what was asked
	Bad       bool                 `json:"-"`              // and that it is no good news
	Findings  []finding            `json:"findings,omitempty"`
	Form      map[string]string    `json:"-"` // of a replay that is only counted
	Counted   *control.ReplayReply `json:"counted,omitempty"`
}

// Title implements the heading of the page.
func (v *destinationView) Title() string { return v.Name }

// Chip is the class of the state's colour.
func (v *destinationView) Chip() string {
	switch {
	case v.State == "ok" && v.LagSeconds < 60:
		return "good"
	case v.State == control.StatePaused:
		return "bad"
	case v.State == control.StateHeld:
		return "info"
	}
	return "warn"
}

// An attemptView is one attempt.
type attemptView struct {
	At       time.Time     `json:"at"`
	Took     time.Duration `json:"took_ns"`
	Calls    int           `json:"calls"`
	First    int64         `json:"first"`
	Result   string        `json:"result"`
	Error    string        `json:"error,omitempty"`
	Request  string        `json:"request,omitempty"`
	Status   int           `json:"status,omitempty"`
	Response string        `json:"response,omitempty"`
	Retry    int           `json:"retry,omitempty"`
}

// A bar is an attempt in the picture of all: as high as it took.
type bar struct {
	X, Y, H int
	Class   string
	Text    string
}

// A finding is one thing that was looked at.
type finding struct {
	Level string `json:"level"`
	Text  string `json:"text"`
	Do    string `json:"do,omitempty"`
}

type destinationsView struct {
	Destinations []*destinationView `json:"destinations"`
}

func (c *Console) destinations(q *request) (any, error) {
	s, err := c.status(q)
	if err != nil {
		return nil, err
	}
	v := destinationsView{}
	for _, d := range s.Destinations {
		v.Destinations = append(v.Destinations, c.destinationView(q, d))
	}
	return v, nil
}

func (c *Console) status(q *request) (s control.Status, err error) {
	err = c.o.Control.Get(q.Context(), "/status", url.Values{"workspace": {q.Workspace}}, &s)
	return s, err
}

func (c *Console) destinationView(q *request, d control.Destination) *destinationView {
	v := &destinationView{Destination: d}
	if !q.User.Bodies && v.Trouble != "" {
		v.Trouble = "it does not take what it is sent; what it says is hidden from viewers here, for it may repeat what people wrote"
	}
	var calls int
	var since time.Time
	for _, a := range c.o.Deliveries.Attempts(d.Workspace, d.Name) {
		v.Attempts = append(v.Attempts, viewOfAttempt(a, q.User))
		if a.Result == "ok" {
			calls += len(a.Events)
		}
		since = a.At
	}
	if minutes := time.Since(since).Minutes(); calls > 0 {
		v.PerMinute = float64(calls) / max(minutes, 1)
	}
	v.Bars = bars(v.Attempts)
	return v
}

func viewOfAttempt(a deliver.Attempt, u access.User) attemptView {
	v := attemptView{At: a.At, Took: a.Took, Calls: len(a.Events), First: int64(a.Events[0]), Result: a.Result, Error: a.Error, Request: a.Request,
		Status: a.Status, Response: a.Response, Retry: a.Retry}
	if !u.Bodies { // a receiver may repeat what it was sent
		v.Error, v.Response = masks(v.Error), masks(v.Response)
	}
	return v
}

func masks(s string) string {
	if s == "" {
		return ""
	}
	return hidden
}

// bars draws attempts from the left to the right, the newest last.
func bars(list []attemptView) (out []bar) {
	longest := time.Millisecond
	for _, a := range list {
		longest = max(longest, a.Took)
	}
	for i, a := range list {
		h := max(3, int(60*a.Took/longest))
		out = append(out, bar{X: (len(list) - 1 - i) * 8, Y: 60 - h, H: h, Class: a.Result,
			Text: fmt.Sprintf("%s: %s, %d calls in %s", a.At.UTC().Format("15:04:05 UTC"), a.Result, a.Calls, duration(a.Took))})
	}
	return out
}

func (c *Console) destination(q *request) (any, error) {
	s, err := c.status(q)
	if err != nil {
		return nil, err
	}
	for _, d := range s.Destinations {
		if d.Name == q.name {
			v := c.destinationView(q, d)
			v.Told, v.Form = tidings[q.FormValue("told")], map[string]string{}
			var all []control.Replay
			err := c.o.Control.Get(q.Context(), "/replay", url.Values{"workspace": {q.Workspace}}, &all)
			for _, r := range all {
				if r.Destination == d.Name {
					v.Past = append(v.Past, r)
				}
			}
			return v, err
		}
	}
	return nil, notFound("There is no such destination in this workspace.")
}

// tidings are what the page says of what was done.
var tidings = map[string]string{
	"paused":    "It stands still now. What it has not got is kept.",
	"resumed":   "It goes on, from where it was.",
	"replay":    "The replay is under way, beside what is new.",
	"moved":     "It goes on from that time, again with the same messageIds.",
	"cancelled": "The replay is cancelled.",
}

// act does what somebody asked for with a destination.
func (c *Console) act(q *request) (any, error) {
	action := q.PostFormValue("do")
	if !slices.Contains([]string{"pause", "resume", "examine", "test", "count", "replay", "cancel"}, action) {
		return nil, badRequest("Nothing is called so that can be done with a destination.")
	}
	made, err := c.destination(q)
	if err != nil {
		return nil, err
	}
	v := made.(*destinationView)
	if action != "count" {
		if err := c.o.Guard.Note(q.Request, action, q.Workspace+"/"+v.Name); err != nil {
			return nil, err
		}
	}
	done, err := c.do(q, v, action)
	switch {
	case err != nil:
		v.Told, v.Bad = err.Error(), true
		return v, nil
	case done == "":
		return v, nil
	}
	return nil, &redirect{"/destinations/" + url.PathEscape(v.Name) + "?" + url.Values{"workspace": {q.Workspace}, "told": {done}}.Encode()}
}

// do does it, and returns the word for what it came to, "" if the page has more
// to say.
func (c *Console) do(q *request, v *destinationView, action string) (string, error) {
	path := "/destinations/" + url.PathEscape(v.Name)
	switch action {
	case "pause":
		return "paused", c.o.Control.Post(q.Context(), path+"/pause", control.PauseRequest{Workspace: q.Workspace, Reason: q.PostFormValue("reason")}, new(control.Destination))
	case "resume":
		return "resumed", c.o.Control.Post(q.Context(), path+"/resume", control.PauseRequest{Workspace: q.Workspace}, new(control.Destination))
	case "examine", "test":
		found, err := c.o.Deliveries.Examine(q.Context(), q.Workspace, v.Name, action == "test")
		for _, f := range found {
			v.Findings = append(v.Findings, finding{[...]string{"good", "warn", "bad"}[f.Level], f.Text, f.Do})
		}
		return "", err
	case "count", "replay":
		return c.replay(q, v, action == "count")
	case "cancel":
		return "cancelled", c.o.Control.Post(q.Context(), "/replay/"+url.PathEscape(q.PostFormValue("id"))+"/cancel", map[string]string{"workspace": q.Workspace}, new(control.Replay))
	}
	return "", errors.New("nothing is called so")
}

func (c *Console) replay(q *request, v *destinationView, count bool) (string, error) {
	r := control.ReplayRequest{Workspace: q.Workspace, Destination: v.Name, DryRun: count}
	r.Source, r.Conversation, r.Name, r.User = q.PostFormValue("source"), q.PostFormValue("conversation"), q.PostFormValue("event"), q.PostFormValue("user")
	for key, t := range map[string]*time.Time{"since": &r.Since, "until": &r.Until} {
		v.Form[key] = q.PostFormValue(key)
		if v.Form[key] == "" {
			continue
		}
		var err error
		if *t, err = time.ParseInLocation("2006-01-02T15:04", v.Form[key], q.Zone); err != nil {
			return "", fmt.Errorf("%s: write a time such as 2026-03-02T09:00", key)
		}
	}
	for _, key := range []string{"source", "conversation", "event", "user"} {
		v.Form[key] = strings.TrimSpace(q.PostFormValue(key))
	}
	var reply control.ReplayReply
	if err := c.o.Control.Post(q.Context(), "/replay", r, &reply); err != nil {
		return "", err
	}
	switch {
	case count:
		v.Counted = &reply
		return "", nil
	case reply.ID == 0:
		return "moved", nil
	}
	return "replay", nil
}
