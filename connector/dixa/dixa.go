// Package dixa reads the outbound webhooks of Dixa.
//
// A webhook is one event about a conversation, which it carries as a whole.
//
// Source: https://docs.dixa.io/docs/webhooks/webhooks-payloads and
// https://docs.dixa.io/docs/webhooks/webhooks-security; a recorded event in
// PipedreamHQ/pipedream, components/dixa/sources.
package dixa

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
		Name:   "dixa",
		Title:  "Dixa",
		Reopen: conversation.Continue,
		Check:  scheme.Check,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "those that bot_ids names",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "the contact's external_id or a custom attribute, if the webhook carries it", AnonymousID: "from a custom attribute, if the webhook carries it", Email: connector.Yes,
			Signature: "HMAC-SHA256 with time", Retries: "not published",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Dixa organization.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// scheme is how Dixa signs. Its time is that of the webhook, and it is not known
// to be a new one when it is sent again: a day late must do. What is said twice
// says nothing new.
var scheme = connector.Scheme{Header: "X-DIXA-SIGNATURE", Value: "t={time},v1={signature}", Signed: "{time}.{body}", Key: "hex", Unit: "ms", Tolerance: 24 * time.Hour}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// A webhook is what Dixa sends.
type webhook struct {
	Event     string     `json:"event_fqn"`
	Timestamp field.Time `json:"event_timestamp"`
	Data      struct {
		Conversation chat       `json:"conversation"`
		MessageID    field.ID   `json:"message_id"`
		Author       person     `json:"author"`
		Channel      field.Text `json:"channel"`
		Direction    field.Text `json:"direction"`
		Text         field.Text `json:"text"`
		Content      struct {
			Text field.Text `json:"text"`
			Type field.Text `json:"content_type"`
		} `json:"content"`
		CreatedAt field.Time `json:"created_at"`
	} `json:"data"`
}

// A chat is a conversation.
type chat struct {
	ID         field.ID   `json:"csid"`
	Channel    field.Text `json:"channel"`
	Assignee   *person    `json:"assignee"`
	Requester  *person    `json:"requester"`
	CreatedAt  field.Time `json:"created_at"`
	Attributes attributes `json:"custom_attributes"`
}

// A person is an agent, who logs in with an e-mail address, or a contact.
type person struct {
	ID         field.ID   `json:"id"`
	Name       field.Text `json:"name"`
	Email      field.Text `json:"email"`
	Type       string     `json:"user_type"`
	ExternalID field.ID   `json:"external_id"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err = field.Decode(r.Body, &w); err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "event_fqn")
		if !ok {
			return p, field.Malformed("dixa", err)
		}
		w.Event = kind
	}
	event := strings.ToUpper(w.Event)
	switch event {
	case "CONVERSATION_NOTE_ADDED":
		return dropped("private_note"), nil
	case "CONVERSATION_PENDING", "CONVERSATION_PENDING_EXPIRED", "CONVERSATION_ENQUEUED", "CONVERSATION_RATED", "CONVERSATION_TAG_ADDED", "CONVERSATION_TAG_REMOVED",
		"CONVERSATION_TRANSFERRED_TO_QUEUE", "CONVERSATION_CUSTOM_ATTRIBUTE_UPDATED", "CONVERSATION_CUSTOM_ATTRIBUTES_UPDATED",
		"BANNED_ENDUSER", "UNBANNED_ENDUSER", "BANNED_IP", "UNBANNED_IP":
		return p, nil // nothing that became known by it is an activity
	case "CONVERSATION_MESSAGE_ADDED", "CONVERSATION_CREATED", "CONVERSATION_OPEN", "CONVERSATION_CLOSED", "CONVERSATION_ABANDONED",
		"CONVERSATION_ASSIGNED", "CONVERSATION_UNASSIGNED", "CONVERSATION_TRANSFERRED_TO_AGENT":
	default:
		return dropped("unknown_event"), nil
	}
	switch {
	case err != nil:
		return p, field.Malformed("dixa", err)
	case w.Data.Conversation.ID == "":
		return p, errors.New("dixa: conversation without csid")
	case event == "CONVERSATION_MESSAGE_ADDED":
		return c.message(&w)
	}
	return c.changed(event, &w)
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if it is known who wrote it.
func (c *Connector) message(w *webhook) (connector.Parsed, error) {
	d := &w.Data
	by, reason := c.author(w)
	if reason != "" {
		return dropped(reason), nil
	}
	at := cmp.Or(d.CreatedAt, w.Timestamp)
	if d.MessageID == "" || at.IsZero() {
		return connector.Parsed{}, errors.New("dixa: message without message_id or created_at")
	}
	a := c.about(w)
	a.ID, a.Type, a.By, a.Time = "message:"+string(d.MessageID), conversation.Message, by, at.Time
	body := string(cmp.Or(d.Content.Text, d.Text))
	if strings.EqualFold(string(d.Content.Type), "html") {
		body = connector.PlainText(body)
	}
	a.Message = conversation.Text{ID: string(d.MessageID), Body: body}
	if by != conversation.Customer {
		a.Agent = agent(&d.Author)
	}
	return connector.Parsed{Activities: []conversation.Activity{a}}, nil
}

// author says who wrote a message, or why that is not known.
func (c *Connector) author(w *webhook) (by conversation.Author, reason string) {
	direction := strings.ToLower(string(w.Data.Direction))
	switch {
	case w.Data.Author.Type == "Contact" && (direction == "inbound" || direction == ""):
		return conversation.Customer, ""
	case w.Data.Author.Type != "Member" || direction != "outbound" && direction != "":
		return "", "unknown_author"
	case c.o.IsBot(string(w.Data.Author.ID)):
		return conversation.Bot, ""
	}
	return conversation.HumanAgent, ""
}

// changed tells what became of a conversation. Dixa does not tell who closed it.
func (c *Connector) changed(event string, w *webhook) (p connector.Parsed, err error) {
	a := c.about(w)
	at, id := w.Timestamp, ""
	switch event {
	case "CONVERSATION_CREATED":
		a.Type, at = conversation.Identified, cmp.Or(w.Data.Conversation.CreatedAt, at)
	case "CONVERSATION_OPEN":
		a.Type, id = conversation.Reopened, "reopened"
	case "CONVERSATION_CLOSED", "CONVERSATION_ABANDONED":
		a.Type, id = conversation.Closed, "closed"
	case "CONVERSATION_UNASSIGNED":
		a.Type, id, a.Agent = conversation.Assigned, "assigned", conversation.Agent{}
	default:
		if a.Type, id = conversation.Assigned, "assigned"; a.Agent.ID == "" {
			return p, nil // to whom, it does not tell
		}
	}
	if at.IsZero() {
		return p, errors.New("dixa: event without event_timestamp")
	}
	a.Time, a.ID = at.Time, "created"
	if id != "" {
		a.ID = id + ":" + at.UTC().Format(time.RFC3339Nano)
	}
	p.Activities = []conversation.Activity{a}
	return p, nil
}

func agent(m *person) conversation.Agent {
	return conversation.Agent{ID: string(m.ID), Name: string(m.Name), Username: string(m.Email)}
}

// about starts an activity with what a conversation tells.
func (c *Connector) about(w *webhook) conversation.Activity {
	v := &w.Data.Conversation
	a := conversation.Activity{Conversation: string(v.ID), StartedAt: v.CreatedAt.Time, Channel: channel(string(cmp.Or(v.Channel, w.Data.Channel)))}
	if v.Assignee != nil {
		a.Agent = agent(v.Assignee)
	}
	k := v.Requester
	if k == nil {
		k = &w.Data.Author
	}
	if k.Type != "Member" {
		a.Customer = conversation.Person{ContactID: string(k.ID), Name: string(k.Name), Email: string(k.Email)}
		if k.ExternalID != "null" { // which Dixa writes
			a.Customer.UserID = string(k.ExternalID)
		}
	}
	if c.o.UserIDField != "" {
		a.Customer.UserID = v.Attributes.first(c.o.UserIDField)
	}
	a.Customer.AnonymousID = v.Attributes.first(c.o.AnonymousIDFields()...)
	return a
}

// channel puts a channel in our words.
func channel(kind string) string {
	switch kind = strings.ToLower(kind); kind {
	case "widgetchat", "widget_chat":
		return "chat"
	case "messenger", "facebookmessenger", "facebook_messenger", "whatsapp", "instagram", "twitter":
		return "messaging"
	case "pstnphone", "pstn_phone":
		return "phone"
	}
	return kind
}

// attributes are a conversation's custom attributes.
type attributes []struct {
	Identifier field.Text `json:"identifier"`
	Name       field.Text `json:"name"`
	Value      field.Text `json:"value"`
}

// UnmarshalJSON implements json.Unmarshaler. What is no list holds none.
func (l *attributes) UnmarshalJSON(b []byte) error {
	type plain attributes
	*l = nil
	if b[0] != '[' {
		return nil
	}
	return field.Decode(b, (*plain)(l))
}

func (l attributes) first(keys ...string) string {
	for _, key := range keys {
		for _, a := range l {
			if key == string(a.Identifier) || key == string(a.Name) {
				return string(a.Value)
			}
		}
	}
	return ""
}
