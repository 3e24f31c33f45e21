// Package zendeskevents reads the event webhooks of Zendesk: messages of
// messaging tickets, and what happens to tickets and users.
//
// The ticket is the conversation. Of what happens to it only the ticket's id
// is told, and a user's messaging conversation goes on through many tickets.
//
// Source: https://developer.zendesk.com/api-reference/webhooks/event-types/messaging-events,
// .../ticket-events, .../user-events, and
// https://developer.zendesk.com/documentation/webhooks/verifying/
package zendeskevents

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	const users = "with user events"
	return connector.Type{
		Name:   "zendesk-events",
		Title:  "Zendesk (event webhooks)",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: "of people; a bot's is zd:answerBot", AgentName: connector.Yes, AgentUsername: users + ": their e-mail address",
			Duration: connector.Yes, ConversationID: "the ticket's", Body: connector.Yes, Message: connector.Yes,
			UserID: users + ": the external id", AnonymousID: connector.No, Email: users,
			Signature: "HMAC-SHA256 with time", Retries: "only after 409, 429 and 503",
		},
		New: func(o connector.Options) connector.Connector {
			o.Secrets = slices.DeleteFunc(slices.Clone(o.Secrets), func(s string) bool { return s == testSecret })
			return &Connector{o}
		},
	}
}

// A Connector reads the event webhooks of one Zendesk account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Zendesk-Webhook-Signature", Signed: "{time}{body}", Encoding: "base64",
	Time: "X-Zendesk-Webhook-Signature-Timestamp", Unit: "rfc3339"}

// testSecret signs the tests of webhooks that are not saved yet, everybody's.
const testSecret = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err = field.Decode(r.Body, &w); err != nil {
		// What is of no interest may have any shape.
		var e struct {
			Type field.Text `json:"type"`
		}
		if field.Decode(r.Body, &e) != nil {
			return p, field.Malformed("zendesk-events", err)
		}
		w = webhook{Type: string(e.Type)}
	}
	var read func(webhook) (connector.Parsed, error)
	family, name, _ := strings.Cut(w.kind(), ".")
	switch family + "." + name {
	case "messaging_ticket.message_added":
		read = message
	case "ticket.created":
		read = created
	case "ticket.status_changed":
		read = status
	case "ticket.agent_assignment_changed":
		read = assigned
	case "ticket.comment_added":
		read = comment
	default:
		switch family {
		case "user":
			read = person
		case "ticket", "organization", "article", "community_post", "agent", "omnichannel_config":
			return p, nil // nothing that becomes known by it is an activity
		default:
			return dropped("unknown_event"), nil
		}
	}
	if err != nil {
		return p, field.Malformed("zendesk-events", err)
	}
	return read(w)
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

func one(a conversation.Activity) (connector.Parsed, error) {
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// message tells of a message in a messaging ticket, if it is known who wrote
// it. Notes are comments of the ticket, and no such messages.
func message(w webhook) (connector.Parsed, error) {
	e := w.Event
	if e.Message.ID == "" || w.Detail.ID == "" || w.Time.IsZero() {
		return connector.Parsed{}, errors.New("zendesk-events: message without event.message.id, detail.id or time")
	}
	a := conversation.Activity{ID: "message:" + string(e.Message.ID), Type: conversation.Message, Conversation: string(w.Detail.ID),
		Time: w.Time.Time, Channel: "messaging", Message: conversation.Text{ID: string(e.Message.ID), Body: strings.TrimSpace(string(e.Message.Body))}}
	switch e.Actor.Type {
	case "end_user":
		a.By, a.Customer = conversation.Customer, conversation.Person{ContactID: string(e.Actor.ID), Name: e.Actor.Name}
	case "agent":
		a.By, a.Agent = conversation.HumanAgent, conversation.Agent{ID: string(e.Actor.ID), Name: e.Actor.Name}
	case "trigger":
		a.By = conversation.Automation
	case "system":
		a.By = conversation.Automation
		if e.Actor.ID == "zd:answerBot" {
			a.By, a.Agent = conversation.Bot, conversation.Agent{ID: string(e.Actor.ID), Name: e.Actor.Name}
		}
	default:
		return dropped("unknown_author"), nil
	}
	return one(a)
}

// about starts an activity with what an event tells of its ticket.
func about(w webhook, t conversation.Type, id string) (conversation.Activity, error) {
	if w.Detail.ID == "" || w.Time.IsZero() {
		return conversation.Activity{}, fmt.Errorf("zendesk-events: %s without detail.id or time", w.kind())
	}
	return conversation.Activity{ID: id, Type: t, Conversation: string(w.Detail.ID), Time: w.Time.Time, Channel: channel(w.Detail.Via.Channel)}, nil
}

// created tells who asked for a ticket. Its description is no message.
func created(w webhook) (connector.Parsed, error) {
	a, err := about(w, conversation.Identified, "created")
	if err != nil {
		return connector.Parsed{}, err
	}
	if !w.Detail.CreatedAt.IsZero() {
		a.Time = w.Detail.CreatedAt.Time
	}
	if a.Channel == "" {
		a.Channel = "ticket" // until a message says that it is messaging
	}
	a.Customer.ContactID = string(w.Detail.RequesterID)
	a.Agent.ID = w.Detail.assignee()
	return one(a)
}

// status tells that a ticket was solved, or taken up again. That a solved one
// is closed, days later, is Zendesk's own housekeeping.
func status(w webhook) (connector.Parsed, error) {
	stamp := w.Time.UTC().Format(time.RFC3339Nano)
	now, before := strings.ToUpper(scalar(w.Event.Current)), strings.ToUpper(scalar(w.Event.Previous))
	over := func(status string) bool { return status == "SOLVED" || status == "CLOSED" }
	open := func(status string) bool {
		return status == "NEW" || status == "OPEN" || status == "PENDING" || status == "HOLD"
	}
	switch {
	case over(now) && !over(before):
		a, err := about(w, conversation.Closed, "closed:"+stamp)
		if err != nil {
			return connector.Parsed{}, err
		}
		a.By = w.Detail.actor()
		a.Agent.ID = w.Detail.assignee()
		return one(a)
	case open(now) && over(before):
		a, err := about(w, conversation.Reopened, "reopened:"+stamp)
		if err != nil {
			return connector.Parsed{}, err
		}
		a.Agent.ID = w.Detail.assignee()
		return one(a)
	}
	return connector.Parsed{}, nil
}

// assigned tells who is responsible for a ticket.
func assigned(w webhook) (connector.Parsed, error) {
	a, err := about(w, conversation.Assigned, "assigned:"+w.Time.UTC().Format(time.RFC3339Nano))
	if err != nil {
		return connector.Parsed{}, err
	}
	if id := scalar(w.Event.Current); id != "0" {
		a.Agent.ID = id
	}
	return one(a)
}

// comment tells of a public comment of a ticket that is no messaging: there
// the comments are transcripts, and what is written beside the messages.
func comment(w webhook) (connector.Parsed, error) {
	m := w.Event.Comment
	if m.Public == nil || !*m.Public {
		return dropped("private_note"), nil
	}
	a, err := about(w, conversation.Message, "message:"+string(m.ID))
	if err != nil || m.ID == "" {
		return connector.Parsed{}, errors.New("zendesk-events: comment without event.comment.id, detail.id or time")
	}
	switch {
	case a.Channel == "messaging" || a.Channel == "chat":
		return dropped("ticket_comment"), nil
	case m.Author.Staff == nil:
		return dropped("unknown_author"), nil
	case *m.Author.Staff:
		a.By, a.Agent = conversation.HumanAgent, conversation.Agent{ID: string(m.Author.ID), Name: m.Author.Name}
	default:
		a.By, a.Customer = conversation.Customer, conversation.Person{ContactID: string(m.Author.ID), Name: m.Author.Name}
	}
	if a.Channel == "" {
		a.Channel = "ticket"
	}
	a.Message = conversation.Text{ID: string(m.ID), Body: strings.TrimSpace(string(m.Body))}
	return one(a)
}

// person tells what became known of a user.
func person(w webhook) (p connector.Parsed, err error) {
	d, name := w.Detail, ""
	if w.kind() == "user.name_changed" {
		name = scalar(w.Event.Current)
	}
	if d.ID == "" {
		return p, nil
	}
	switch d.Role {
	case "end-user":
		p.Contacts = []conversation.Person{{ContactID: string(d.ID), UserID: string(d.ExternalID), Email: string(d.Email), Name: name}}
	case "agent", "admin":
		// People log in with their e-mail address.
		p.Agents = []conversation.Agent{{ID: string(d.ID), Name: name, Username: string(d.Email)}}
	}
	return p, nil
}

// channel puts where a ticket came from in our words. Of what programs made
// it is not known.
func channel(via string) string {
	switch via {
	case "chat", "email", "sms":
		return via
	case "native_messaging", "whatsapp", "line", "wechat", "telegram", "viber", "kakaotalk", "instagram_dm", "twitter_dm",
		"apple_business_chat", "google_business_messages", "google_rcs":
		return "messaging"
	case "voice", "phone_call_inbound", "phone_call_outbound", "voicemail":
		return "phone"
	}
	if strings.HasPrefix(via, "sunshine_conversations_") {
		return "messaging"
	}
	return ""
}
