// Package ada reads the webhooks of Ada.
//
// Ada's conversations are with an AI agent, and after a handoff with people;
// each message says which of them wrote it. The webhooks come through Svix, and
// are signed as it and Standard Webhooks do.
//
// Source: https://docs.ada.cx/reference/conversations/ (the webhooks
// conversation-created, conversation-message and conversation-ended) and
// https://docs.svix.com/receiving/verifying-payloads/how-manual.
package ada

import (
	"cmp"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "ada",
		Title:  "Ada",
		Reopen: conversation.Continue,
		Check:  scheme.Check,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from the conversation's or the end user's metadata", AnonymousID: "from the conversation's or the end user's metadata", Email: "once an event about the end user has told it",
			Signature: "HMAC-SHA256 with time", Retries: "7, over a week; then the endpoint is disabled",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Ada AI agent.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

// scheme is how Svix signs; standard is the same under the names of Standard
// Webhooks.
var (
	scheme = connector.Scheme{Header: "svix-signature", Signed: "{header:svix-id}.{time}.{body}", Value: "v1,{signature}", List: " ",
		Time: "svix-timestamp", Encoding: "base64", Key: "base64"}
	standard = connector.Scheme{Header: "webhook-signature", Signed: "{header:webhook-id}.{time}.{body}", Value: "v1,{signature}", List: " ",
		Time: "webhook-timestamp", Encoding: "base64", Key: "base64"}
)

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	if r.Header.Get(scheme.Header) == "" && r.Header.Get(standard.Header) != "" {
		return standard.Verify(c.o, r)
	}
	return scheme.Verify(c.o, r)
}

// A webhook is what Ada sends.
type webhook struct {
	Type      string     `json:"type"`
	Timestamp field.Time `json:"timestamp"`
	Data      struct {
		ConversationID field.ID     `json:"conversation_id"`
		EndUserID      field.ID     `json:"end_user_id"`
		CreatedAt      field.Time   `json:"created_at"` // of the message, or of the conversation
		UpdatedAt      field.Time   `json:"updated_at"`
		Metadata       field.Object `json:"metadata"`
		EndedBy        person       `json:"ended_by"`

		MessageID field.ID `json:"message_id"`
		Author    person   `json:"author"`
		Content   content  `json:"content"`
		Channel   struct {
			Modality field.Text `json:"modality"`
		} `json:"channel"`

		ExternalID field.ID `json:"external_id"` // of an end user
		Profile    struct {
			Email       field.Text   `json:"email"`
			DisplayName field.Text   `json:"display_name"`
			FirstName   field.Text   `json:"first_name"`
			LastName    field.Text   `json:"last_name"`
			Metadata    field.Object `json:"metadata"`
		} `json:"profile"`
	} `json:"data"`
}

// A person is an end user, the AI agent, or a human one.
type person struct {
	ID   field.ID   `json:"id"`
	Role string     `json:"role"`
	Name field.Text `json:"display_name"`
}

// content is what was written: text, a link, or a file.
type content struct {
	Type     string     `json:"type"`
	Body     field.Text `json:"body"`
	URL      field.Text `json:"url"`
	LinkText field.Text `json:"link_text"`
}

func (c content) plain() string {
	if c.Type != "link" {
		return string(c.Body)
	}
	text := cmp.Or(c.LinkText, c.Body)
	switch {
	case text == "" || text == c.URL:
		return string(c.URL)
	case c.URL == "":
		return string(text)
	}
	return string(text + " (" + c.URL + ")")
}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err = field.Decode(r.Body, &w); err != nil {
		// What is of no interest may have any shape.
		kind, ok := field.Kind(r.Body, "type")
		if !ok {
			return p, field.Malformed("ada", err)
		}
		w.Type = kind
	}
	kind := strings.TrimPrefix(w.Type, "v1.")
	if strings.HasPrefix(kind, "conversation.handoff.") {
		return p, nil // nothing that became known by it is an activity
	}
	if err != nil {
		return p, field.Malformed("ada", err)
	}
	switch kind {
	case "conversation.message":
		return c.message(&w)
	case "conversation.created":
		return c.told(&w, conversation.Identified, cmp.Or(w.Data.CreatedAt, w.Timestamp))
	case "conversation.ended":
		return c.told(&w, conversation.Closed, cmp.Or(w.Timestamp, w.Data.UpdatedAt))
	case "end_user.created", "end_user.updated":
		return c.endUser(&w), nil
	}
	return dropped("unknown_event"), nil
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if it is known who wrote it.
func (c *Connector) message(w *webhook) (p connector.Parsed, err error) {
	d := &w.Data
	by := author(d.Author.Role)
	switch {
	case by == "" || by == conversation.System:
		return dropped("unknown_author"), nil
	case d.Content.Type != "text" && d.Content.Type != "link" && d.Content.Type != "file":
		return dropped("unknown_kind"), nil
	case d.MessageID == "" || d.ConversationID == "" || cmp.Or(d.CreatedAt, w.Timestamp).IsZero():
		return p, errors.New("ada: message without message_id, conversation_id or created_at")
	}
	a := c.about(w)
	a.ID, a.Type, a.By, a.Time = "message:"+string(d.MessageID), conversation.Message, by, cmp.Or(d.CreatedAt, w.Timestamp).Time
	a.Message = conversation.Text{ID: string(d.MessageID), Body: d.Content.plain()}
	if by == conversation.Customer {
		a.Customer.Name = string(d.Author.Name)
	} else {
		a.Agent = conversation.Agent{ID: string(d.Author.ID), Name: string(d.Author.Name)}
	}
	p.Activities = []conversation.Activity{a}
	return p, nil
}

// author puts a role in our words.
func author(role string) conversation.Author {
	switch role {
	case "end_user":
		return conversation.Customer
	case "human_agent":
		return conversation.HumanAgent
	case "ai_agent":
		return conversation.Bot
	case "system":
		return conversation.System
	}
	return ""
}

// told tells of a beginning or an end.
func (c *Connector) told(w *webhook, t conversation.Type, at field.Time) (p connector.Parsed, err error) {
	if w.Data.ConversationID == "" || at.IsZero() {
		return p, errors.New("ada: conversation without conversation_id or time")
	}
	a := c.about(w)
	a.ID, a.Type, a.Time, a.StartedAt = "created", t, at.Time, w.Data.CreatedAt.Time
	if t == conversation.Closed {
		a.ID, a.By = "closed:"+at.UTC().Format(time.RFC3339Nano), author(w.Data.EndedBy.Role)
		if a.By == conversation.HumanAgent {
			a.Agent = conversation.Agent{ID: string(w.Data.EndedBy.ID), Name: string(w.Data.EndedBy.Name)}
		}
	}
	p.Activities = []conversation.Activity{a}
	return p, nil
}

// about starts an activity with what a webhook tells.
func (c *Connector) about(w *webhook) conversation.Activity {
	d := &w.Data
	a := conversation.Activity{Conversation: string(d.ConversationID), Channel: strings.ToLower(string(d.Channel.Modality)),
		Customer: conversation.Person{ContactID: string(d.EndUserID), UserID: d.Metadata.First(c.userIDs()...), AnonymousID: d.Metadata.First(c.o.AnonymousIDFields()...)}}
	if a.Channel == "voice" {
		a.Channel = "phone"
	}
	return a
}

// endUser tells what is known of an end user.
func (c *Connector) endUser(w *webhook) (p connector.Parsed) {
	d := &w.Data
	if d.EndUserID == "" {
		return p
	}
	name := cmp.Or(string(d.Profile.DisplayName), strings.TrimSpace(string(d.Profile.FirstName+" "+d.Profile.LastName)))
	user := d.Profile.Metadata.First(c.userIDs()...)
	if c.o.UserIDField == "" {
		user = cmp.Or(string(d.ExternalID), user)
	}
	p.Contacts = []conversation.Person{{ContactID: string(d.EndUserID), Email: string(d.Profile.Email), Name: name, UserID: user,
		AnonymousID: d.Profile.Metadata.First(c.o.AnonymousIDFields()...)}}
	return p
}

// userIDs are the metadata that may carry the company's own id.
func (c *Connector) userIDs() []string {
	if c.o.UserIDField != "" {
		return []string{c.o.UserIDField}
	}
	return []string{"user_id", "external_id"}
}

func (c *Connector) sign(id string, body []byte) connector.Request {
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
	r.Header.Set("svix-id", id)
	scheme.Sign(c.o, &r)
	return r
}
