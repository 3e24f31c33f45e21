// Package userlike reads what Userlike's API add-on sends (Userlike is now part
// of Lime Connect).
//
// Every webhook about a session holds its messages so far, and the one about
// its end all of them. Times have no zone.
//
// Source: https://docs.userlike.com/developers/api/add-on for the names of
// events; for what they hold, recorded webhooks of 2014 to 2017, whose names
// were others, and public programs that read Userlike's API.
package userlike

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:     "userlike",
		Title:    "Userlike",
		Reopen:   conversation.Continue,
		Zoneless: true,
		Signs:    connector.Never,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "if bot_ids names them",
			AgentID: "of operators whom the webhook tells of", AgentName: connector.Yes, AgentUsername: "once a webhook about the operator told it",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: "made from author, time and text",
			UserID: "from the custom data", AnonymousID: "from the custom data", Email: connector.Yes,
			Signature: "none; a token in a header or in the address, if wanted", Retries: "not documented",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Userlike account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var (
	token  = connector.Scheme{Header: "Authorization", Query: "token", Hash: connector.Token}
	bearer = connector.Scheme{Header: "Authorization", Hash: connector.Token, Value: "Bearer {signature}"}
)

// Verify implements connector.Connector. Userlike signs nothing, but calls any
// address, and sends what further headers it is told.
func (c *Connector) Verify(r *connector.Request) error {
	if len(c.o.Secrets) == 0 || bearer.Verify(c.o, r) == nil {
		return nil
	}
	return token.Verify(c.o, r)
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		var e struct {
			Type  string `json:"_type"`
			Event string `json:"_event"`
		}
		if field.Decode(r.Body, &e) != nil {
			return connector.Parsed{}, field.Malformed("userlike", err)
		}
		w.Type, w.Event = e.Type, e.Event
	}
	switch w.Type {
	case "chat_session", "chat_meta", "conversation", "operator":
		if err != nil {
			return connector.Parsed{}, field.Malformed("userlike", err)
		}
	case "offline_message", "chat_widget", "um_widget":
		return connector.Parsed{}, nil
	default:
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	if w.ID == "" {
		return connector.Parsed{}, errors.New("userlike: webhook without id")
	}
	w.customer = c.customer(w)
	switch w.Type {
	case "operator":
		return connector.Parsed{Agents: []conversation.Agent{w.operator.agent()}}, nil
	case "conversation":
		return c.conversation(w), nil
	}
	return c.session(w), nil
}

// conversation tells that a conversation is over.
func (c *Connector) conversation(w webhook) (p connector.Parsed) {
	at := c.time(w.Ended)
	switch {
	case w.Event != "ended":
		p.Dropped = append(p.Dropped, "unknown_event")
	case at.IsZero():
		p.Dropped = append(p.Dropped, "no_time")
	default:
		p.Activities = append(p.Activities, about(w, conversation.Closed, "closed:"+at.Format(time.RFC3339), at))
	}
	return p
}

// session tells what was said so far, and what happened.
func (c *Connector) session(w webhook) connector.Parsed {
	p := c.messages(w)
	// How long the session has lasted tells when the webhook was made.
	now := c.time(w.Created)
	if d, ok := w.lasted(); ok && !now.IsZero() {
		now = now.Add(d)
	}
	add := func(t conversation.Type, id string, at time.Time) {
		if at.IsZero() {
			p.Dropped = append(p.Dropped, "no_time")
			return
		}
		a := about(w, t, id, at)
		if w.Current != nil {
			a.Agent = w.Current.agent()
		}
		p.Activities = append(p.Activities, a)
	}
	switch w.Event {
	case "start":
		began := c.time(w.Created)
		add(conversation.Identified, "created", began)
	case "forward":
		if w.Current != nil {
			add(conversation.Assigned, "assigned:"+now.Format(time.RFC3339)+":"+string(w.Current.ID), now)
		}
	case "end", "receive": // its name in 2014
		ended := cmp.Or(c.time(w.Ended), now)
		add(conversation.Closed, "closed:"+ended.Format(time.RFC3339), ended)
	case "message_received", "message_sent":
		if len(w.Messages) == 0 {
			p.Dropped = append(p.Dropped, "no_messages")
		}
	case "unread", "rating", "feedback", "survey", "goal":
	default:
		p.Dropped = append(p.Dropped, "unknown_event")
	}
	return p
}

// messages tells what was said. Userlike gives messages no ids.
func (c *Connector) messages(w webhook) (p connector.Parsed) {
	occurrences, order := connector.Occurrences{}, connector.Order{}
	p.Activities = make([]conversation.Activity, 0, len(w.Messages)+1) // and the end
	for _, m := range w.Messages {
		by, agent, reason := c.author(w, m)
		at := c.time(m.Sent)
		if at.IsZero() {
			reason = cmp.Or(reason, "no_time")
		}
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
			continue
		}
		body := strings.TrimSpace(string(cmp.Or(m.Message, m.Body)))
		id := occurrences.ID(string(by), string(m.Sent), body)
		a := about(w, conversation.Message, "message:"+id, order.Next(at))
		a.By, a.Agent, a.Message = by, agent, conversation.Text{ID: id, Body: body}
		p.Activities = append(p.Activities, a)
	}
	return p
}

// author says who wrote a message, or why that is not known. Only the
// customer's type is known for certain; an operator's is believed if the
// webhook tells of such an operator.
func (c *Connector) author(w webhook, m message) (by conversation.Author, who conversation.Agent, reason string) {
	name := string(cmp.Or(m.Person, m.DisplayName, m.Name))
	switch m.Type {
	case "co", "contact":
		return conversation.Customer, who, ""
	case "cc", "oc", "op", "operator":
	default:
		return "", who, "unknown_author"
	}
	who = conversation.Agent{ID: string(m.Operator), Name: name}
	known := m.Type == "operator"
	for _, o := range []*operator{w.Current, w.First} {
		if o != nil && (m.Operator != "" && o.ID == m.Operator || m.Operator == "" && name != "" && (name == string(o.Name) || name == string(o.FirstName))) {
			who, known = o.agent(), true
			break
		}
	}
	switch {
	case !known:
		return "", who, "unknown_author"
	case c.o.IsBot(who.ID):
		return conversation.Bot, who, ""
	}
	return conversation.HumanAgent, who, ""
}

// about starts an activity with what every webhook about a session tells.
func about(w webhook, t conversation.Type, id string, at time.Time) conversation.Activity {
	a := conversation.Activity{ID: id, Type: t, Conversation: string(w.ID), Time: at, Channel: "chat", Customer: w.customer}
	if t == conversation.Identified {
		a.StartedAt = at
	}
	return a
}

func (c *Connector) customer(w webhook) conversation.Person {
	userIDs := []string{"user_id", "external_id"}
	if c.o.UserIDField != "" {
		userIDs = []string{c.o.UserIDField}
	}
	return conversation.Person{
		UserID:      w.Custom.First(userIDs...),
		AnonymousID: w.Custom.First(c.o.AnonymousIDFields()...),
		ContactID:   string(w.ClientID), Email: string(w.ClientEmail), Name: string(w.ClientName),
	}
}

// time reads a time of the account's zone; none is the zero time.
func (c *Connector) time(s field.Text) time.Time {
	zone := time.UTC
	if c.o.Zone != nil {
		zone = c.o.Zone
	}
	t, err := field.ParseTimeIn(string(s), zone)
	if err != nil {
		return time.Time{}
	}
	return t
}
