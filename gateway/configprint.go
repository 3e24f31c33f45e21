package gateway

import (
	"cmp"
	"io"
	"slices"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/ingest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Print writes the configuration as it is in force, as YAML with secrets
// hidden. With the secrets put back it comes to the same.
func (c *Config) Print(w io.Writer) error {
	e := *c // what is in force
	resolved, err := e.Resolve()
	if err != nil {
		return err
	}
	e.Settle = max(e.Settle, 0)
	e.Rules, e.Policy = e.Rules.or(defaultRules()), e.Policy.or(defaultPolicy())
	rest := *resolved
	e.Sources, e.Destinations = rest.next(e.Sources, e.Destinations)
	e.Alerts = inForce(e.Alerts)
	e.Workspaces = slices.Clone(e.Workspaces)
	for i := range e.Workspaces {
		w := &e.Workspaces[i]
		w.Sources, w.Destinations = rest.next(w.Sources, w.Destinations)
		w.Alerts = inForce(w.Alerts)
	}
	return strictyaml.Encode(w, &e)
}

// defaultRules returns what the zero Rules means. It leaves reopen and
// inactivity to the chat tools.
func defaultRules() Rules {
	return Rules{
		FirstMessage:  conversation.StartedAndSent,
		Ended:         conversation.Explicit,
		Bots:          conversation.Include,
		Automation:    conversation.Drop,
		Channels:      conversation.DefaultChannels(),
		Identity:      conversation.ExternalID,
		InactivityEnd: Off,
		Identify:      Off,
	}
}

func defaultPolicy() Policy {
	return Policy{string(deliver.Include), string(deliver.Customer)}
}

// next takes as many resolved sources and destinations off r as there are in
// the lists, and returns the lists with what they come to.
func (r *Resolved) next(sources []Source, destinations []Destination) ([]Source, []Destination) {
	sources, destinations = slices.Clone(sources), slices.Clone(destinations)
	for i := range sources {
		s := &sources[i]
		if s.Type == typeTracking {
			s.Validate = cmp.Or(s.Validate, string(ingest.Strict))
			continue
		}
		s.Reopen = cmp.Or(r.Sources[i].Rules.Reopen, conversation.Continue)
		s.Inactivity = cmp.Or(r.Sources[i].Rules.Inactivity, NoInactivity)
		s.Namespace = r.Sources[i].Namespace
	}
	for i := range destinations {
		destinations[i].Settings = r.Destinations[i].Settings
	}
	r.Sources, r.Destinations = r.Sources[len(sources):], r.Destinations[len(destinations):]
	return sources, destinations
}
