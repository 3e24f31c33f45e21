// Package livechat reads the webhooks of LiveChat (text.com), versions 3.1 to
// 3.7.
//
// A chat is all that a visitor ever wrote; a thread of it is one conversation.
//
// Source: https://platform.text.com/docs/management/webhooks (v3.6),
// https://platform.text.com/messaging/references/system-messages, and the
// webhooks that livechat/lc-sdk-go tests with
package livechat

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	const told = "once the chat or the agent's entering it told it"
	return connector.Type{
		Name:   "livechat",
		Title:  "LiveChat",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: "of people their login, an e-mail address", AgentName: told, AgentUsername: connector.Yes,
			Duration: connector.Yes, ConversationID: "the thread's", Body: connector.Yes, Message: connector.Yes,
			UserID: "from a session field", AnonymousID: "from a session field", Email: connector.Yes,
			Signature: "token in the body", Retries: "up to 3 attempts in about a minute",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one LiveChat organization.
type Connector struct{ o connector.Options }

var (
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error {
	var w struct {
		SecretKey field.Text `json:"secret_key"`
	}
	if field.Decode(r.Body, &w) != nil {
		return fmt.Errorf("%w: the body is no JSON to hold a secret", connector.ErrSignature)
	}
	return c.o.VerifyToken(string(w.SecretKey))
}

// Scrub implements connector.Scrubber: LiveChat sends the secret itself.
func (*Connector) Scrub(body []byte) []byte { return field.Blank(body, "secret_key") }

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("livechat", err)
	}
	var read func(*hook) error
	switch w.Action {
	case "incoming_chat", "incoming_chat_thread":
		read = c.chat
	case "incoming_event":
		read = c.oneEvent
	case "chat_deactivated", "thread_closed":
		read = c.deactivated
	case "user_added_to_chat", "chat_user_added", "customer_created", "incoming_customer", "customer_session_fields_updated",
		"agent_created", "agent_updated", "bot_created", "bot_updated":
		read = c.people
	default:
		if !known(w.Action) {
			p.Dropped = []string{"unknown_event"}
		}
		return p, nil // nothing else that becomes known is an activity
	}
	h := &hook{webhook: w, Request: r}
	if err := field.Decode(w.Payload, &h.payload); err != nil {
		return p, field.Malformed("livechat", err)
	}
	h.meet()
	h.customer = c.customer(h)
	if err := read(h); err != nil {
		return connector.Parsed{}, err
	}
	return h.Parsed, nil
}

// others are the beginnings of the names of what is of no interest.
var others = []string{"access_", "agent_", "auto_access_", "bot_", "chat_", "customer_", "event_", "events_", "greeting_", "group_",
	"incoming_rich_message_postback", "routing_", "tag_", "thread_", "user_removed_from_chat"}

func known(action string) bool {
	return slices.ContainsFunc(others, func(prefix string) bool { return strings.HasPrefix(action, prefix) })
}

// chat tells of a new thread: who is in it, and what was written so far.
func (c *Connector) chat(h *hook) error {
	chat := h.payload.Chat
	if chat.Thread.ID == "" || chat.Thread.CreatedAt.IsZero() {
		return errors.New("livechat: chat without chat.thread.id or chat.thread.created_at")
	}
	h.Activities = slices.Grow(h.Activities, 1+len(chat.Thread.Events))
	h.add(conversation.Activity{ID: "created", Type: conversation.Identified, Conversation: string(chat.Thread.ID),
		Time: chat.Thread.CreatedAt.Time, StartedAt: chat.Thread.CreatedAt.Time, Agent: c.present(h)})
	for _, u := range chat.Users {
		if u.Type == "agent" {
			h.Agents = append(h.Agents, agent(u.ID, u.Name))
		}
	}
	for _, e := range chat.Thread.Events {
		if err := c.event(h, string(chat.Thread.ID), e); err != nil {
			return err
		}
	}
	return nil
}

func (c *Connector) oneEvent(h *hook) error {
	return c.event(h, string(h.payload.ThreadID), h.payload.Event)
}

// event adds a message, if the customer could see it and it is known who wrote
// it, or the end that it reports.
func (c *Connector) event(h *hook, thread string, e event) error {
	if e.ID == "" || thread == "" || e.CreatedAt.IsZero() {
		return errors.New("livechat: event without id, thread_id or created_at")
	}
	a := conversation.Activity{ID: "message:" + string(e.ID), Type: conversation.Message, Conversation: thread, Time: e.CreatedAt.Time}
	if e.Type == "system_message" {
		by, ended := c.ended(h, e)
		if !ended {
			h.drop("activity_line")
			return nil
		}
		a.ID, a.Type, a.By, a.Agent = "closed:"+string(e.ID), conversation.Closed, by, c.present(h)
		h.add(a)
		return nil
	}
	if reason := e.unread(); reason != "" {
		h.drop(reason)
		return nil
	}
	a.By = c.author(h, e.AuthorID)
	switch {
	case a.By == "":
		h.drop("unknown_author")
		return nil
	case a.By == conversation.Customer:
		a.Agent = c.present(h)
	case field.Object(e.Properties.Get("lc2")).Truthy("welcome_message"):
		a.By = conversation.Automation
	default:
		a.Agent = agent(e.AuthorID, h.user(e.AuthorID).Name)
	}
	a.Message = conversation.Text{ID: string(e.ID), Body: e.plain()}
	h.add(a)
	return nil
}

// ended reports whether a system message says that the thread was closed, and
// by whom. A bot closes chats as agents do; it is known by who is there.
func (c *Connector) ended(h *hook, e event) (by conversation.Author, ended bool) {
	switch kind := e.SystemMessageType; {
	case kind == "manual_archived_customer":
		return conversation.Customer, true
	case kind == "manual_archived_agent", kind == "customer_banned":
		here := func(by conversation.Author) bool {
			return slices.ContainsFunc(h.present, func(id field.ID) bool { return c.author(h, id) == by })
		}
		if here(conversation.Bot) && !here(conversation.HumanAgent) {
			return conversation.Bot, true
		}
		return conversation.HumanAgent, true
	default:
		timer := kind == "archived_customer_disconnected" || kind == "system_archived" || strings.HasPrefix(kind, "routing.archived_")
		return conversation.System, timer
	}
}

// deactivated tells that a thread was closed, and by whom. It does not tell
// when: the system message about the same does, and comes first.
func (c *Connector) deactivated(h *hook) error {
	v := h.payload
	switch {
	case v.ThreadID == "":
		return errors.New("livechat: end without thread_id")
	case h.Received.IsZero():
		h.drop("no_time")
		return nil
	}
	a := conversation.Activity{ID: "closed", Type: conversation.Closed, Conversation: string(v.ThreadID), Time: h.Received.UTC(),
		By: conversation.System, Agent: c.present(h)}
	if v.UserID != "" {
		a.By = c.author(h, v.UserID)
	}
	if a.By == conversation.HumanAgent || a.By == conversation.Bot {
		a.Agent = agent(v.UserID, "")
	}
	h.add(a)
	return nil
}

// people tells who somebody is.
func (c *Connector) people(h *hook) error {
	v := h.payload
	u := v.user
	if v.User.ID != "" {
		u = v.User
	}
	switch {
	case u.ID == "":
	case strings.HasPrefix(h.Action, "agent_"), strings.HasPrefix(h.Action, "bot_"), u.Type == "agent":
		h.Agents = append(h.Agents, agent(u.ID, u.Name))
	case strings.Contains(h.Action, "customer"), u.Type == "customer":
		h.Contacts = append(h.Contacts, c.person(u))
	}
	return nil
}

// agent is somebody who speaks for the company. People log in with their
// e-mail address, and that is their id.
func agent(id field.ID, name string) conversation.Agent {
	a := conversation.Agent{ID: string(id), Name: name}
	if strings.Contains(a.ID, "@") {
		a.Username = a.ID
	}
	return a
}

var (
	uuid  = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	hex32 = regexp.MustCompile(`^[0-9a-f]{32}$`)
)

// author says who somebody is, or "". Where the chat does not say, ids do:
// those of customers are UUIDs, of agents e-mail addresses, of bots 32
// hexadecimal digits.
func (c *Connector) author(h *hook, id field.ID) conversation.Author {
	kind, s := h.user(id).Type, string(id)
	switch {
	case s == "":
		return ""
	case kind == "customer" || kind == "" && uuid.MatchString(s):
		return conversation.Customer
	case kind != "" && kind != "agent":
		return ""
	case hex32.MatchString(s) || c.o.IsBot(s):
		return conversation.Bot
	case kind == "agent" || strings.Contains(s, "@") || c.o.IsAgent(s):
		return conversation.HumanAgent
	}
	return ""
}

// present is the agent who is in the chat, if it is one, else nobody.
func (c *Connector) present(h *hook) conversation.Agent {
	var people []field.ID
	for _, id := range h.present {
		if c.author(h, id) == conversation.HumanAgent {
			people = append(people, id)
		}
	}
	if len(people) != 1 {
		return conversation.Agent{}
	}
	return agent(people[0], h.user(people[0]).Name)
}

// customer is what the webhook tells of the chat's customer.
func (c *Connector) customer(h *hook) conversation.Person {
	here := func(id field.ID) bool { return c.author(h, id) == conversation.Customer }
	id := h.payload.Event.AuthorID
	if i := slices.IndexFunc(h.present, here); i >= 0 {
		id = h.present[i]
	} else if !here(id) {
		return conversation.Person{}
	}
	u := h.user(id)
	u.ID = id
	return c.person(u)
}

// person is a customer. Session fields are what the site set.
func (c *Connector) person(u user) conversation.Person {
	ids := []string{"user_id", "external_id"}
	if c.o.UserIDField != "" {
		ids = []string{c.o.UserIDField}
	}
	return conversation.Person{ContactID: string(u.ID), Name: u.Name, Email: u.Email,
		UserID: u.session(ids), AnonymousID: u.session(c.o.AnonymousIDFields())}
}
