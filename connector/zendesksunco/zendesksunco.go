// Package zendesksunco reads the webhooks of Sunshine Conversations v2, the
// platform below Zendesk messaging.
//
// A webhook holds a list of events, each with a payload of its own.
//
// Source: zendesk/sunshine-conversations-api-spec 17.12.1 (openapi.yaml), and
// https://developer.zendesk.com/documentation/conversations/messaging-platform/webhooks/
// The metadata that Zendesk's Agent Workspace writes beside a message is not
// documented; it is as Zendesk's own mobile SDKs and web widgets read it.
package zendesksunco

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
	return connector.Type{
		Name:   "zendesk-sunco",
		Title:  "Zendesk Sunshine Conversations",
		Reopen: conversation.Restart, // a user's conversation goes on for years, through many tickets
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: "when the ticket closes, or the customer ends the chat",
			Bots: connector.Yes, AgentID: "of people; bots have none", AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "the externalId of a user who is authenticated", AnonymousID: "from metadata", Email: "with includeFullUser",
			Signature: "token in the X-API-Key header", Retries: "up to 5 attempts in 15 minutes",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Sunshine Conversations app.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// scheme is the secret of the webhook itself.
var scheme = connector.Scheme{Header: "X-API-Key", Hash: connector.Token}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("zendesk-sunco", err)
	}
	if len(w.Events) == 0 {
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	for _, e := range w.Events {
		if err := c.event(e, &p); err != nil {
			return connector.Parsed{}, err
		}
	}
	return p, nil
}

// event adds what one event tells.
func (c *Connector) event(e event, p *connector.Parsed) error {
	var read func(event, *payload, *connector.Parsed) error
	switch e.Type {
	case "conversation:message":
		read = c.message
	case "conversation:create":
		read = c.created
	case "switchboard:releaseControl", "switchboard:passControl":
		read = c.control
	case "user:merge", "user:update":
		read = c.person
	case "client:add", "client:remove", "client:update", "conversation:join", "conversation:leave", "conversation:remove",
		"conversation:message:delivery:channel", "conversation:message:delivery:failure", "conversation:message:delivery:user",
		"conversation:postback", "conversation:read", "conversation:referral", "conversation:typing", "passthrough:messaging",
		"switchboard:acceptControl", "switchboard:acceptControl:failure", "switchboard:offerControl", "switchboard:offerControl:failure",
		"switchboard:passControl:failure", "switchboard:releaseControl:failure", "user:remove":
		return nil // nothing that becomes known by it is an activity, and it may have any shape
	default:
		p.Dropped = append(p.Dropped, "unknown_event")
		return nil
	}
	var v payload
	if err := field.Decode(e.Payload, &v); err != nil {
		return field.Malformed("zendesk-sunco", err)
	}
	return read(e, &v, p)
}

// message adds a message, if it is known who wrote it, or the end that it
// reports.
func (c *Connector) message(e event, v *payload, p *connector.Parsed) error {
	m := &v.Message
	if m.ID == "" || v.Conversation.ID == "" || m.Received.IsZero() {
		return errors.New("zendesk-sunco: message without id, conversation.id or received")
	}
	a := conversation.Activity{
		ID: "message:" + string(m.ID), Type: conversation.Message, Conversation: string(v.Conversation.ID), Time: m.Received.Time,
		Channel: channel(m.Source.Type),
	}
	if by, ended := m.Activity.end(); ended {
		closed(&a, by)
		p.Activities = append(p.Activities, a)
		return nil
	}
	writer := m.agentID()
	by, reason := m.author(writer)
	if reason == "" {
		reason = m.unread()
	}
	if reason != "" {
		p.Dropped = append(p.Dropped, reason)
		return nil
	}
	a.By = by
	a.Message = conversation.Text{ID: string(m.ID), Body: m.Content.plain()}
	switch by {
	case conversation.Customer:
		a.Customer = c.customer(m.Author.User, m.Metadata)
		if a.Customer.ContactID == "" {
			a.Customer.ContactID = string(m.Author.UserID)
		}
		if a.Customer.Name == "" && !anonymous.MatchString(m.Author.DisplayName) {
			a.Customer.Name = m.Author.DisplayName
		}
	case conversation.HumanAgent:
		a.Agent = conversation.Agent{ID: writer, Name: m.Author.DisplayName}
	case conversation.Bot:
		a.Agent = conversation.Agent{Name: m.Author.DisplayName}
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// closed makes of an activity that the conversation ended. The same end told
// twice has the same time.
func closed(a *conversation.Activity, by conversation.Author) {
	a.Type, a.By, a.ID = conversation.Closed, by, "closed:"+a.Time.UTC().Format(time.RFC3339Nano)
}

// created adds that a conversation is there. Most reasons for it are none of
// the customer's: it is no beginning in the specification's sense.
func (c *Connector) created(e event, v *payload, p *connector.Parsed) error {
	if v.Conversation.ID == "" || e.CreatedAt.IsZero() {
		return errors.New("zendesk-sunco: conversation without id or createdAt")
	}
	p.Activities = append(p.Activities, conversation.Activity{
		ID: "created", Type: conversation.Identified, Conversation: string(v.Conversation.ID), Time: e.CreatedAt.Time,
		Channel: channel(v.Source.Type), Customer: c.customer(v.User, v.Conversation.Metadata),
	})
	return nil
}

// control adds that a conversation ended, if that is why it was handed back.
// An agent who takes it to e-mail ends the chat, but not the conversation.
func (c *Connector) control(e event, v *payload, p *connector.Parsed) error {
	var by conversation.Author
	switch v.Reason {
	case "ticketClosed":
	case "transferToEmail":
		by = conversation.System
	default:
		return nil
	}
	if v.Conversation.ID == "" || e.CreatedAt.IsZero() {
		return fmt.Errorf("zendesk-sunco: %s without conversation.id or createdAt", e.Type)
	}
	a := conversation.Activity{Conversation: string(v.Conversation.ID), Time: e.CreatedAt.Time}
	closed(&a, by)
	p.Activities = append(p.Activities, a)
	return nil
}

// person adds what became known of a user. Two that were merged are one.
func (c *Connector) person(_ event, v *payload, p *connector.Parsed) error {
	for _, u := range []user{v.User, v.Merged.Surviving} {
		if u.ID != "" {
			p.Contacts = append(p.Contacts, c.customer(u, nil))
		}
	}
	if was := v.Merged.Discarded; was.ID != "" && v.Merged.Surviving.ID != "" {
		same := c.customer(v.Merged.Surviving, nil)
		same.ContactID = string(was.ID)
		p.Contacts = append(p.Contacts, same)
	}
	return nil
}

// customer is what is known of a user. Any visitor can claim an externalId;
// Zendesk vouches for that of an authenticated one.
func (c *Connector) customer(u user, metadata field.Object) conversation.Person {
	keys := c.o.AnonymousIDFields()
	p := conversation.Person{ContactID: string(u.ID), Email: u.Profile.Email, AnonymousID: u.Metadata.First(keys...),
		Name: strings.TrimSpace(u.Profile.GivenName + " " + u.Profile.Surname)}
	if p.AnonymousID == "" {
		p.AnonymousID = metadata.First(keys...)
	}
	if u.Authenticated || c.o.UnverifiedIDs {
		p.UserID = string(u.ExternalID)
	}
	if k := c.o.UserIDField; k != "" {
		p.UserID = u.Metadata.Text(k)
	}
	return p
}

// author says who wrote a message of an agentID, or why that is not known.
func (m *message) author(agent string) (by conversation.Author, reason string) {
	is := func(subtype string) bool { return slices.Contains(m.Author.Subtypes, subtype) }
	unmarked := len(m.Author.Subtypes) == 0
	switch {
	case m.Activity.Type != "" || is("activity"):
		return "", "activity_line"
	case m.Author.Type == "user" && unmarked:
		return conversation.Customer, ""
	case m.Author.Type != "business":
		return "", "unknown_author"
	case is("AI") || is("bot") || m.Source.Type == "zd:answerBot":
		return conversation.Bot, ""
	case agent == "__trigger":
		return conversation.Automation, ""
	case is("agent") || unmarked && digits(agent):
		return conversation.HumanAgent, ""
	case unmarked && agent == "":
		return conversation.Automation, "" // somebody's program, through the API
	}
	return "", "unknown_author"
}

// unread says why a message of a known author is none that people read.
func (m *message) unread() string {
	if m.Deleted {
		return "deleted"
	}
	switch m.Content.Type {
	case "text", "image", "file", "carousel", "list", "location", "template":
		return ""
	case "form", "formResponse":
		return "form"
	}
	return "unknown_kind"
}

// channel puts the kind of a client in our words; the company's own ends tell
// nothing.
func channel(kind string) string {
	switch kind {
	case "web", "ios", "android", "unity", "sdk":
		return "chat"
	case "twilio", "messagebird", "sms":
		return "sms"
	case "mailgun", "email":
		return "email"
	case "apple", "googlercs", "instagram", "instagram_dm", "kakao", "line", "messenger", "telegram", "twitter", "viber", "wechat", "whatsapp":
		return "messaging"
	}
	if strings.HasPrefix(kind, "zd:") || strings.HasPrefix(kind, "api") {
		return ""
	}
	return kind
}
