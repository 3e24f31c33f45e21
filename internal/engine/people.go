package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/fxamacker/cbor/v2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Rows that hold what is known of people stand among the conversations, under
// names that no tool's conversation has.
const (
	agentRow     = "\x00agent\x00"
	botRow       = "\x00bot\x00"
	contactRow   = "\x00contact\x00"
	contactsSeen = "\x00contacts" // there are contacts at all
)

// peopleInMemory bounds those who need not be asked for again.
const peopleInMemory = 10_000

// people are whom a source has told of beside the conversation at hand: what
// one webhook tells of an agent or a contact completes what another leaves out.
type people struct {
	rows    map[string]*row // by name of the row
	changed map[string]*row // and not committed yet
	any     *bool           // whether any contact is known; nil if not asked yet
}

// A row is an agent or a contact; the zero row is known to be unknown.
type row struct {
	Agent   conversation.Agent  `cbor:"1,keyasint,omitzero"`
	Contact conversation.Person `cbor:"2,keyasint,omitzero"`
}

// row returns a row of the source, also one of which nothing is known.
func (e *engine) row(ctx context.Context, name string) (*row, error) {
	p := &e.people
	if r := p.rows[name]; r != nil {
		return r, nil
	}
	b, _, err := e.o.Journal.Load(ctx, e.conversation(name), nil)
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
			p.rows = map[string]*row{}
		}
	}
	p.rows[name] = r
	return r, nil
}

// change notes that a row is to be written with the next commit.
func (p *people) change(name string, r *row) {
	if p.changed == nil {
		p.changed = map[string]*row{}
	}
	p.changed[name] = r
}

// write returns the rows that are to be written. They stay so until the commit
// has succeeded.
func (e *engine) write(out []journal.Applied) ([]journal.Applied, error) {
	for _, name := range slices.Sorted(maps.Keys(e.people.changed)) {
		b, err := e.mode.Marshal(e.people.changed[name])
		if err != nil {
			return nil, err
		}
		out = append(out, journal.Applied{Conversation: e.conversation(name), State: b})
	}
	return out, nil
}

// meet takes in whom webhooks told of beside any conversation.
func (e *engine) meet(ctx context.Context) error {
	for _, a := range e.agents {
		if err := e.learnAgent(ctx, agentRow, a); err != nil {
			return err
		}
	}
	for _, c := range e.contacts {
		if c.ContactID == "" {
			continue
		}
		name := contactRow + c.ContactID
		r, err := e.row(ctx, name)
		if err != nil {
			return err
		}
		was := r.Contact
		merge(&r.Contact.UserID, c.UserID)
		merge(&r.Contact.AnonymousID, c.AnonymousID)
		merge(&r.Contact.Email, c.Email)
		merge(&r.Contact.Name, c.Name)
		if r.Contact == was {
			continue
		}
		e.people.change(name, r)
		seen, err := e.row(ctx, contactsSeen)
		if err != nil {
			return err
		}
		seen.Contact.ContactID = "yes"
		e.people.change(contactsSeen, seen)
		yes := true
		e.people.any = &yes
	}
	e.agents, e.contacts = nil, nil
	return nil
}

// learnAgent remembers what is known of an agent beside the ID.
func (e *engine) learnAgent(ctx context.Context, rows string, a conversation.Agent) error {
	if a.ID == "" || a.Name == "" && a.Username == "" {
		return nil
	}
	name := rows + a.ID
	r, err := e.row(ctx, name)
	if err != nil {
		return err
	}
	was := r.Agent
	merge(&r.Agent.Name, a.Name)
	merge(&r.Agent.Username, a.Username)
	if r.Agent != was {
		e.people.change(name, r)
	}
	return nil
}

func merge(field *string, value string) {
	if value != "" {
		*field = value
	}
}

// complete fills in what an activity leaves out of people. What it says itself
// counts more, the configuration's word comes next.
func (e *engine) complete(ctx context.Context, agents map[string]conversation.Agent, a *conversation.Activity) error {
	if a.Agent.ID != "" {
		rows := agentRow
		if a.By == conversation.Bot {
			rows = botRow // people and bots may have the same IDs
		}
		if err := e.learnAgent(ctx, rows, a.Agent); err != nil {
			return err
		}
		fill(&a.Agent.Name, agents[a.Agent.ID].Name)
		fill(&a.Agent.Username, agents[a.Agent.ID].Username)
		if a.Agent.Name == "" || a.Agent.Username == "" {
			r, err := e.row(ctx, rows+a.Agent.ID)
			if err != nil {
				return err
			}
			fill(&a.Agent.Name, r.Agent.Name)
			fill(&a.Agent.Username, r.Agent.Username)
		}
	}
	if a.Customer.ContactID == "" || a.Customer.UserID != "" {
		return nil
	}
	if e.people.any == nil {
		seen, err := e.row(ctx, contactsSeen)
		if err != nil {
			return err
		}
		yes := seen.Contact.ContactID != ""
		e.people.any = &yes
	}
	if !*e.people.any {
		return nil
	}
	r, err := e.row(ctx, contactRow+a.Customer.ContactID)
	if err != nil {
		return err
	}
	fill(&a.Customer.UserID, r.Contact.UserID)
	fill(&a.Customer.AnonymousID, r.Contact.AnonymousID)
	fill(&a.Customer.Email, r.Contact.Email)
	fill(&a.Customer.Name, r.Contact.Name)
	return nil
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}
