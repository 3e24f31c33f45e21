package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/doctor"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/internal/phrase"
)

// An Examination says what Examine looks at.
type Examination struct {
	Workspace    string   // "" is default
	Destinations []string // names; none is everything there is
	SendTest     bool     // whether destinations get a test event
	Sites        []string // write keys of websites' own Segment sources
}

// Examine looks at everything that a configuration names, without disturbing a
// gateway that runs with it, and returns what is worst first.
func (c *Config) Examine(ctx context.Context, e Examination) (parts []doctor.Part, err error) {
	resolved, err := c.Resolve()
	if err != nil {
		return nil, err
	}
	if e.Workspace == "" {
		e.Workspace = defaultWorkspace
	}
	if e.Workspace != defaultWorkspace && !slices.ContainsFunc(c.Workspaces, func(w Workspace) bool { return w.Name == e.Workspace }) {
		return nil, fmt.Errorf("no workspace %q", e.Workspace)
	}
	patients, err := resolved.patients(e)
	defer func() {
		for _, p := range patients {
			if p.Destination != nil {
				err = errors.Join(err, p.Destination.Close())
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	parts, clocks := doctor.Examine(ctx, patients)
	doctor.Doubles(patients, parts)
	self := doctor.Part{Kind: "gateway"}
	parts = append(parts, c.consult(ctx, e, &self, parts)...)
	for _, key := range e.Sites {
		parts = append(parts, doctor.Part{Kind: "website", Findings: segment.Browsers(ctx, key)})
	}
	self.Add(doctor.OurClock(clocks))
	if len(e.Destinations) == 0 {
		self.Add(doctor.Directory(c.Data, sqlite.Path(c.Data), time.Now())...)
		self.Add(doctor.PublicURL(c.PublicURL, c.Listen, slices.ContainsFunc(resolved.Sources, func(s ResolvedSource) bool { return s.Connector != nil })))
	}
	if len(self.Findings) > 0 {
		parts = append([]doctor.Part{self}, parts...)
	}
	doctor.Sort(parts)
	return parts, nil
}

// consult adds what a gateway's journal says, if there is one, to the gateway
// itself and to destinations, and returns sources.
func (c *Config) consult(ctx context.Context, e Examination, self *doctor.Part, destinations []doctor.Part) []doctor.Part {
	client, err := Control(c)
	if errors.Is(err, errNothingKept) {
		return nil
	}
	if err != nil {
		self.Add(destination.Finding{Level: destination.Problem, Text: err.Error(), Do: "run this as the gateway's user, with its configuration"})
		return nil
	}
	defer client.Close()
	var status control.Status
	var chatting []control.Chatting
	query := url.Values{"workspace": {e.Workspace}}
	err = client.Get(ctx, "/status", query, &status)
	if err == nil {
		err = client.Get(ctx, "/chatting", query, &chatting)
	}
	if err != nil {
		self.Add(destination.Finding{Level: destination.Warning, Text: "the gateway does not tell how it is doing: " + err.Error(), Do: "is it of another version? Restart it with this one"})
	}
	for i := range destinations {
		for _, d := range status.Destinations {
			if d.Name == destinations[i].Name {
				destinations[i].Add(doctor.Delivering(d, status.Running)...)
			}
		}
	}
	if len(e.Destinations) > 0 {
		return nil
	}
	switch {
	case err != nil:
	case !status.Running:
		self.Add(destination.Finding{Level: destination.Warning, Text: "no gateway runs on this data directory just now", Do: "start it: parlance serve"})
	case c.PublicURL != "":
		self.Add(doctor.Reachable(ctx, c.PublicURL))
	}
	return c.telling(status.Sources, chatting)
}

// telling says how sources are doing.
func (c *Config) telling(sources []control.Source, chatting []control.Chatting) (parts []doctor.Part) {
	types := map[string]string{}
	for _, s := range sources {
		types[s.Name] = s.Type
	}
	twice := doctor.CountedTwice(chatting, types)
	for _, s := range sources {
		if s.Type == "" {
			continue // configured no more
		}
		p := doctor.Part{Kind: "source", Name: s.Name, Type: s.Type}
		p.Add(doctor.Telling(s, c.address(s), time.Now())...)
		p.Add(twice[s.Name]...)
		parts = append(parts, p)
	}
	return parts
}

// address is where something is to be sent for a source. It does not show a
// path of its own, which may be a secret.
func (c *Config) address(s control.Source) string {
	base := cmp.Or(strings.TrimRight(c.PublicURL, "/"), "https://YOUR-HOST")
	switch s.Type {
	case typeAPI:
		return base + "/v1/activities"
	case typeTracking:
		return base + "/v1/batch"
	}
	name, in := s.Name, "/in/"
	if s.Workspace != defaultWorkspace {
		in = "/w/" + s.Workspace + in
	}
	if slices.ContainsFunc(c.sources(s.Workspace), func(o Source) bool { return o.Name == s.Name && o.Path != "" }) {
		name = "PATH (its path: in the configuration)"
	}
	return base + in + name
}

// sources are those of a workspace.
func (c *Config) sources(workspace string) []Source {
	for _, w := range c.Workspaces {
		if w.Name == workspace {
			return w.Sources
		}
	}
	return c.Sources
}

// patients opens the destinations of a workspace that are to be examined.
func (r *Resolved) patients(e Examination) (list []doctor.Patient, err error) {
	var names []string
	for _, d := range r.Destinations {
		if d.Workspace != e.Workspace {
			continue
		}
		names = append(names, d.Name)
		if len(e.Destinations) > 0 && !slices.Contains(e.Destinations, d.Name) {
			continue
		}
		p := doctor.Patient{Name: d.Name, Type: d.Type.of(), Settings: d.Settings,
			Changed: d.Policy.Only != nil || d.Policy.Except != nil || d.Policy.Transform != nil}
		if p.Type.Look == nil {
			if p.Destination, err = d.Type.Open(d.Settings); err != nil {
				return list, fmt.Errorf("gateway: destination %s: %w", d.Name, err)
			}
		}
		if e.SendTest {
			p.Test = func(ctx context.Context) (string, error) {
				return doctor.Send(ctx, d.Workspace, p.Destination, d.Policy)
			}
		}
		list = append(list, p)
	}
	for _, name := range e.Destinations {
		if !slices.Contains(names, name) {
			return list, fmt.Errorf("no destination %q in workspace %q; %s", name, e.Workspace, phrase.There(names))
		}
	}
	return list, nil
}
