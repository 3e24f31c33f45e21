package gateway

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/ingest"
	"github.com/parlance-chat/parlance/internal/phrase"
)

// A Reader reads the webhooks of one source as a gateway would, and keeps
// nothing: to try a configuration, or to see what an import would tell.
type Reader struct {
	source ResolvedSource
	origin conversation.Origin
	states map[string]conversation.State
	known  map[told]bool
	// People of whom webhooks told, as the engine remembers them.
	agents   map[staff]conversation.Agent
	contacts map[string]conversation.Person
}

// A staff is an agent's or a bot's id: they may be the same.
type staff struct {
	id  string
	bot bool
}

// A told is an activity that was told before.
type told struct{ conversation, id string }

// Reader returns a reader of a configured source, which must be a chat tool or
// of type api.
func (c *Config) Reader(workspace, source string) (*Reader, error) {
	resolved, err := c.Resolve()
	if err != nil {
		return nil, err
	}
	return resolved.reader(workspace, source, c.Version)
}

func (c *Resolved) reader(workspace, source, version string) (*Reader, error) {
	var names []string
	for _, s := range c.Sources {
		if s.Workspace != workspace || s.Type == typeTracking {
			continue
		}
		if s.Name == source {
			return &Reader{s, s.origin(version), map[string]conversation.State{}, map[told]bool{}, map[staff]conversation.Agent{}, map[string]conversation.Person{}}, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("no source %q in workspace %q that is a chat tool or of type api; %s", source, workspace, phrase.There(names))
}

// Type returns the source's type.
func (r *Reader) Type() string { return r.source.Type }

// Verify returns nil if the tool signed the request, else an error that wraps
// connector.ErrSignature.
func (r *Reader) Verify(req *connector.Request) error {
	if r.source.Connector == nil {
		return nil // programs do not sign
	}
	return r.source.Connector.Verify(req)
}

// Scrub removes from a request's body what must not be kept.
func (r *Reader) Scrub(req *connector.Request) {
	if s, ok := r.source.Connector.(connector.Scrubber); ok {
		req.Body = s.Scrub(req.Body)
	}
}

// Greet returns the answer to a GET request that is the tool's handshake, else
// "".
func (r *Reader) Greet(req *connector.Request) string {
	g, ok := r.source.Connector.(connector.Greeter)
	if !ok {
		return ""
	}
	reply, err := g.Greet(req)
	if err != nil {
		return ""
	}
	return reply
}

// Secrets are what the source's requests may carry as it is, and what must not
// be written down: under whatever name, for type custom lets it have any.
func (r *Reader) Secrets() []string { return r.source.Secrets }

// Read returns what a request says.
func (r *Reader) Read(req *connector.Request) (connector.Parsed, error) {
	return ingest.Read(&r.source.Source, req)
}

// Meet remembers of whom a request tells, for what Tell is told from now on.
func (r *Reader) Meet(p connector.Parsed) {
	meet := func(a conversation.Agent, bot bool) {
		if known := r.agents[staff{a.ID, bot}]; a.ID != "" {
			r.agents[staff{a.ID, bot}] = conversation.Agent{Name: cmp.Or(a.Name, known.Name), Username: cmp.Or(a.Username, known.Username)}
		}
	}
	for _, a := range p.Agents {
		meet(a, false)
	}
	for _, a := range p.Activities {
		meet(a.Agent, a.By == conversation.Bot)
	}
	for _, c := range p.Contacts {
		known := r.contacts[c.ContactID]
		r.contacts[c.ContactID] = conversation.Person{UserID: cmp.Or(c.UserID, known.UserID), AnonymousID: cmp.Or(c.AnonymousID, known.AnonymousID),
			Email: cmp.Or(c.Email, known.Email), Name: cmp.Or(c.Name, known.Name)}
	}
}

// complete fills in what an activity leaves out of people.
func (r *Reader) complete(a *conversation.Activity) {
	configured, met := r.source.Agents[a.Agent.ID], r.agents[staff{a.Agent.ID, a.By == conversation.Bot}]
	a.Agent.Name = cmp.Or(a.Agent.Name, configured.Name, met.Name)
	a.Agent.Username = cmp.Or(a.Agent.Username, configured.Username, met.Username)
	if c := &a.Customer; c.ContactID != "" {
		met := r.contacts[c.ContactID]
		c.UserID, c.AnonymousID = cmp.Or(c.UserID, met.UserID), cmp.Or(c.AnonymousID, met.AnonymousID)
		c.Email, c.Name = cmp.Or(c.Email, met.Email), cmp.Or(c.Name, met.Name)
	}
}

// Tell returns what follows from activities, after all that it was told
// before, each once. They are told in order of their time.
func (r *Reader) Tell(activities ...conversation.Activity) (list []conversation.Output) {
	activities = slices.Clone(activities)
	slices.SortStableFunc(activities, conversation.Compare)
	for _, a := range activities {
		this := told{a.Conversation, a.ID}
		if r.known[this] {
			continue
		}
		r.known[this] = true
		r.complete(&a)
		var o conversation.Output
		r.states[a.Conversation], o = conversation.Step(r.origin, r.source.Rules, r.states[a.Conversation], a)
		list = append(list, o)
	}
	return list
}
