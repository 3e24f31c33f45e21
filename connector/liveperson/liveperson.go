// Package liveperson reads the webhooks of LivePerson's Conversational Cloud
// messaging.
//
// A notification holds changes: what somebody did in a dialog, or the whole
// state of a conversation.
//
// Source: https://developers.liveperson.com/connector-api-webhooks-events.html,
// https://developers.liveperson.com/connector-api-webhooks-configuration.html
// and LivePersonInc/webhooks-sample-code
package liveperson

import (
	"errors"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "liveperson",
		Title:  "LivePerson",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: "if bot_ids names them",
			AgentID: connector.Yes, AgentName: connector.No, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: connector.No, AnonymousID: connector.No, Email: connector.No,
			Signature: "HMAC-SHA1", Retries: "none, or up to 5 if the app says so",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one LivePerson app.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Liveperson-Signature", Hash: connector.HMACSHA1, Value: "sha1={signature}", Encoding: "base64"}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "type")
		if !ok || kind == conversationChanged || kind == somethingDone {
			return p, field.Malformed("liveperson", err)
		}
		w.Type = kind
	}
	for _, v := range w.Body.Changes {
		switch w.Type {
		case somethingDone:
			err = c.done(&p, v)
		case conversationChanged:
			err = c.changed(&p, v)
		}
		if err != nil {
			return connector.Parsed{}, err
		}
	}
	if w.Type != somethingDone && w.Type != conversationChanged {
		p.Dropped = append(p.Dropped, "unknown_event")
	}
	return p, nil
}

const (
	somethingDone       = "ms.MessagingEventNotification"
	conversationChanged = "cqm.ExConversationChangeNotification"
)

// done adds a message.
func (c *Connector) done(p *connector.Parsed, v change) error {
	switch v.Event.Type {
	case "ContentEvent", "RichContentEvent":
	case "ChatStateEvent", "AcceptStatusEvent":
		return nil
	default:
		p.Dropped = append(p.Dropped, "unknown_event")
		return nil
	}
	by, reason := c.author(v)
	if reason != "" {
		p.Dropped = append(p.Dropped, reason)
		return nil
	}
	if v.DialogID == "" || v.ConversationID == "" || v.Sequence == "" || v.ServerTimestamp.IsZero() {
		return errors.New("liveperson: message without dialogId, conversationId, sequence or serverTimestamp")
	}
	// As the history of messages has it.
	id := "ms::dialog:" + v.DialogID + "::msg:" + string(v.Sequence)
	a := conversation.Activity{ID: "message:" + id, Type: conversation.Message, By: by, Conversation: v.ConversationID, Channel: "messaging",
		Time: v.ServerTimestamp.Time, Message: conversation.Text{ID: id, Body: v.body()}}
	switch by {
	case conversation.Customer:
		a.Customer.ContactID = v.originator()
	case conversation.HumanAgent, conversation.Bot:
		a.Agent.ID = v.originator()
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// author says who wrote, or why that does not count.
func (c *Connector) author(v change) (by conversation.Author, reason string) {
	switch v.OriginatorMetadata.Role {
	case "CONSUMER":
		by = conversation.Customer
	case "ASSIGNED_AGENT", "AGENT", "MANAGER":
		if by = conversation.HumanAgent; c.o.IsBot(v.originator()) {
			by = conversation.Bot
		}
	case "CONTROLLER":
		by = conversation.Automation
	default:
		return "", "unknown_author"
	}
	// In earlier days nobody said of the customer's messages who sees them.
	if all := v.MessageAudience == "ALL" || v.MessageAudience == "" && by == conversation.Customer; !all {
		return "", "private_note"
	}
	if v.DialogID != v.ConversationID {
		return "", "other_dialog" // a survey, or agents among themselves
	}
	if !v.known() {
		return "", "unknown_kind"
	}
	return by, ""
}

// changed adds what the state of a conversation tells.
func (c *Connector) changed(p *connector.Parsed, v change) error {
	if v.Type != "UPSERT" {
		return nil
	}
	d := v.Result.Details
	a := conversation.Activity{Conversation: v.Result.ConvID, StartedAt: d.StartTs.Time, Channel: "messaging"}
	bot := false
	for _, who := range d.Participants {
		switch who.Role {
		case "CONSUMER":
			a.Customer.ContactID = who.ID
		case "ASSIGNED_AGENT":
			if bot = c.o.IsBot(who.ID); !bot {
				a.Agent.ID = who.ID
			}
		}
	}
	if end := d.end(); end.State == "CLOSE" {
		a.Type, a.By, a.Time = conversation.Closed, closers[end.ClosedBy], end.EndTs.Time
		if bot && end.ClosedBy == "AGENT" {
			a.By = conversation.Bot
		}
		a.ID = "closed:" + a.Time.Format(time.RFC3339Nano)
	} else if d.State == "OPEN" {
		a.Type, a.Time = conversation.Assigned, d.UpdatedTs.Time
		a.ID = "assigned:" + a.Time.Format(time.RFC3339Nano)
	} else {
		p.Dropped = append(p.Dropped, "unknown_state")
		return nil
	}
	if a.Conversation == "" || a.Time.IsZero() {
		return errors.New("liveperson: conversation without convId, endTs or metaDataLastUpdateTs")
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// closers are those who close, in our words; of others nobody knows.
var closers = map[string]conversation.Author{
	"CONSUMER": conversation.Customer, "AGENT": conversation.HumanAgent, "MANAGER": conversation.HumanAgent,
	"SYSTEM": conversation.System, "CONTROLLER": conversation.System, "TIMEOUT": conversation.System,
}
