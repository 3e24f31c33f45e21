// Package tawkto reads the webhooks of tawk.to.
//
// It tells at once that a chat began, with its first message, and that it
// ended. What was said comes minutes later, as one transcript.
//
// Source: https://developer.tawk.to/webhooks, and public integrations' tests.
package tawkto

import (
	"cmp"
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
		Name:   "tawkto",
		Title:  "tawk.to",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: "the first at once, the others with the transcript", Received: "with the transcript", Ended: connector.Yes, Bots: "if bot_ids names them",
			AgentID: "if the transcript tells it", AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: "made from author and text",
			UserID: connector.No, AnonymousID: connector.No, Email: connector.Yes,
			Signature: "HMAC-SHA1", Retries: "for 12 hours",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one tawk.to property.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Tawk-Signature", Hash: connector.HMACSHA1}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// A webhook is any of those that tawk.to sends. A chat's id stands beside the
// event's name, but for a transcript.
type webhook struct {
	Event   string     `json:"event"`
	Time    field.Time `json:"time"` // when the webhook was made
	ChatID  field.ID   `json:"chatId"`
	Visitor visitor    `json:"visitor"`
	Message struct {
		Text   field.Text `json:"text"`
		Type   string     `json:"type"`
		Sender struct {
			Type string `json:"type"`
		} `json:"sender"`
	} `json:"message"`
	Chat struct {
		ID       field.ID  `json:"id"`
		Visitor  visitor   `json:"visitor"`
		Messages []message `json:"messages"`
	} `json:"chat"`
}

type visitor struct {
	ID    field.ID   `json:"id"`
	Name  field.Text `json:"name"`
	Email field.Text `json:"email"`
}

// A message is one of a transcript's.
type message struct {
	Sender struct {
		Type string     `json:"t"`
		Name field.Text `json:"n"`
		ID   field.ID   `json:"id"`
	} `json:"sender"`
	Type string     `json:"type"`
	Text field.Text `json:"msg"`
	Time field.Time `json:"time"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "event")
		if !ok {
			return connector.Parsed{}, field.Malformed("tawkto", err)
		}
		w.Event = kind
	}
	switch w.Event {
	case "chat:start", "chat:end", "chat:transcript_created", "chat:transcript":
		if err != nil {
			return connector.Parsed{}, field.Malformed("tawkto", err)
		}
	case "ticket:create": // what visitors leave while nobody is there
		return connector.Parsed{}, nil
	default:
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	}
	if w.Chat.ID != "" {
		w.ChatID, w.Visitor = w.Chat.ID, w.Chat.Visitor
	}
	if w.ChatID == "" || w.Time.IsZero() {
		return connector.Parsed{}, errors.New("tawkto: webhook without the chat's id or without time")
	}
	switch w.Event {
	case "chat:start":
		return w.start(), nil
	case "chat:end":
		// Messages that were said before come minutes later.
		return one(w.about(conversation.Ending, "ending:"+w.stamp())), nil
	}
	return c.transcript(w), nil
}

func one(a conversation.Activity) connector.Parsed {
	return connector.Parsed{Activities: []conversation.Activity{a}}
}

// stamp tells one webhook of a chat from another of the same kind.
func (w webhook) stamp() string { return w.Time.UTC().Format(time.RFC3339Nano) }

// start tells of the customer's first message. The transcript tells of it
// again, and by the same id. If an agent wrote first, the transcript alone says
// who: then this is only that a chat began.
func (w webhook) start() connector.Parsed {
	began := w.about(conversation.Identified, "created")
	began.StartedAt = w.Time.Time
	switch w.Message.Sender.Type {
	case "visitor", "v":
	case "agent", "a", "system", "s":
		return one(began)
	default:
		p := one(began)
		p.Dropped = []string{"unknown_author"}
		return p
	}
	body, ok := text(w.Message.Type, w.Message.Text)
	if !ok {
		return one(began)
	}
	id := connector.Occurrences{}.ID(string(conversation.Customer), body)
	a := w.about(conversation.Message, "message:"+id)
	a.By, a.StartedAt = conversation.Customer, w.Time.Time
	a.Message = conversation.Text{ID: id, Body: body}
	return one(a)
}

// text is what a message says, if it is one: the body of a file is none.
func text(kind string, said field.Text) (body string, ok bool) {
	switch kind {
	case "msg":
		return strings.TrimSpace(string(said)), true
	case "file":
		return "", true
	}
	return "", false
}

// transcript tells what was said, and that it is over. tawk.to gives messages
// no ids, and may send a longer transcript of the same chat.
func (c *Connector) transcript(w webhook) (p connector.Parsed) {
	occurrences, order := connector.Occurrences{}, connector.Order{}
	p.Activities = make([]conversation.Activity, 0, len(w.Chat.Messages)+1) // and the end
	end := w.Time.Time
	for _, m := range w.Chat.Messages {
		by, reason := c.author(m)
		body, ok := text(m.Type, m.Text)
		switch {
		case m.Type == "nav" || m.Type == "webrtc-call":
			continue // what the visitor looked at, and calls
		case !ok:
			reason = cmp.Or(reason, "unknown_kind")
		case m.Time.IsZero():
			reason = cmp.Or(reason, "no_time")
		}
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
			continue
		}
		id := occurrences.ID(string(by), body)
		a := w.about(conversation.Message, "message:"+id)
		a.By, a.Time = by, order.Next(m.Time.Time)
		a.Message = conversation.Text{ID: id, Body: body}
		if by == conversation.HumanAgent || by == conversation.Bot {
			a.Agent = conversation.Agent{ID: string(m.Sender.ID), Name: string(m.Sender.Name)}
		}
		if a.Time.After(end) {
			end = a.Time
		}
		p.Activities = append(p.Activities, a)
	}
	closed := w.about(conversation.Closed, "closed:"+w.stamp())
	closed.Time = end
	p.Activities = append(p.Activities, closed)
	return p
}

// author says who wrote a message, or why that is not known. The system speaks
// triggers' lines under a name; people whom it names are listed in AgentIDs,
// and bots, by id or name, in BotIDs.
func (c *Connector) author(m message) (by conversation.Author, reason string) {
	switch m.Sender.Type {
	case "v":
		return conversation.Customer, ""
	case "a", "s":
		name := string(m.Sender.Name)
		switch {
		case c.o.IsBot(string(m.Sender.ID)), c.o.IsBot(name):
			return conversation.Bot, ""
		case m.Sender.Type == "a":
			return conversation.HumanAgent, ""
		case name == "":
			return "", "activity_line"
		case c.o.IsAgent(name):
			return conversation.HumanAgent, ""
		}
		return conversation.Automation, ""
	}
	return "", "unknown_author"
}

// placeholder is the name that tawk.to gives to visitors who have none.
var placeholder = regexp.MustCompile(`^V\d{10,}$`)

// about starts an activity with what every webhook tells.
func (w webhook) about(t conversation.Type, id string) conversation.Activity {
	a := conversation.Activity{ID: id, Type: t, Conversation: string(w.ChatID), Time: w.Time.Time, Channel: "chat"}
	a.Customer = conversation.Person{ContactID: string(w.Visitor.ID), Email: string(w.Visitor.Email)}
	if !placeholder.MatchString(string(w.Visitor.Name)) {
		a.Customer.Name = string(w.Visitor.Name)
	}
	return a
}
