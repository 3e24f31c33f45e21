// Package messenger reads the webhooks of Facebook Messenger, and of Instagram
// messaging, which have the same form.
//
// A conversation is the one endless thread of a page and a person. Who writes
// for the page is not told, only by which app it was sent.
//
// Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events
package messenger

import (
	"cmp"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/connector/meta"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return TypeOf("messenger", "Facebook Messenger", "page")
}

// TypeOf is the entry of a channel whose webhooks have Messenger's form; object
// is what they say that they are about.
func TypeOf(name, title, object string) connector.Type {
	return connector.Type{
		Name:       name,
		Title:      title,
		Reopen:     conversation.Restart,
		Inactivity: 24 * time.Hour,
		Gives: connector.Gives{
			Started: "at the first message, and after 24 hours of silence", Sent: connector.Yes, Received: connector.Yes,
			Ended: connector.Silent, Bots: "where bot_ids names their app",
			AgentID: connector.No, AgentName: connector.No, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from the link's ref, with unverified_ids", AnonymousID: "from the link's ref", Email: connector.No,
			Signature: meta.Signature, Retries: "at once, then less and less often for 36 hours",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{meta.NewApp(o), o, object} },
	}
}

// A Connector reads the webhooks of one app.
type Connector struct {
	meta.App
	o      connector.Options
	object string
}

var (
	_ connector.Faker   = (*Connector)(nil)
	_ connector.Greeter = (*Connector)(nil)
)

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed(c.object, err)
	}
	if w.Object != c.object {
		return connector.Parsed{Dropped: []string{"unknown_object"}}, nil
	}
	for _, entry := range w.Entry {
		if entry.ID == meta.TestEntry {
			continue
		}
		for i := range entry.Messaging {
			c.read(&p, &entry, &entry.Messaging[i])
		}
		for i := range entry.Standby { // another app answers this thread just now
			c.read(&p, &entry, &entry.Standby[i])
		}
		for _, change := range entry.Changes {
			if change.Field != "messages" {
				continue // posts, comments, and whatever else a page has
			}
			var e event
			if err := field.Decode(change.Value, &e); err != nil {
				return connector.Parsed{}, field.Malformed(c.object, err)
			}
			c.read(&p, &entry, &e)
		}
	}
	return p, nil
}

// read adds what one event says.
func (c *Connector) read(p *connector.Parsed, entry *entry, e *event) {
	switch {
	case e.Message != nil:
		a, reason := c.message(entry, e)
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
		} else if a.ID != "" {
			p.Activities = append(p.Activities, a)
		}
	case e.Referral != nil, e.Postback != nil, e.Optin != nil:
		a := c.about(entry, e)
		if told := a.Customer.AnonymousID + a.Customer.UserID; told != "" && a.Conversation != "" && !a.Time.IsZero() {
			a.Type = conversation.Identified
			a.ID = "referral:" + a.Time.Format(time.RFC3339Nano)
			p.Activities = append(p.Activities, a)
		}
	case !e.known():
		p.Dropped = append(p.Dropped, "unknown_event")
	}
}

// message reads a message, or says why there is none. It says neither of what
// is no message though it looks like one.
func (c *Connector) message(entry *entry, e *event) (a conversation.Activity, reason string) {
	m := e.Message
	switch {
	case bool(m.Deleted):
		return a, "deleted"
	case m.mention():
		return a, "" // somebody's story, of which Instagram tells the business
	case m.ID == "":
		return a, "no_id"
	}
	a = c.about(entry, e)
	a.Type, a.ID = conversation.Message, "message:"+m.ID
	a.Message = conversation.Text{ID: m.ID, Body: string(m.Text)}
	switch {
	case a.Time.IsZero():
		return a, "no_time"
	case bool(m.Echo):
		a.By = c.author(string(m.App))
	case a.Conversation != string(e.Sender.ID):
		return a, "unknown_author" // it comes from the page, but is no echo
	default:
		a.By = conversation.Customer
	}
	if a.Conversation == "" {
		return a, "no_contact"
	}
	return a, ""
}

// author says who sends by an app.
func (c *Connector) author(app string) conversation.Author {
	switch {
	case app != "" && c.o.IsBot(app):
		return conversation.Bot
	case app != "" && c.o.IsAgent(app):
		return conversation.HumanAgent
	}
	return conversation.Company
}

// about returns an activity in the thread with the customer: whoever of the two
// is not the page.
func (c *Connector) about(entry *entry, e *event) conversation.Activity {
	customer := e.Sender.ID
	if customer == entry.ID || e.Message != nil && bool(e.Message.Echo) && e.Recipient.ID != entry.ID {
		customer = e.Recipient.ID
	}
	at := e.Time.Time
	if at.IsZero() {
		at = entry.Time.Time
	}
	who := c.o.Ref(e.ref())
	who.ContactID = string(customer)
	return conversation.Activity{Conversation: string(customer), Time: at, Customer: who, Channel: "messaging"}
}

// ref returns what the link carried that led into the thread.
func (e *event) ref() string {
	var ref field.Text
	if e.Message != nil {
		ref = e.Message.Referral.Ref
	}
	if e.Referral != nil {
		ref = cmp.Or(ref, e.Referral.Ref)
	}
	if e.Optin != nil {
		ref = cmp.Or(ref, e.Optin.Ref)
	}
	if e.Postback != nil {
		ref = cmp.Or(ref, e.Postback.Referral.Ref)
	}
	return string(ref)
}
