// Package custom reads the webhooks of any chat tool through a jq program that
// the configuration holds.
//
// The program's input is the body: JSON, or a form as an object of strings.
// Each of its outputs is an activity, or an array of them, as the activity API
// has it; ids may be numbers, times may have any form that package field
// reads. $headers and $query are objects of strings, with lower-case names of
// headers; $received is when the webhook arrived, or null.
package custom

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/jq"
)

// maxOutputs bounds the activities that a program makes of one webhook.
const maxOutputs = 1000

// Type is the entry in the list.
func Type() connector.Type {
	const told = "if the program says so"
	return connector.Type{
		Name:  "custom",
		Title: "Any other tool, through a jq program",
		Signs: connector.Sometimes,
		Check: func(o connector.Options) error {
			if o.Program == "" {
				return errors.New("program: is missing; it makes activities of a webhook, see docs/connectors/custom.md")
			}
			_, err := compile(o.Program)
			return err
		},
		Gives: connector.Gives{
			Started: told, Sent: told, Received: told, Ended: told, Bots: told,
			AgentID: told, AgentName: told, AgentUsername: told, Duration: connector.Yes, ConversationID: connector.Yes, Body: told, Message: connector.Yes,
			UserID: told, AnonymousID: told, Email: told, Signature: "any that signature: describes", Retries: "the tool's own",
		},
		New: func(o connector.Options) connector.Connector {
			program, err := compile(o.Program)
			return &Connector{o, program, err}
		},
	}
}

// A Connector runs one program.
type Connector struct {
	o       connector.Options
	program *jq.Program
	err     error // why there is none
}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	if c.o.Unsigned {
		return nil
	}
	return c.o.Scheme.Verify(c.o, r)
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	if c.err != nil {
		return p, c.err
	}
	input, err := decode(r)
	if err != nil {
		return p, err
	}
	names, n := connector.Occurrences{}, 0
	err = c.program.Run(input, func(v any) error {
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		if n += len(list); n > maxOutputs {
			return fmt.Errorf("the program makes more than %d activities of one webhook", maxOutputs)
		}
		for _, v := range list {
			if err := add(&p, v, names); err != nil {
				return fmt.Errorf("activity %d: %w", len(p.Activities)+1, err)
			}
		}
		return nil
	}, headers(r.Header), query(r.URL), received(r.Received))
	if err != nil {
		return connector.Parsed{}, fmt.Errorf("custom: %w", err)
	}
	return p, nil
}

// decode reads a body as the program's input.
func decode(r *connector.Request) (input any, err error) {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && t == "application/x-www-form-urlencoded" {
		form, err := url.ParseQuery(string(r.Body))
		if err != nil {
			return nil, errors.New("custom: the body is not a form")
		}
		return texts(form), nil
	}
	if input, err = field.DecodeAny(r.Body); err != nil {
		return nil, errors.New("custom: the body is not JSON")
	}
	return input, nil
}

// texts is a form, a header or a query as an object of strings.
func texts(values map[string][]string) map[string]any {
	object := make(map[string]any, len(values))
	for name, list := range values {
		object[name] = strings.Join(list, ",")
	}
	return object
}

func headers(h http.Header) map[string]any {
	object := texts(h)
	for name, v := range object {
		delete(object, name)
		object[strings.ToLower(name)] = v
	}
	return object
}

func query(address string) map[string]any {
	u, err := url.Parse(address)
	if err != nil {
		return map[string]any{}
	}
	return texts(u.Query())
}

// received is when a webhook arrived, for tools that tell of something without
// a time.
func received(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// An output is an activity as a program writes it.
type output struct {
	ID           field.ID            `json:"id"`
	Type         conversation.Type   `json:"type"`
	Conversation field.ID            `json:"conversation_id"`
	Time         field.Time          `json:"time"`
	By           conversation.Author `json:"by"`
	Message      struct {
		ID   field.ID `json:"id"`
		Body string   `json:"body"`
	} `json:"message"`
	Agent struct {
		ID       field.ID `json:"id"`
		Name     string   `json:"name"`
		Username string   `json:"username"`
	} `json:"agent"`
	Customer struct {
		UserID      field.ID `json:"user_id"`
		AnonymousID field.ID `json:"anonymous_id"`
		ContactID   field.ID `json:"contact_id"`
		Email       string   `json:"email"`
		Name        string   `json:"name"`
	} `json:"customer"`
	StartedAt       field.Time `json:"started_at"`
	Channel         string     `json:"channel"`
	ConversationURL string     `json:"conversation_url"`
	Drop            string     `json:"drop"` // why the program leaves something out
}

// add reads one output. Its errors hold nothing that a person wrote.
func add(p *connector.Parsed, v any, names connector.Occurrences) error {
	if _, ok := v.(map[string]any); !ok {
		return errors.New("is not an object")
	}
	b, err := json.Marshal(v)
	if err != nil {
		return errors.New("is not JSON")
	}
	var o output
	if err := field.Strict(b, &o); err != nil {
		return err
	}
	if o.Drop != "" {
		p.Dropped = append(p.Dropped, reason(o.Drop))
		return nil
	}
	if !slices.Contains([]conversation.Author{"", conversation.Customer, conversation.HumanAgent, conversation.Bot, conversation.Company, conversation.Automation, conversation.System}, o.By) {
		p.Dropped = append(p.Dropped, "unknown_author") // never guessed
		return nil
	}
	a := conversation.Activity{
		ID: string(o.ID), Type: o.Type, Conversation: string(o.Conversation), Time: o.Time.Time, By: o.By,
		Message:   conversation.Text{ID: string(o.Message.ID), Body: o.Message.Body},
		Agent:     conversation.Agent{ID: string(o.Agent.ID), Name: o.Agent.Name, Username: o.Agent.Username},
		StartedAt: o.StartedAt.Time, Channel: o.Channel, ConversationURL: o.ConversationURL,
		Customer: conversation.Person{UserID: string(o.Customer.UserID), AnonymousID: string(o.Customer.AnonymousID),
			ContactID: string(o.Customer.ContactID), Email: o.Customer.Email, Name: o.Customer.Name},
	}
	if err := complete(&a, names); err != nil {
		return err
	}
	p.Activities = append(p.Activities, a)
	return nil
}

// complete gives an activity the ids that a program may leave out, and says
// what is missing that it may not.
func complete(a *conversation.Activity, names connector.Occurrences) error {
	types := []conversation.Type{conversation.Message, conversation.Closed, conversation.Reopened, conversation.Assigned, conversation.Identified}
	switch {
	case !slices.Contains(types, a.Type):
		return errors.New("type: is not one of message, closed, reopened, assigned, identified")
	case a.Conversation == "":
		return errors.New("conversation_id: is missing")
	case a.Time.IsZero():
		return errors.New("time: is missing")
	case a.Type == conversation.Message && a.By == "":
		return errors.New("by: is missing; a message has an author")
	}
	stamp := a.Time.UTC().Format(time.RFC3339Nano)
	if a.Type == conversation.Message && a.Message.ID == "" {
		a.Message.ID = names.ID(string(a.By), a.Agent.ID, stamp, a.Message.Body)
	}
	a.ID = cmp.Or(a.ID, string(a.Type)+":"+cmp.Or(a.Message.ID, stamp))
	return nil
}

// reason cuts what a program calls a reason to a word.
func reason(s string) string {
	s = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_' {
			return r
		}
		return -1
	}, strings.ToLower(s))
	return cmp.Or(s[:min(len(s), 40)], "by_program")
}
