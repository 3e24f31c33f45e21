// Package amazonconnect reads the chats of Amazon Connect: what chat message
// streaming publishes to an SNS topic, and contact events of EventBridge.
//
// SNS signs with a certificate, and for everybody: a message is ours by its
// topic. EventBridge sends a header that the configuration says.
//
// Source: https://docs.aws.amazon.com/connect/latest/adminguide/sns-payload.html,
// https://docs.aws.amazon.com/connect/latest/adminguide/contact-events.html and
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
package amazonconnect

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "amazon-connect",
		Title:  "Amazon Connect",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "with contact events: the customer id", AnonymousID: "with contact events, from a tag or segment attribute", Email: connector.No,
			Signature: "RSA, with the certificate of SNS; token in the X-Api-Key header for contact events", Retries: "SNS: 3, 20 seconds apart, or as its delivery policy says",
		},
		New: func(o connector.Options) connector.Connector {
			c := &Connector{o: o, tokens: o}
			c.tokens.Secrets = nil
			for _, s := range o.Secrets {
				if strings.HasPrefix(s, "arn:") {
					c.topics = append(c.topics, s)
				} else {
					c.tokens.Secrets = append(c.tokens.Secrets, s)
				}
			}
			return c
		},
	}
}

// A Connector reads the webhooks of one Amazon Connect instance.
type Connector struct {
	o      connector.Options
	topics []string          // whose ARN is a secret
	tokens connector.Options // the other secrets: an ARN is known to many
}

var (
	_ connector.Keyed    = (*Connector)(nil)
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

// token is how EventBridge shows who it is: by an API key of its connection.
var token = connector.Scheme{Header: "X-Api-Key", Hash: connector.Token}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	if r.Header.Get(token.Header) != "" {
		return token.Verify(c.tokens, r)
	}
	var e envelope
	if field.Decode(r.Body, &e) != nil || e.TopicArn == "" {
		return fmt.Errorf("%w: neither an SNS message, nor is there an API key", connector.ErrSignature)
	}
	return c.verify(r, e)
}

// Scrub implements connector.Scrubber: whoever has that address can end the
// subscription.
func (*Connector) Scrub(body []byte) []byte { return field.Blank(body, "UnsubscribeURL") }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("amazon-connect", err)
	}
	switch {
	case w.Type == "Notification":
		return c.item(w.envelope)
	case w.Type == "SubscriptionConfirmation":
		if p.Visit = c.confirm(w.envelope); p.Visit == "" {
			return dropped("unknown_address"), nil
		}
		return p, nil
	case w.Type == "UnsubscribeConfirmation":
		return p, nil
	case w.DetailType == "Amazon Connect Contact Event":
		return c.contact(w)
	case w.DetailType != "":
		return dropped("unknown_event"), nil
	}
	// Raw delivery does not say who may see a message.
	return p, errors.New("amazon-connect: neither an SNS message with its envelope nor an event of EventBridge")
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// item tells of an item of a transcript.
func (c *Connector) item(e envelope) (p connector.Parsed, err error) {
	var v item
	if err := field.Decode([]byte(e.Message), &v); err != nil {
		return p, field.Malformed("amazon-connect: Message", err)
	}
	if v.Type != "MESSAGE" && v.Type != "ATTACHMENT" && v.Type != "EVENT" {
		return dropped("unknown_event"), nil
	}
	a := conversation.Activity{Conversation: cmp.Or(v.InitialContactID, v.ContactID), Time: v.AbsoluteTime.Time}
	if v.ID == "" || a.Conversation == "" || a.Time.IsZero() {
		return p, errors.New("amazon-connect: item without Id, InitialContactId or AbsoluteTime")
	}
	reason := ""
	if v.Type == "EVENT" {
		reason = v.happened(&a)
	} else {
		reason = v.said(&a, string(e.Attributes.Visibility.Value))
	}
	switch {
	case reason != "":
		return dropped(reason), nil
	case a.Type != "":
		p.Activities = append(p.Activities, a)
	}
	return p, nil
}

// said makes a message of an item, or says why it is none.
func (v item) said(a *conversation.Activity, visibility string) (reason string) {
	agent := conversation.Agent{ID: string(v.ParticipantID), Name: string(v.DisplayName)}
	switch v.ParticipantRole {
	case "CUSTOMER":
		a.By, a.Customer.Name = conversation.Customer, string(v.DisplayName)
	case "AGENT", "SUPERVISOR":
		a.By, a.Agent = conversation.HumanAgent, agent
	case "CUSTOM_BOT":
		a.By, a.Agent = conversation.Bot, agent
	case "SYSTEM":
		if a.By = conversation.Automation; v.DisplayName == "BOT" { // Lex
			a.By, a.Agent = conversation.Bot, agent
		}
	default:
		return "unknown_author"
	}
	if toAgents := visibility == "AGENT" && a.By == conversation.Customer; visibility != "ALL" && visibility != "CUSTOMER" && !toAgents {
		return "private_note"
	}
	if v.Type == "MESSAGE" {
		switch v.ContentType {
		case "text/plain", "text/markdown", interactive, chosen:
		default:
			return "unknown_kind"
		}
	}
	a.ID, a.Type, a.Message = "message:"+v.ID, conversation.Message, conversation.Text{ID: v.ID, Body: v.body()}
	return ""
}

// happened makes an activity of an event, if it is one, or says why that is
// not known.
func (v item) happened(a *conversation.Activity) (reason string) {
	event, ok := strings.CutPrefix(v.ContentType, events)
	if !ok {
		return "unknown_event"
	}
	switch event {
	case "chat.ended":
		// Nobody says by whom.
		a.ID, a.Type = "closed:"+v.ID, conversation.Closed
	case "participant.joined":
		switch v.ParticipantRole {
		case "CUSTOMER":
			a.ID, a.Type, a.Customer.Name = "joined:"+v.ID, conversation.Identified, string(v.DisplayName)
		case "AGENT":
			a.ID, a.Type = "assigned:"+v.ID, conversation.Assigned
			a.Agent = conversation.Agent{ID: string(v.ParticipantID), Name: string(v.DisplayName)}
		}
	}
	return ""
}

// contact tells of a chat what EventBridge says. Its DISCONNECTED is of one
// contact, of which a chat has another after each transfer; SNS tells the end.
func (c *Connector) contact(w webhook) (p connector.Parsed, err error) {
	v := w.Detail
	if v.Channel != "CHAT" || v.EventType != "INITIATED" && v.EventType != "CONTACT_DATA_UPDATED" {
		return p, nil
	}
	a := conversation.Activity{ID: "contact:" + w.ID, Type: conversation.Identified, Conversation: cmp.Or(v.InitialContactID, v.ContactID),
		Time: w.Time.Time, Channel: v.channel(),
		Customer: conversation.Person{UserID: string(v.CustomerID), AnonymousID: v.first(c.o.AnonymousIDFields()...)}}
	if c.o.UserIDField != "" {
		a.Customer.UserID = v.first(c.o.UserIDField)
	}
	first := v.InitialContactID == "" || v.InitialContactID == v.ContactID
	if first && v.EventType == "INITIATED" && !v.InitiationTimestamp.IsZero() {
		a.Time, a.StartedAt = v.InitiationTimestamp.Time, v.InitiationTimestamp.Time
	}
	if w.ID == "" || a.Conversation == "" || a.Time.IsZero() {
		return p, errors.New("amazon-connect: contact event without id, contactId or time")
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}
