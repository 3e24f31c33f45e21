package console

import (
	"fmt"
	"net/url"
	"time"

	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/live"
)

// A healthView says whether everything flows and, if not, what to do.
type healthView struct {
	Rates   []rateView `json:"rates"`
	Matters []matter   `json:"matters"` // what needs somebody; empty if all is well
}

// A rateView is how many of a kind pass in a minute.
type rateView struct {
	Kind      live.Kind `json:"kind"`
	PerMinute float64   `json:"per_minute"`
}

// A matter is one thing that needs somebody.
type matter struct {
	Level string `json:"level"` // bad or warn
	Text  string `json:"text"`
	Do    string `json:"do"`
	Href  string `json:"href"`
}

// late is how far behind a destination may be before somebody is told.
const late = time.Minute

func (c *Console) health(q *request) (any, error) {
	s, err := c.status(q)
	if err != nil {
		return nil, err
	}
	v := healthView{Rates: c.rates(q.Workspace, time.Now()), Matters: []matter{}}
	workspace := "?" + url.Values{"workspace": {q.Workspace}}.Encode()
	for _, d := range s.Destinations {
		v.Matters = append(v.Matters, ofDestination(d, workspace)...)
	}
	for _, s := range s.Sources {
		href := "/sources/" + url.PathEscape(s.Name) + workspace
		switch {
		case s.Unreadable > 0:
			v.Matters = append(v.Matters, matter{"warn", fmt.Sprintf("%s webhooks of %s could not be read", number(s.Unreadable), s.Name), "look why; they are kept", href})
		case s.Refused > 0 && s.LastWebhook.IsZero():
			v.Matters = append(v.Matters, matter{"bad", fmt.Sprintf("%s sends webhooks that are refused", s.Name), "is the secret right?", href})
		}
	}
	return v, nil
}

func ofDestination(d control.Destination, workspace string) (list []matter) {
	href := "/destinations/" + url.PathEscape(d.Name) + workspace
	behind := time.Duration(d.LagSeconds * float64(time.Second))
	switch {
	case d.State == control.StatePaused:
		list = append(list, matter{"bad", d.Name + " takes nothing, and waits for somebody", "see what it says", href})
	case d.State == control.StateHeld && d.Paused != nil:
		list = append(list, matter{"warn", d.Name + " is paused by " + d.Paused.By, "resume it when you are done", href})
	case behind > late:
		list = append(list, matter{"warn", fmt.Sprintf("%s is %s behind", d.Name, duration(behind)), "see why", href})
	}
	if d.Parked > 0 {
		list = append(list, matter{"warn", fmt.Sprintf("%s refused %s events for good", d.Name, number(d.Parked)), "read why, then resend or drop them",
			"/parked" + workspace + "&destination=" + url.QueryEscape(d.Name)})
	}
	return list
}

// rates estimates what passes in a minute from what is remembered. What happened
// long ago does not count: a month that is imported is no rush.
func (c *Console) rates(workspace string, now time.Time) []rateView {
	counts := map[live.Kind]int{}
	over := time.Minute
	for r := range c.o.Hub.Look().Newest(0) {
		age := now.Sub(r.At)
		if age > time.Minute || r.ID == 1 {
			over = time.Minute
		} else {
			over = max(age, time.Second) // the memory may be shorter than a minute
		}
		if age > time.Minute {
			break
		}
		if r.Workspace == workspace && !r.Late() {
			counts[r.Kind]++
		}
	}
	var out []rateView
	for _, k := range []live.Kind{live.Webhook, live.Activity, live.Event, live.Delivery} {
		out = append(out, rateView{k, float64(counts[k]) * float64(time.Minute) / float64(over)})
	}
	return out
}
