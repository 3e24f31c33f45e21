// Package olark reads the webhook of Olark: the transcript of a chat, once it
// is over or when an agent asks for it, as JSON in a field of a form.
//
// Source: https://www.olark.com/help/webhooks
package olark

import (
	"bytes"
	"cmp"
	"encoding/hex"
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
		Name:   "olark",
		Title:  "Olark",
		Reopen: conversation.Continue,
		Signs:  connector.Never,
		Gives: connector.Gives{
			Started: "with the transcript", Sent: "with the transcript", Received: "with the transcript",
			Ended: "with the transcript, at its last message: Olark does not tell when a chat was closed", Bots: "if bot_ids names them",
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: "made from author, time and text",
			UserID: "from a custom field", AnonymousID: "from a custom field", Email: connector.Yes,
			Signature: "none; a token in the address, if wanted", Retries: "not documented",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Olark account.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// token is all that Olark can be made to send.
var token = connector.Scheme{Query: "token", Hash: connector.Token}

// Verify implements connector.Connector. Olark signs nothing, but calls any
// address, also one that carries a token.
func (c *Connector) Verify(r *connector.Request) error {
	if len(c.o.Secrets) == 0 {
		return nil
	}
	return token.Verify(c.o, r)
}

// A transcript is a chat as far as it went.
type transcript struct {
	Kind string   `json:"kind"`
	ID   field.ID `json:"id"`
	// Manual is whether an agent sent it by a command such as !lead, perhaps
	// while the chat goes on.
	Manual    bool                `json:"manuallySubmitted"`
	Items     []item              `json:"items"`
	Operators map[string]operator `json:"operators"`
	Visitor   struct {
		ID     field.ID     `json:"id"`
		Name   field.Text   `json:"fullName"`
		Email  field.Text   `json:"emailAddress"`
		Custom field.Object `json:"customFields"`
	} `json:"visitor"`
}

type item struct {
	Kind     string     `json:"kind"`
	Nickname field.Text `json:"nickname"`
	Operator field.ID   `json:"operatorId"`
	Time     field.Time `json:"timestamp"`
	Body     field.Text `json:"body"`
}

type operator struct {
	Nickname field.Text `json:"nickname"`
	Username field.Text `json:"username"`
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	body := bytes.TrimSpace(r.Body)
	if !bytes.HasPrefix(body, []byte("{")) {
		var ok bool
		if body, ok = formData(body); !ok {
			return connector.Parsed{}, errors.New("olark: the body is not a form with a field data")
		}
	}
	var t transcript
	err := field.Decode(body, &t)
	if err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(body, "kind")
		if !ok {
			return connector.Parsed{}, field.Malformed("olark", err)
		}
		t.Kind = kind
	}
	switch {
	case !strings.EqualFold(t.Kind, "Conversation"): // an optional extension sends others
		return connector.Parsed{Dropped: []string{"unknown_event"}}, nil
	case err != nil:
		return connector.Parsed{}, field.Malformed("olark", err)
	}
	if t.ID == "" {
		return connector.Parsed{}, errors.New("olark: transcript without id")
	}
	return c.read(t), nil
}

// formData returns the field data of a form, with one copy of it.
func formData(form []byte) (data []byte, ok bool) {
	for part := range bytes.SplitSeq(form, []byte("&")) {
		value, found := bytes.CutPrefix(part, []byte("data="))
		if !found {
			continue
		}
		data = make([]byte, 0, len(value))
		for i := 0; i < len(value); i++ {
			switch c := value[i]; c {
			case '+':
				data = append(data, ' ')
			case '%':
				var b [1]byte
				if i+2 >= len(value) {
					return nil, false
				}
				if _, err := hex.Decode(b[:], value[i+1:i+3]); err != nil {
					return nil, false
				}
				data = append(data, b[0])
				i += 2
			default:
				data = append(data, c)
			}
		}
		return data, true
	}
	return nil, false
}

// read tells what was said, and that it is over.
func (c *Connector) read(t transcript) (p connector.Parsed) {
	occurrences, order := connector.Occurrences{}, connector.Order{}
	p.Activities = make([]conversation.Activity, 0, len(t.Items)+1) // and the end
	customer := c.customer(t)
	var last time.Time // as Olark tells it, which names the closing
	var end time.Time
	for _, i := range t.Items {
		by, reason := c.author(i)
		if by == "" && reason == "" {
			continue
		}
		if i.Time.IsZero() {
			reason = cmp.Or(reason, "no_time")
		}
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
			continue
		}
		body := strings.TrimSpace(string(i.Body))
		id := occurrences.ID(string(by), i.Time.Format(time.RFC3339Nano), body)
		a := conversation.Activity{ID: "message:" + id, Type: conversation.Message, By: by, Conversation: string(t.ID),
			Time: order.Next(i.Time.Time), Message: conversation.Text{ID: id, Body: body}, Customer: customer, Channel: "chat"}
		if by != conversation.Customer {
			o := t.Operators[string(i.Operator)]
			a.Agent = conversation.Agent{ID: string(i.Operator), Name: string(cmp.Or(o.Nickname, i.Nickname)), Username: string(o.Username)}
		}
		if a.Time.After(end) {
			last, end = i.Time.Time, a.Time
		}
		p.Activities = append(p.Activities, a)
	}
	if !t.Manual && !end.IsZero() {
		p.Activities = append(p.Activities, conversation.Activity{ID: "closed:" + last.Format(time.RFC3339Nano), Type: conversation.Closed,
			Conversation: string(t.ID), Time: end, Customer: customer, Channel: "chat"})
	}
	return p
}

// author says who wrote an item, or why that is not known; neither, if it is
// no part of a chat.
func (c *Connector) author(i item) (by conversation.Author, reason string) {
	switch i.Kind {
	case "MessageToOperator":
		return conversation.Customer, ""
	case "MessageToVisitor":
		if c.o.IsBot(string(i.Operator)) {
			return conversation.Bot, ""
		}
		return conversation.HumanAgent, ""
	case "OfflineMessage": // what visitors leave while nobody is there
		return "", ""
	}
	return "", "unknown_kind"
}

func (c *Connector) customer(t transcript) conversation.Person {
	userIDs := []string{"user_id", "external_id"}
	if c.o.UserIDField != "" {
		userIDs = []string{c.o.UserIDField}
	}
	return conversation.Person{
		UserID:      t.Visitor.Custom.First(userIDs...),
		AnonymousID: t.Visitor.Custom.First(c.o.AnonymousIDFields()...),
		ContactID:   string(t.Visitor.ID),
		Email:       string(t.Visitor.Email),
		Name:        string(t.Visitor.Name),
	}
}
