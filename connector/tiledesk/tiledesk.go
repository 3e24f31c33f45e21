// Package tiledesk reads the REST hooks of Tiledesk.
//
// A webhook holds a message with its request, which is what Tiledesk calls a
// conversation, or a request. Which of them it is, the payload tells: where two
// hooks match one event, a retry may carry the name of the other.
//
// Source: Tiledesk/tiledesk-server 2.19.16, models/{message,request,lead}.js,
// services/subscriptionNotifier.js and routes/subscription.js; and
// https://developer.tiledesk.com/apis/webhooks
package tiledesk

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:   "tiledesk",
		Title:  "Tiledesk",
		Reopen: conversation.Continue,
		Gives: connector.Gives{
			Started: connector.Yes, Sent: connector.Yes, Received: connector.Yes, Ended: connector.Yes, Bots: connector.Yes,
			AgentID: connector.Yes, AgentName: connector.Yes, AgentUsername: "their e-mail address",
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: "from an attribute, or the lead's id if configured", AnonymousID: "from an attribute", Email: connector.Yes,
			Signature: "token in a header", Retries: "2 within seconds",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one Tiledesk project.
type Connector struct{ o connector.Options }

var (
	_ connector.Scrubber = (*Connector)(nil)
	_ connector.Faker    = (*Connector)(nil)
)

// scheme leaves out the token in the body: it is signed, but of the hook alone,
// and perhaps of another one.
var scheme = connector.Scheme{Header: "X-Hook-Secret", Hash: connector.Token}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// Scrub implements connector.Scrubber.
func (*Connector) Scrub(body []byte) []byte { return field.Blank(body, "token") }

// others are the hooks of which no activity comes.
var others = []string{"lead.", "project_user.", "department.", "group.", "faqbot.", "faq.", "event.emit", "operator.select", "user.", "project."}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (connector.Parsed, error) {
	var w webhook
	err := field.Decode(r.Body, &w)
	if err != nil {
		// What is of no interest may have any shape.
		var e struct {
			Hook hook `json:"hook"`
		}
		if field.Decode(r.Body, &e) != nil || e.Hook.isMessageOrRequest() {
			return connector.Parsed{}, field.Malformed("tiledesk", err)
		}
		w.Hook = e.Hook
	}
	switch p := w.Payload; {
	case err == nil && p.Sender != "" && p.Recipient != "":
		return c.message(p)
	case err == nil && p.RequestID != "":
		return c.request(p.request)
	case err == nil && p.LeadID != "":
		return connector.Parsed{Contacts: []conversation.Person{c.customer(lead{LeadID: p.LeadID, Fullname: p.Fullname, Email: p.Email, Attributes: p.Attributes})}}, nil
	case w.Hook.isMessageOrRequest():
		return connector.Parsed{}, errors.New("tiledesk: neither a message with sender and recipient, nor a request with request_id")
	case slices.ContainsFunc(others, func(prefix string) bool { return strings.HasPrefix(w.Hook.Event, prefix) }):
		return connector.Parsed{}, nil
	}
	return dropped("unknown_event"), nil
}

func dropped(reason string) connector.Parsed { return connector.Parsed{Dropped: []string{reason}} }

// message tells of a message, if the customer could see it and it is known who
// wrote it.
func (c *Connector) message(w payload) (p connector.Parsed, err error) {
	m, of := w.message(), w.Request
	by, reason := m.author(of)
	if reason != "" {
		return dropped(reason), nil
	}
	if m.ID == "" || m.CreatedAt.IsZero() {
		return p, errors.New("tiledesk: message without _id or createdAt")
	}
	a := c.about(of, m.Attributes)
	a.ID, a.Type, a.By, a.Time = "message:"+m.ID, conversation.Message, by, m.CreatedAt.Time
	a.Conversation = cmp.Or(of.RequestID, w.Recipient)
	a.Message = conversation.Text{ID: m.ID, Body: m.body(by)}
	switch by {
	case conversation.HumanAgent:
		a.Agent = of.agent(m.Sender)
		a.Agent.Name = cmp.Or(m.SenderFullname, a.Agent.Name)
	case conversation.Bot:
		a.Agent = conversation.Agent{ID: m.Sender, Name: m.SenderFullname}
	}
	p.Activities = append(p.Activities, a)
	return p, nil
}

// botPrefix begins the id of a bot.
const botPrefix = "bot_"

// author says who wrote a message of a request, or why that does not count.
func (m message) author(of request) (by conversation.Author, reason string) {
	if a := string(m.Attributes); a != "" && a != "null" && a[0] != '{' {
		return "", "unknown_kind" // whatever they are, they may say that it is private
	}
	switch m.Attributes.Text("subtype") {
	case "":
		if m.Attributes.Has("subtype") {
			return "", "unknown_kind"
		}
	case "private":
		return "", "private_note"
	case "info", "info/support":
		return "", "activity_line"
	default:
		return "", "unknown_kind"
	}
	switch {
	case m.Sender == "system":
		return "", "activity_line"
	case !slices.Contains([]string{"", "text", "image", "frame", "file"}, m.Kind):
		return "", "unknown_kind"
	case strings.HasPrefix(m.Sender, botPrefix), slices.Contains(of.Bots, m.Sender):
		return conversation.Bot, ""
	case m.Sender == of.Lead.LeadID && of.Preflight:
		return "", "preflight" // the widget asks for a greeting in the visitor's name
	case m.Sender == of.Lead.LeadID:
		return conversation.Customer, ""
	case of.isAgent(m.Sender):
		return conversation.HumanAgent, ""
	}
	return "", "unknown_author"
}

// body is the text that the customer saw. That of a file is its address.
func (m message) body(by conversation.Author) string {
	if m.Kind != "" && m.Kind != "text" {
		for _, key := range []string{"src", "name"} {
			if v := m.Metadata.Text(key); v != "" && strings.Contains(m.Text, v) {
				return ""
			}
		}
	}
	if by == conversation.Customer {
		return m.Text
	}
	return connector.PlainMarkdown(m.Text)
}

// closed is a request's status once it is closed.
const closed = "1000"

// request tells what a request is now: who serves it, or who closed it. What
// changed, and whether it was closed before, is not told.
func (c *Connector) request(v request) (p connector.Parsed, err error) {
	if v.Status == "" {
		return dropped("unknown_status"), nil
	}
	at, id := v.UpdatedAt, "assigned:"
	if v.Status == closed {
		at, id = v.ClosedAt, "closed:"
	}
	if v.CreatedAt.IsZero() || at.IsZero() {
		return p, errors.New("tiledesk: request without createdAt, updatedAt or closed_at")
	}
	about := func(t conversation.Type, id string, at field.Time) conversation.Activity {
		a := c.about(v, nil)
		a.Type, a.ID, a.Time, a.Conversation = t, id, at.Time, v.RequestID
		return a
	}
	a := about(conversation.Assigned, id+at.Format(time.RFC3339Nano), at)
	if v.Status == closed {
		a.Type, a.Message = conversation.Closed, v.last()
		if by, agent := v.closer(); by != "" {
			a.By, a.Agent = by, cmp.Or(agent, a.Agent)
		}
		return connector.Parsed{Activities: []conversation.Activity{a}}, nil
	}
	p.Activities = append(p.Activities, about(conversation.Identified, "created", v.CreatedAt), a)
	p.Activities[0].Agent = conversation.Agent{} // it was told when it was assigned, not that it was so at first
	return p, nil
}

// closer says who closed a request, and the agent of that.
func (v request) closer() (conversation.Author, conversation.Agent) {
	by := v.ClosedBy
	switch {
	case by == "":
		return "", conversation.Agent{}
	case by == v.Lead.LeadID || by == v.Lead.ID:
		return conversation.Customer, conversation.Agent{}
	case strings.HasPrefix(by, botPrefix), slices.Contains(v.Bots, by):
		return conversation.Bot, conversation.Agent{}
	case strings.HasPrefix(by, "_"):
		return conversation.System, conversation.Agent{} // a rule or a timer
	case v.isAgent(by):
		return conversation.HumanAgent, v.agent(by)
	}
	return "", conversation.Agent{}
}

// last is the last message that a person wrote.
func (v request) last() conversation.Text {
	for i := len(v.Messages) - 1; i >= 0; i-- {
		m := v.Messages[i]
		if by, _ := m.author(v); by == conversation.Customer || by == conversation.HumanAgent {
			return conversation.Text{ID: m.ID, Body: m.body(by)}
		}
	}
	return conversation.Text{}
}

// about starts an activity with what a request tells, and a message's own
// attributes.
func (c *Connector) about(v request, attributes field.Object) conversation.Activity {
	a := conversation.Activity{Customer: c.customer(v.Lead), StartedAt: v.CreatedAt.Time, Channel: v.channel()}
	for _, o := range []field.Object{v.Attributes, attributes} {
		a.Customer.UserID = cmp.Or(a.Customer.UserID, o.First(c.userIDs()...))
		a.Customer.AnonymousID = cmp.Or(a.Customer.AnonymousID, o.First(c.o.AnonymousIDFields()...))
	}
	switch {
	case len(v.Participating) > 0:
		a.Agent = v.agent(v.Participating[0].ID)
	case len(v.Agents) > 0:
		a.Agent = conversation.Agent{ID: v.Agents[0]}
	}
	return a
}

// leadID as user_id_field means that the site signs its users in, so that the
// lead's id is theirs. Tiledesk does not tell.
const leadID = "lead_id"

func (c *Connector) userIDs() []string {
	if c.o.UserIDField != "" {
		return []string{c.o.UserIDField}
	}
	return []string{"user_id", "external_id"}
}

func (c *Connector) customer(v lead) conversation.Person {
	who := conversation.Person{ContactID: v.LeadID, Email: string(v.Email), Name: string(v.Fullname),
		UserID: v.Attributes.First(c.userIDs()...), AnonymousID: v.Attributes.First(c.o.AnonymousIDFields()...)}
	if c.o.UserIDField == leadID {
		who.UserID = v.LeadID
	}
	if who.Name == "Guest" || strings.HasPrefix(who.Name, "guest#") {
		who.Name = "" // made up by Tiledesk
	}
	return who
}
