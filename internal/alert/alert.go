// Package alert tells people's tools when a destination or source needs
// somebody, and when it does no longer.
//
// Nothing is queued. What a receiver was told last is remembered, and compared
// with how things are, again and again: so no restart and no outage of the
// receiver makes a false alarm, or loses one that still holds.
package alert

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/phrase"
	"github.com/parlance-chat/parlance/livechat"
)

// Kinds of alerts.
const (
	Paused     = "destination.paused"    // it takes nothing until somebody acts
	Resumed    = "destination.resumed"   // it takes events again
	Late       = "destination.lag"       // more waits for it, or for longer, than it may
	Recovered  = "destination.recovered" // that is over
	Parked     = "destination.parked"    // it refused calls for good
	Unreadable = "source.unreadable"     // webhooks were signed, but could not be read
	Test       = "test"
)

// An Alert is one thing that is told. It holds no message and no customer's
// name.
type Alert struct {
	ID        string `json:"-"` // the same at every attempt
	Type      string `json:"type"`
	Timestamp string `json:"timestamp"`
	Text      string `json:"text"` // all of it in a sentence, as chat tools show it
	Data      any    `json:"data"` // a Destination, a Source, or for a test nothing

	subject subject
}

// A Destination is how one was when it was told of.
type Destination struct {
	Workspace   string `json:"workspace"`
	Destination string `json:"destination"`
	State       string `json:"state"`
	Reason      string `json:"reason,omitempty"` // of a pause
	LagEvents   int64  `json:"lag_events"`
	LagSeconds  int64  `json:"lag_seconds"` // the age of the oldest of them
	Parked      int64  `json:"parked"`
	Repeated    bool   `json:"repeated,omitempty"` // it was told before
}

// A Source is how one was when it was told of.
type Source struct {
	Workspace  string `json:"workspace"`
	Source     string `json:"source"`
	Unreadable int64  `json:"unreadable"`
}

// A Limit says when a destination is late. A field that is 0 does not count.
type Limit struct {
	Events int64         // how many may wait
	Age    time.Duration // for how long
}

func (l Limit) passed(d control.Destination) bool {
	return l.Events > 0 && d.LagEvents > l.Events || l.Age > 0 && d.LagSeconds > l.Age.Seconds()
}

// ofDestination returns an alert about a destination.
func ofDestination(now time.Time, kind string, d control.Destination) *Alert {
	data := Destination{Workspace: d.Workspace, Destination: d.Name, State: d.State, LagEvents: d.LagEvents, LagSeconds: int64(d.LagSeconds), Parked: d.Parked}
	name, text := full(d.Workspace, d.Name), ""
	switch kind {
	case Paused:
		data.Reason = d.Cause()
		text = "Parlance has paused the destination " + name + ". " + waiting(d) + "."
		if data.Reason != "" {
			text += " The reason: " + data.Reason
		}
	case Resumed:
		text = "The destination " + name + " takes events again. " + waiting(d) + "."
	case Late:
		text = "The destination " + name + " is late: " + lower(waiting(d)) + "."
	case Recovered:
		text = "The destination " + name + " is late no more: " + lower(waiting(d)) + "."
	case Parked:
		text = fmt.Sprintf("The destination %s refused calls for good: %d parked. 'parlance parked -d %s%s' says why.", name, d.Parked, d.Name, flag(d.Workspace))
	}
	return newAlert(now, kind, text, data)
}

func ofSource(now time.Time, s control.Source) *Alert {
	text := fmt.Sprintf("Webhooks of the source %s could not be read: %d kept. 'parlance unreadable%s' says why.", full(s.Workspace, s.Name), s.Unreadable, flag(s.Workspace))
	return newAlert(now, Unreadable, text, Source{s.Workspace, s.Name, s.Unreadable})
}

// NewTest returns an alert about nothing.
func NewTest(now time.Time) Alert {
	return *newAlert(now, Test, "This is a test: alerts of Parlance arrive here.", struct{}{})
}

func newAlert(now time.Time, kind, text string, data any) *Alert {
	return &Alert{ID: "alert_" + uuid.NewString(), Type: kind, Timestamp: livechat.FormatTime(now), Text: plain(text), Data: data}
}

// plain keeps what a receiver said from being an instruction to a chat tool:
// Slack takes <!channel> for a call to everybody.
func plain(text string) string { return strings.NewReplacer("<", "‹", ">", "›").Replace(text) }

// Body returns an alert as it is sent: all of it, or the text alone.
func (a Alert) Body(textOnly bool) ([]byte, error) {
	if textOnly {
		return json.Marshal(map[string]string{"text": a.Text})
	}
	return json.Marshal(a)
}

func waiting(d control.Destination) string {
	switch d.LagEvents {
	case 0:
		return "Nothing waits"
	case 1:
		return "1 event waits, for " + age(d)
	}
	return phrase.Count(d.LagEvents, "event") + " wait, the oldest for " + age(d)
}

func age(d control.Destination) string {
	return phrase.Span(time.Duration(d.LagSeconds * float64(time.Second)))
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// full is a name with its workspace, if that is not the default one.
func full(workspace, name string) string { return strings.TrimPrefix(workspace+"/"+name, "default/") }

func flag(workspace string) string {
	if workspace == "default" {
		return ""
	}
	return " -w " + workspace
}
