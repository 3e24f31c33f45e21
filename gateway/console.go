package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/connector"
	connectors "github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/console"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/internal/live"
	"github.com/parlance-chat/parlance/internal/phrase"
)

// Watching returns how many browser windows follow what passes.
func (g *Gateway) Watching() int { return g.console.Watching() }

// newConsole returns the pages that show this gateway.
func (g *Gateway) newConsole(hub *live.Hub) *console.Console {
	t := g.target()
	t.By = func(r *http.Request) string { return access.Of(r.Context()).Name }
	return console.New(console.Options{Control: control.Local(t), Deliveries: consoleDeliveries{g},
		Log: g.log, Guard: g.guard, Hub: hub, Journal: g.journal, Rules: g.rules, Workspaces: g.workspaces,
		Sources: consoleSources{g, g.journal}, PublicURL: g.config.PublicURL, Play: g.play, Setup: &setup{g: g}, Destinations: g.destinationsOf, Archive: g.reading.Archive})
}

// rules tells how a source's conversations are told.
func (g *Gateway) rules(workspace, source string) (conversation.Origin, conversation.Rules) {
	s := g.origin(workspace, source)
	return s.Origin, s.Rules
}

// workspaces returns the names of the workspaces that have anything.
func (g *Gateway) workspaces() []string {
	var names []string
	r := g.inForce.Load()
	for _, s := range r.Sources {
		names = append(names, s.Workspace)
	}
	for _, d := range r.Destinations {
		names = append(names, d.Workspace)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == "default" })
	slices.Sort(names)
	return append([]string{"default"}, slices.Compact(names)...)
}

// consoleSources tell the console of sources.
type consoleSources struct {
	g *Gateway
	*sqlite.Journal
}

// Sources implements console.Sources.
func (s consoleSources) Sources(workspace string) (list []console.Source) {
	for _, r := range s.g.inForce.Load().Sources {
		if r.Workspace != workspace {
			continue
		}
		one := console.Source{Name: r.Name, Type: r.Type, Title: r.Type, Passes: r.Type == typeTracking, Playable: r.playable()}
		switch r.Type {
		case typeAPI:
			one.Title, one.Path = "Activity API", "/v1/activities"
		case typeTracking:
			one.Title, one.Path = "Segment's Tracking API", "/v1/batch"
		default:
			one.Path, one.Secret = r.webhookPath(), r.Path != ""
			for _, t := range connectors.Types() {
				if t.Name == r.Type {
					one.Title = t.Title
				}
			}
		}
		list = append(list, one)
	}
	return list
}

// Refusals implements console.Sources.
func (s consoleSources) Refusals(workspace, source string) (list []console.Refusal) {
	for _, r := range s.g.ingest.Refusals(workspace, source) {
		list = append(list, console.Refusal(r))
	}
	return list
}

// Try implements console.Sources.
func (s consoleSources) Try(_ context.Context, workspace, source string, header http.Header, body []byte) (out console.Tried, err error) {
	reader, err := s.g.inForce.Load().reader(workspace, source, s.g.config.Version)
	if err != nil {
		return out, err
	}
	req := &connector.Request{Method: http.MethodPost, Header: header, Body: body, Received: time.Now()}
	reader.Scrub(req)
	p, err := reader.Read(req)
	if err != nil {
		return console.Tried{Unreadable: err.Error()}, nil
	}
	out.Dropped = p.Dropped
	add := func(list *[]string, v any) {
		b, e := json.MarshalIndent(v, "", "  ")
		err = errors.Join(err, e)
		*list = append(*list, string(b))
	}
	for _, a := range p.Activities {
		add(&out.Activities, a)
	}
	reader.Meet(p)
	for _, o := range reader.Tell(p.Activities...) {
		if o.Identify != nil {
			add(&out.Calls, o.Identify)
		}
		for _, e := range o.Events {
			add(&out.Calls, e)
		}
	}
	return out, err
}

// destinationsOf returns the names of a workspace's destinations.
func (g *Gateway) destinationsOf(workspace string) (names []string) {
	for _, d := range g.inForce.Load().Destinations {
		if d.Workspace == workspace {
			names = append(names, d.Name)
		}
	}
	return names
}

// consoleDeliveries tell the console of deliveries.
type consoleDeliveries struct{ g *Gateway }

// Attempts implements console.Deliveries.
func (c consoleDeliveries) Attempts(workspace, name string) []deliver.Attempt {
	c.g.loops.mu.Lock()
	defer c.g.loops.mu.Unlock()
	if n := c.g.loops.running[destinationKey{workspace, name}]; n != nil {
		return n.options.Record.Attempts()
	}
	return nil
}

// Delivered implements console.Deliveries.
func (c consoleDeliveries) Delivered(ctx context.Context, e journal.Event) (list []console.Delivered, err error) {
	for _, name := range c.g.destinationsOf(e.Workspace) {
		one, err := c.delivered(ctx, name, e)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func (c consoleDeliveries) delivered(ctx context.Context, name string, e journal.Event) (console.Delivered, error) {
	d := console.Delivered{Destination: name, State: "delivered"}
	for _, a := range c.Attempts(e.Workspace, name) {
		if slices.Contains(a.Events, e.Seq) {
			d.Attempts = append(d.Attempts, a)
		}
	}
	parked, err := c.g.journal.Parked(ctx, journal.ParkedQuery{Workspace: e.Workspace, Destination: name,
		Filter: journal.Filter{Source: e.Source, Conversation: e.Conversation, Name: e.Name}}, 100)
	if err != nil {
		return d, err
	}
	for i := range parked {
		if parked[i].Event.Seq == e.Seq {
			d.State, d.Parked = "parked", &parked[i]
			return d, nil
		}
	}
	at, err := c.g.journal.Cursor(ctx, e.Workspace, name) // it is configured, so it has one
	switch {
	case err != nil:
		return d, err
	case !c.takes(e, name):
		d.State = "not for it"
	case at < e.Seq:
		d.State = "waiting"
	}
	return d, nil
}

// takes reports whether a destination is to get an event.
func (c consoleDeliveries) takes(e journal.Event, name string) bool {
	for _, d := range c.g.inForce.Load().Destinations {
		if d.Workspace == e.Workspace && d.Name == name {
			return d.Policy.Takes(e)
		}
	}
	return false
}

// Examine implements console.Deliveries.
func (c consoleDeliveries) Examine(ctx context.Context, workspace, name string, send bool) (found []destination.Finding, err error) {
	parts, err := c.g.latest.Load().Examine(ctx, Examination{Workspace: workspace, Destinations: []string{name}, SendTest: send})
	for _, p := range parts {
		found = append(found, p.Findings...)
	}
	return found, err
}

// tellAttempt returns a function that shows attempts live. What a receiver said
// may repeat what people wrote, so it stands where that does.
func tellAttempt(hub *live.Hub) func(workspace, name string, a deliver.Attempt) {
	return func(workspace, name string, a deliver.Attempt) {
		r := live.Record{At: a.At.Add(a.Took), Kind: live.Delivery, Workspace: workspace, Destination: name, Name: a.Result,
			Text: phrase.Count(int64(len(a.Events)), "call") + " in " + a.Took.Round(time.Millisecond/10).String(), Body: a.Error, Trouble: a.Result != "ok"}
		if a.Status != 0 {
			r.Text += fmt.Sprintf(", %d", a.Status)
		}
		hub.Publish(r)
	}
}
