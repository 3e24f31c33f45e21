// Package freshchat reads the webhooks of Freshchat.
//
// A webhook holds ids of people only; the API knows who they are.
//
// Sources: https://crmsupport.freshworks.com/en/support/solutions/articles/50000004461
// in its versions of 2018 to 2022, https://developers.freshchat.com/api/, and a
// recorded webhook of 2019 with its signature.
package freshchat

import (
	"cmp"
	"errors"
	"net/url"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// keep is how long what the API says of somebody may serve.
const keep = time.Hour

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "freshchat",
		Title:  "Freshchat",
		Reopen: conversation.Restart, // without interactions, a user's conversation goes on for years
		API:    &connector.API{},     // every account has an address of its own
		Check:  check,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "those that bot_ids names",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: connector.Yes, AnonymousID: "from a user property", Email: connector.Yes,
			Signature: "RSA-SHA256", Retries: "it counts them; no policy is published",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

func check(o connector.Options) error {
	for _, secret := range o.Secrets {
		if _, err := connector.ParseRSA(secret); err != nil {
			return errors.New("secret: is not an RSA public key; copy all of it from Freshchat's webhook settings, with its BEGIN and END")
		}
	}
	return nil
}

// A Connector reads the webhooks of one Freshchat account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

const signature = "X-Freshchat-Signature"

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	return c.o.VerifyRSA(r.Header.Get(signature), r.Body)
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("freshchat", err)
	}
	t := telling{c: c, r: r, w: &w}
	switch w.Action {
	case "message_create":
		err = t.message()
	case "conversation_assignment":
		err = t.assignment()
	case "conversation_resolution":
		err = t.change(&w.Data.Resolve, conversation.Closed, "closed:")
	case "conversation_reopen":
		err = t.change(&w.Data.Reopen, conversation.Reopened, "reopened:")
	default:
		t.Dropped = []string{"unknown_event"}
	}
	return t.Parsed, err
}

// A telling is what one webhook says.
type telling struct {
	connector.Parsed
	c *Connector
	r *connector.Request
	w *webhook
}

// message adds a message that somebody wrote to the other side.
func (t *telling) message() error {
	m := &t.w.Data.Message
	kind, id := cmp.Or(m.ActorType, t.w.Actor.Type), cmp.Or(m.ActorID, t.w.Actor.ID)
	at := cmp.Or(m.CreatedTime, t.w.ActionTime)
	if m.ID == "" || m.ConversationID == "" || at.IsZero() {
		return errors.New("freshchat: message without id, conversation_id or time")
	}
	reason := m.hidden()
	by := t.c.author(kind, id)
	if reason == "" && by == "" {
		reason = "unknown_author"
	}
	if reason != "" {
		t.Dropped = append(t.Dropped, reason)
		return nil
	}
	a := conversation.Activity{
		ID: "message:" + string(m.ID), Type: conversation.Message, By: by, Time: at.Time,
		Conversation: string(cmp.Or(m.InteractionID, m.ConversationID)),
		Message:      conversation.Text{ID: string(m.ID), Body: m.plain()},
	}
	user := m.UserID
	switch by {
	case conversation.Customer:
		user, a.Channel = cmp.Or(user, id), channel(m.Source)
	case conversation.HumanAgent, conversation.Bot:
		a.Agent.ID = string(id)
	}
	return t.add(a, user)
}

// assignment adds that somebody became responsible, or nobody.
func (t *telling) assignment() error {
	v := &t.w.Data.Assignment
	a := conversation.Activity{Type: conversation.Assigned, Agent: conversation.Agent{ID: string(v.ToAgentID)}}
	return t.happened(a, v.Interaction, v.Conversation, "assigned:")
}

// change adds that the conversation ended, or was opened again.
func (t *telling) change(v *change, kind conversation.Type, prefix string) error {
	actor, id := cmp.Or(v.Resolver, v.Reopener, t.w.Actor.Type), cmp.Or(v.ResolverID, v.ReopenerID, t.w.Actor.ID)
	a := conversation.Activity{Type: kind, By: t.c.author(actor, id), Agent: conversation.Agent{ID: string(v.Conversation.AssignedAgentID)}}
	switch a.By {
	case conversation.Automation:
		a.By = conversation.System
	case conversation.HumanAgent:
		a.Agent.ID = string(id)
	}
	return t.happened(a, v.Interaction, v.Conversation, prefix)
}

// happened adds what happened to a conversation.
func (t *telling) happened(a conversation.Activity, interaction field.ID, chat chat, prefix string) error {
	a.Conversation, a.Time = string(cmp.Or(interaction, chat.InteractionID, chat.ID)), t.w.ActionTime.Time
	if a.Conversation == "" || a.Time.IsZero() {
		return errors.New("freshchat: conversation without id or action_time")
	}
	a.ID = prefix + a.Time.UTC().Format(time.RFC3339Nano)
	return t.add(a, "")
}

// add adds an activity, with what the API knows of its people.
func (t *telling) add(a conversation.Activity, user field.ID) error {
	if a.Agent.ID != "" {
		var who person
		if err := t.ask("/v2/agents/"+url.PathEscape(a.Agent.ID), &who); err != nil {
			return err
		}
		a.Agent.Name, a.Agent.Username = who.name(), string(who.Email)
	}
	if user != "" {
		var who person
		if err := t.ask("/v2/users/"+url.PathEscape(string(user)), &who); err != nil {
			return err
		}
		a.Customer = t.c.customer(string(user), who)
	}
	t.Activities = append(t.Activities, a)
	return nil
}

// ask reads what the API says, if it has been asked, and asks if not.
func (t *telling) ask(path string, v *person) error {
	answer, known := t.r.Answers[path]
	switch {
	case !known:
		t.Lookups = append(t.Lookups, connector.Lookup{Path: path, Keep: keep})
	case answer != nil:
		if err := field.Decode(answer, v); err != nil {
			return field.Malformed("freshchat", err)
		}
	}
	return nil
}

// author says who somebody is, or "" if that is not known. Bots are agents too;
// no webhook tells them from people.
func (c *Connector) author(kind string, id field.ID) conversation.Author {
	switch kind {
	case "user":
		return conversation.Customer
	case "agent":
		if c.o.IsBot(string(id)) {
			return conversation.Bot
		}
		return conversation.HumanAgent
	case "system":
		return conversation.Automation
	}
	return ""
}

// customer is what is known of a user.
func (c *Connector) customer(id string, who person) conversation.Person {
	p := conversation.Person{ContactID: id, Email: string(who.Email), Name: who.name(), UserID: string(who.ReferenceID),
		AnonymousID: who.property(c.o.AnonymousIDFields()...)}
	if c.o.UserIDField != "" {
		p.UserID = who.property(c.o.UserIDField)
	}
	return p
}

// channel says how a user writes. Freshchat's channels are chat and messengers,
// but for these.
func channel(source field.Text) string {
	switch source {
	case "email", "sms":
		return string(source)
	}
	return "chat"
}
