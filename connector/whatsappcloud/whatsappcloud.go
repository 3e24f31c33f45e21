// Package whatsappcloud reads the webhooks of the WhatsApp Business Platform
// (Cloud API).
//
// What an app of the company sends by the API does not come back; there is only
// word that it was delivered, without text or author. What people send in the
// WhatsApp Business app does, if its number is also used with the API.
//
// Sources: https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages
// and …/reference/smb_message_echoes, …/business-scoped-user-ids
package whatsappcloud

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
	return connector.Type{
		Name:       "whatsapp-cloud",
		Title:      "WhatsApp Cloud API",
		Reopen:     conversation.Restart,
		Inactivity: 24 * time.Hour,
		Gives: connector.Gives{
			Started: "at the first message, and after 24 hours of silence", Sent: connector.Yes,
			Received: "from the WhatsApp Business app; of the API's once delivered", Ended: connector.Silent, Bots: connector.No,
			AgentID: connector.No, AgentName: connector.No, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: "made of the number's and the customer's id",
			Body: "not of what was sent by the API", Message: connector.Yes,
			UserID: connector.No, AnonymousID: connector.No, Email: connector.No,
			Signature: meta.Signature, Retries: "less and less often for up to 7 days",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{meta.NewApp(o)} },
	}
}

// A Connector reads the webhooks of one app.
type Connector struct{ meta.App }

var (
	_ connector.Faker   = (*Connector)(nil)
	_ connector.Greeter = (*Connector)(nil)
)

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("whatsapp-cloud", err)
	}
	if w.Object != "whatsapp_business_account" {
		return connector.Parsed{Dropped: []string{"unknown_object"}}, nil
	}
	for _, entry := range w.Entry {
		if entry.ID == meta.TestEntry {
			continue
		}
		for _, change := range entry.Changes {
			if change.Field != "messages" && change.Field != "smb_message_echoes" {
				continue // templates, accounts, history and whatever else can be subscribed to
			}
			var v value
			if err := field.Decode(change.Value, &v); err != nil {
				return connector.Parsed{}, field.Malformed("whatsapp-cloud", err)
			}
			v.read(&p)
		}
	}
	return p, nil
}

// read adds what a value says.
func (v *value) read(p *connector.Parsed) {
	add := func(a conversation.Activity, reason string) {
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
		} else if a.ID != "" {
			p.Activities = append(p.Activities, a)
		}
	}
	for i := range v.Messages {
		m := &v.Messages[i]
		add(v.message(m, conversation.Customer, m.FromUser, m.From))
	}
	for i := range v.Echoes { // somebody typed it on a phone or in WhatsApp Web
		m := &v.Echoes[i]
		add(v.message(m, conversation.HumanAgent, m.ToUser, m.To))
	}
	for i := range v.Statuses {
		add(v.status(&v.Statuses[i]))
	}
}

// message reads a message, or says why there is none. Of what is known to be
// none it says neither.
func (v *value) message(m *message, by conversation.Author, user, phone field.ID) (conversation.Activity, string) {
	body, is, known := m.text()
	switch {
	case m.Group != "":
		return conversation.Activity{}, "group"
	case !known:
		return conversation.Activity{}, "unknown_kind"
	case !is:
		return conversation.Activity{}, ""
	}
	return v.about(m.ID, m.Time.Time, by, body, v.who(user, phone))
}

// status reads what became of a message of the API: it was received when it was
// delivered, or read, which it cannot be before; one of the two may be missing.
func (v *value) status(s *status) (conversation.Activity, string) {
	switch s.Status {
	case "delivered", "read":
	case "sent", "failed", "played", "pending", "deleted", "warning":
		return conversation.Activity{}, ""
	default:
		return conversation.Activity{}, "unknown_event"
	}
	if s.RecipientType == "group" {
		return conversation.Activity{}, "group"
	}
	var by conversation.Author
	switch cmp.Or(s.Pricing.Category, s.Conversation.Origin.Type) {
	case "service":
		by = conversation.Company
	case "marketing", "marketing_lite", "utility", "authentication", "authentication-international", "authentication_international":
		by = conversation.Automation // only templates can be
	default:
		return conversation.Activity{}, "unknown_author"
	}
	return v.about(s.ID, s.Time.Time, by, "", v.who(s.RecipientUser, s.Recipient))
}

// who is the customer with an id and a phone number, of which either may be
// missing. The id stays when the number changes, and is there when the customer
// shows none.
func (v *value) who(user, phone field.ID) conversation.Person {
	who := conversation.Person{ContactID: string(cmp.Or(user, phone))}
	for _, c := range v.Contacts {
		if user != "" && c.User == user || phone != "" && c.Phone == phone {
			who.ContactID, who.Name = string(cmp.Or(user, c.User, phone)), string(c.Profile.Name)
		}
	}
	return who
}

// about returns a message between one of the company's numbers and a customer,
// who may write to several of them.
func (v *value) about(id string, at time.Time, by conversation.Author, body string, who conversation.Person) (a conversation.Activity, reason string) {
	switch {
	case id == "":
		return a, "no_id"
	case who.ContactID == "":
		return a, "no_contact"
	case at.IsZero():
		return a, "no_time"
	}
	return conversation.Activity{
		ID: "message:" + id, Type: conversation.Message, Conversation: string(v.Metadata.NumberID) + ":" + who.ContactID, Time: at, By: by,
		Message: conversation.Text{ID: id, Body: body}, Customer: who, Channel: "messaging",
	}, ""
}
