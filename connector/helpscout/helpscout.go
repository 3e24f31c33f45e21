// Package helpscout reads the webhooks of Help Scout's live chat.
//
// A webhook is the chat with everything that happened in it, or the last of
// it; only a header says what is new. Help Scout makes a conversation of a chat
// when it has ended, with another id and the transcript in one piece: webhooks
// about conversations tell nothing of a chat.
//
// Sources: https://developer.helpscout.com/webhooks,
// https://developer.helpscout.com/chat/ with endpoints/get, events and end, and
// helpscout/helpscout-api-php, src/Webhooks and tests/Payloads.
package helpscout

import (
	"errors"
	"regexp"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "helpscout",
		Title:  "Help Scout",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: "if a webhook comes after the end", Bots: connector.No,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from a custom field or customer property that the configuration names", AnonymousID: "from a custom field or customer property", Email: connector.Yes,
			Signature: "HMAC-SHA1", Retries: "up to ten; an answer of 410 ends the webhook",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Help Scout account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-HelpScout-Signature", Hash: connector.HMACSHA1, Encoding: "base64"}

// header names what happened.
const header = "X-HelpScout-Event"

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// A chat is what webhooks about chats carry; ID, names and Embedded are also of
// a customer.
type chat struct {
	ID           field.ID   `json:"id"`
	BeaconID     field.Text `json:"beaconId"`
	CreatedAt    field.Time `json:"createdAt"`
	EndedAt      field.Time `json:"endedAt"`
	Assignee     *person    `json:"assignee"`
	Customer     person     `json:"customer"`
	CustomFields []property `json:"customFields"`
	FirstName    field.Text `json:"firstName"`
	LastName     field.Text `json:"lastName"`
	Embedded     struct {
		Events     []event    `json:"events"`
		Emails     []property `json:"emails"`
		Properties []property `json:"properties"`
	} `json:"_embedded"`
}

// An event is a message, a note, or a line that tells what somebody did.
type event struct {
	ID        field.ID   `json:"id"`
	Type      string     `json:"type"`
	Action    string     `json:"action"`
	Author    *person    `json:"author"`
	CreatedAt field.Time `json:"createdAt"`
	Body      field.Text `json:"body"`
}

type person struct {
	ID    field.ID   `json:"id"`
	Type  string     `json:"type"`
	First field.Text `json:"first"`
	Last  field.Text `json:"last"`
	Email field.Text `json:"email"`
}

// A property is a value with whatever names it.
type property struct {
	ID    field.ID   `json:"id"`
	Slug  field.Text `json:"slug"`
	Name  field.Text `json:"name"`
	Value field.Text `json:"value"`
}

// others are the objects of which webhooks tell nothing about a chat.
var others = map[string]bool{
	"convo": true, "customer": true, "helpscout": true, "message": true, "organization": true, "satisfaction": true, "tag": true, "user": true,
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	name := r.Header.Get(header)
	object, _, _ := strings.Cut(name, ".")
	var v chat
	err := field.Decode(r.Body, &v)
	chats := strings.HasPrefix(name, "beacon.chat.") || name == "" && v.BeaconID != ""
	switch {
	case chats && err == nil:
		return c.chat(name, &v)
	case chats || name == "" && err != nil:
		return connector.Parsed{}, field.Malformed("helpscout", err)
	case (name == "customer.created" || name == "customer.updated") && err == nil && v.ID != "":
		return connector.Parsed{Contacts: []conversation.Person{c.contact(&v)}}, nil
	case others[object]:
		return connector.Parsed{}, nil
	}
	return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
}

// chat tells of everything that a chat says happened in it. Most of that has
// been told before; each thing is then told in the same way again.
func (c *Connector) chat(name string, v *chat) (p connector.Parsed, err error) {
	if v.ID == "" || v.CreatedAt.IsZero() {
		return p, errors.New("helpscout: chat without id or createdAt")
	}
	who := conversation.Person{ContactID: string(v.Customer.ID), Email: string(v.Customer.Email), Name: v.Customer.name()}
	c.custom(&who, v.CustomFields)
	var accepted conversation.Agent
	last := v.CreatedAt.Time
	add := func(t conversation.Type, id string, at time.Time) *conversation.Activity {
		p.Activities = append(p.Activities, conversation.Activity{ID: string(t) + ":" + id, Type: t, Conversation: string(v.ID), Time: at,
			Agent: accepted, Customer: who, StartedAt: v.CreatedAt.Time, Channel: "chat"})
		return &p.Activities[len(p.Activities)-1]
	}
	for _, e := range v.Embedded.Events {
		if e.ID == "" || e.CreatedAt.IsZero() {
			return connector.Parsed{}, errors.New("helpscout: chat event without id or createdAt")
		}
		last = e.CreatedAt.Time
		by, reason := e.kind()
		switch {
		case reason != "":
			p.Dropped = append(p.Dropped, reason)
		case e.Type == "line_item" && e.Action == "chat-accepted" && by == conversation.HumanAgent:
			accepted = e.Author.agent()
			add(conversation.Assigned, string(e.ID), last)
		case e.Type == "message":
			a := add(conversation.Message, string(e.ID), last)
			a.By, a.Message = by, conversation.Text{ID: string(e.ID), Body: plain(string(e.Body))}
			if by == conversation.HumanAgent {
				a.Agent = e.Author.agent()
			}
		}
	}
	if name == "beacon.chat.assigned" && v.Assignee != nil && v.Assignee.ID != "" && v.Assignee.agent() != accepted {
		accepted = v.Assignee.agent() // when is not told: after what was told last
		add(conversation.Assigned, last.Format(time.RFC3339Nano)+" "+accepted.ID, last.Add(time.Nanosecond))
	}
	if !v.EndedAt.IsZero() {
		add(conversation.Closed, v.EndedAt.Format(time.RFC3339Nano), v.EndedAt.Time)
	}
	return p, nil
}

// kind says who caused an event, or why nothing becomes of it. Whoever adds a
// line does not matter, unless they accepted the chat.
func (e *event) kind() (by conversation.Author, reason string) {
	switch {
	case e.Type == "note":
		return "", "private_note"
	case e.Type == "line_item":
	case e.Type != "message" || e.Action != "message-added":
		return "", "unknown_kind"
	}
	switch {
	case e.Author == nil:
	case e.Author.Type == "customer":
		return conversation.Customer, ""
	case e.Author.Type == "user", e.Author.Type == "agent":
		return conversation.HumanAgent, ""
	}
	if e.Type == "line_item" {
		return conversation.System, ""
	}
	return "", "unknown_author"
}

func (p *person) name() string { return strings.TrimSpace(string(p.First) + " " + string(p.Last)) }

// agent is who a person is as an agent. They log in with their e-mail address.
func (p *person) agent() conversation.Agent {
	return conversation.Agent{ID: string(p.ID), Name: p.name(), Username: string(p.Email)}
}

// contact is a customer beside any chat.
func (c *Connector) contact(v *chat) conversation.Person {
	who := conversation.Person{ContactID: string(v.ID), Name: strings.TrimSpace(string(v.FirstName) + " " + string(v.LastName))}
	if len(v.Embedded.Emails) > 0 {
		who.Email = string(v.Embedded.Emails[0].Value)
	}
	c.custom(&who, v.Embedded.Properties)
	return who
}

// custom reads the ids that custom fields or customer properties carry.
func (c *Connector) custom(who *conversation.Person, list []property) {
	if c.o.UserIDField != "" {
		who.UserID = value(list, c.o.UserIDField)
	}
	for _, key := range c.o.AnonymousIDFields() {
		if who.AnonymousID == "" {
			who.AnonymousID = value(list, key)
		}
	}
}

// value is the value of what goes by a name or number.
func value(list []property, key string) string {
	for _, p := range list {
		if key == string(p.ID) || key == string(p.Slug) || key == string(p.Name) {
			return string(p.Value)
		}
	}
	return ""
}

// markup is HTML that an editor writes. People write "<3" and "<your name>", too.
var markup = regexp.MustCompile(`(?i)</?(p|br|div|span|a|b|strong|i|em|u|ul|ol|li|blockquote|pre|code|img)(\s[^<>]*)?/?>`)

// plain is a body as people see it. Whether it is HTML is not documented.
func plain(body string) string {
	if markup.MatchString(body) {
		return connector.PlainText(body)
	}
	return strings.TrimSpace(body)
}
