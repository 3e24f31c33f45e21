package engine

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A name is that of a row that holds what is known of somebody, by their id.
type name struct{ kind, id string }

// Kinds of rows. People and bots may have the same IDs.
const (
	agentRow   = "agent"
	botRow     = "bot"
	contactRow = "contact"
)

// anyContact is the row that says whether there are contacts at all.
var anyContact = name{"contacts", "any"}

// peopleInMemory bounds those of a source who need not be asked for again.
const peopleInMemory = 1_000

// people are whom a source has told of beside the conversation at hand: what
// one webhook tells of an agent or a contact completes what another leaves out.
type people struct {
	heard    []hearsay             // of agents, and not taken in yet
	contacts []conversation.Person // likewise
	rows     map[name]*row
	changed  map[name]*row // and not committed yet
	any      *bool         // whether any contact is known; nil if not asked yet
}

// A hearsay is what something that was told at a time says of an agent.
type hearsay struct {
	kind  string
	agent conversation.Agent
	at    time.Time
}

// A row is an agent or a contact; the zero row is known to be unknown.
type row struct {
	Name     fact                `cbor:"1,keyasint,omitzero"` // of an agent
	Username fact                `cbor:"2,keyasint,omitzero"` // likewise
	Contact  conversation.Person `cbor:"3,keyasint,omitzero"`
}

// A fact is a value that was told at a time.
type fact struct {
	Value string    `cbor:"1,keyasint"`
	At    time.Time `cbor:"2,keyasint"`
}

// hear takes in what was told at a time, and reports whether that is news. What
// was told last counts, in whatever order it is heard.
func (f *fact) hear(value string, at time.Time) bool {
	if value == "" || at.Before(f.At) || at.Equal(f.At) && value <= f.Value {
		return false
	}
	news := value != f.Value
	*f = fact{value, at}
	return news
}

// hear notes whom a webhook tells of. From now on that counts for whatever is
// applied, so that within the settle time it does not matter which came first.
func (p *people) hear(w *journal.Webhook) {
	note := func(kind string, a conversation.Agent, at time.Time) {
		if a.ID != "" && (a.Name != "" || a.Username != "") {
			p.heard = append(p.heard, hearsay{kind, a, at})
		}
	}
	for _, a := range w.Agents {
		note(agentRow, a, w.ReceivedAt)
	}
	for i := range w.Activities {
		a := &w.Activities[i]
		note(agentKind(a), a.Agent, a.Time)
	}
	p.contacts = append(p.contacts, w.Contacts...)
}

func agentKind(a *conversation.Activity) string {
	if a.By == conversation.Bot {
		return botRow
	}
	return agentRow
}

// place is where a row stands: beside the conversations, as if it were one of a
// source that no configuration can name.
func (e *engine) place(n name) journal.Conversation {
	return journal.Conversation{Workspace: e.source.Workspace, Source: e.source.Name + "\x00" + n.kind, ID: n.id}
}

// row returns a row of the source, also one of which nothing is known.
func (e *engine) row(ctx context.Context, n name) (*row, error) {
	p := &e.people
	if r := p.rows[n]; r != nil {
		return r, nil
	}
	b, _, err := e.o.Journal.Load(ctx, e.place(n), nil)
	if err != nil {
		return nil, err
	}
	r := &row{}
	if b != nil {
		if err := cbor.Unmarshal(b, r); err != nil {
			return nil, err
		}
	}
	if p.rows == nil || len(p.rows) >= peopleInMemory {
		p.rows = maps.Clone(p.changed) // those who come up come back
		if p.rows == nil {
			p.rows = map[name]*row{}
		}
	}
	p.rows[n] = r
	return r, nil
}

// change notes that a row is to be written with the next commit.
func (p *people) change(n name, r *row) {
	if p.changed == nil {
		p.changed = map[name]*row{}
	}
	p.rows[n], p.changed[n] = r, r // it may have had to go meanwhile
}

// write returns the rows that are to be written. They stay so until the commit
// has succeeded.
func (e *engine) write(out []journal.Applied) ([]journal.Applied, error) {
	order := func(a, b name) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.id, b.id)) }
	for _, n := range slices.SortedFunc(maps.Keys(e.people.changed), order) {
		b, err := e.mode.Marshal(e.people.changed[n])
		if err != nil {
			return nil, err
		}
		out = append(out, journal.Applied{Conversation: e.place(n), State: b})
	}
	return out, nil
}

// meet takes in whom webhooks told of. If it fails, it is to be done again.
func (e *engine) meet(ctx context.Context) error {
	p := &e.people
	for _, h := range p.heard {
		n := name{h.kind, h.agent.ID}
		r, err := e.row(ctx, n)
		if err != nil {
			return err
		}
		called, login := r.Name.hear(h.agent.Name, h.at), r.Username.hear(h.agent.Username, h.at)
		if called || login {
			p.change(n, r)
		}
	}
	for _, c := range p.contacts {
		if c.ContactID == "" {
			continue
		}
		if err := e.meetContact(ctx, c); err != nil {
			return err
		}
	}
	p.heard, p.contacts = nil, nil
	return nil
}

func (e *engine) meetContact(ctx context.Context, c conversation.Person) error {
	p, n := &e.people, name{contactRow, c.ContactID}
	r, err := e.row(ctx, n)
	if err != nil {
		return err
	}
	known := r.Contact
	merge(&known.UserID, c.UserID)
	merge(&known.AnonymousID, c.AnonymousID)
	merge(&known.Email, c.Email)
	merge(&known.Name, c.Name)
	if known == r.Contact {
		return nil
	}
	if there, err := e.anyContacts(ctx); err != nil {
		return err
	} else if !there {
		p.change(anyContact, &row{Contact: conversation.Person{ContactID: "yes"}})
		*p.any = true
	}
	r.Contact = known
	p.change(n, r)
	return nil
}

func merge(field *string, value string) {
	if value != "" {
		*field = value
	}
}

// anyContacts reports whether any contact is known. Most tools tell of none.
func (e *engine) anyContacts(ctx context.Context) (bool, error) {
	if e.people.any == nil {
		r, err := e.row(ctx, anyContact)
		if err != nil {
			return false, err
		}
		there := r.Contact.ContactID != ""
		e.people.any = &there
	}
	return *e.people.any, nil
}

// complete fills in what an activity leaves out of people. What it says itself
// counts most, the configuration's word comes next.
func (e *engine) complete(ctx context.Context, agents map[string]conversation.Agent, a *conversation.Activity) error {
	if id := a.Agent.ID; id != "" {
		fill(&a.Agent.Name, agents[id].Name)
		fill(&a.Agent.Username, agents[id].Username)
		if a.Agent.Name == "" || a.Agent.Username == "" {
			r, err := e.row(ctx, name{agentKind(a), id})
			if err != nil {
				return err
			}
			fill(&a.Agent.Name, r.Name.Value)
			fill(&a.Agent.Username, r.Username.Value)
		}
	}
	c := &a.Customer
	if c.ContactID == "" || c.UserID != "" && c.AnonymousID != "" {
		return nil
	}
	if there, err := e.anyContacts(ctx); err != nil || !there {
		return err
	}
	r, err := e.row(ctx, name{contactRow, c.ContactID})
	if err != nil {
		return err
	}
	fill(&c.UserID, r.Contact.UserID)
	fill(&c.AnonymousID, r.Contact.AnonymousID)
	fill(&c.Email, r.Contact.Email)
	fill(&c.Name, r.Contact.Name)
	return nil
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
