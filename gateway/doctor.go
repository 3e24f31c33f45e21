package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/internal/doctor"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
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
	if err != nil {
		return nil, err
	}
	defer func() {
		for _, p := range patients {
			if p.Destination != nil {
				err = errors.Join(err, p.Destination.Close())
			}
		}
	}()
	parts, clocks := doctor.Examine(ctx, patients)
	doctor.Doubles(patients, parts)
	for _, key := range e.Sites {
		parts = append(parts, doctor.Part{Kind: "website", Findings: segment.Browsers(ctx, key)})
	}
	self := doctor.Part{Kind: "gateway"}
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
			return list, fmt.Errorf("no destination %q in workspace %q; there are %q", name, e.Workspace, names)
		}
	}
	return list, nil
}
