package intercom

import (
	"errors"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// A telling is what one webhook says of a conversation.
type telling struct {
	connector.Parsed
	c      *Connector
	item   *item
	topic  string
	plain  bool // its bodies are plain text
	closed bool // one of its parts is a closing
}

// opening tells of the message that the conversation began with. One that a
// campaign, a workflow or an agent sent to many belongs to no agent: only
// admin.single.created is an agent's message to one customer.
func (t *telling) opening() error {
	m := t.item.Source
	if m == nil {
		m = t.item.First
	}
	if m == nil || m.ID == "" {
		return errors.New("intercom: conversation without the id of its first message")
	}
	by, reason := t.author(m.Author)
	switch {
	case m.Redacted:
		reason = "deleted"
	case reason != "" || by == conversation.Customer:
	case by != conversation.HumanAgent || t.topic == "conversation.user.created" || m.DeliveredAs != "" && m.DeliveredAs != "admin_initiated":
		by = conversation.Automation
	}
	if reason != "" {
		t.Dropped = append(t.Dropped, reason)
		return nil
	}
	a := t.activity(conversation.Message, m.ID, t.item.CreatedAt.Time, by, m.Author)
	a.Message = conversation.Text{ID: string(m.ID), Body: t.text(m.Body)}
	return nil
}

// silent are the kinds of parts that only tell what somebody did.
var silent = map[string]bool{
	"away_mode_assignment": true, "assign_and_unsnooze": true, "default_assignment": true, "message_strategy_assignment": true,
	"snoozed": true, "unsnoozed": true, "timer_unsnooze": true, "participant_added": true, "participant_removed": true,
	"conversation_tags_updated": true, "merged_primary_conversation": true, "language_detection_details": true, "title_changed": true,
}

var silentPrefixes = []string{"conversation_attribute_updated_by_", "conversation_rating_", "conversation_sla_", "custom_action_", "ticket_"}

// part tells of one part.
func (t *telling) part(p *part) error {
	if p.ID == "" || p.CreatedAt.IsZero() {
		return errors.New("intercom: conversation part without id or created_at")
	}
	t.assignment(p)
	speaks := p.Body != "" || len(p.Attachments) > 0
	switch kind := p.Type; {
	case strings.Contains(kind, "note"), t.topic == "conversation.admin.noted":
		t.Dropped = append(t.Dropped, "private_note")
		return nil
	case kind == "comment":
		speaks = true
	case kind == "assignment", kind == "assign_and_reopen":
		// What somebody writes with it is a response to the customer, as
		// Intercom's reference for 2.x has it; that for 1.x says that it
		// appears as a note.
		if speaks && t.item.Source == nil {
			t.Dropped, speaks = append(t.Dropped, "private_note"), false
		}
	case kind == "open", kind == "close", kind == "quick_reply":
	case silent[kind]:
		return nil
	default:
		for _, prefix := range silentPrefixes {
			if strings.HasPrefix(kind, prefix) {
				return nil
			}
		}
		t.Dropped = append(t.Dropped, "unknown_kind")
		return nil
	}
	t.closed = t.closed || p.Type == "close"
	by, reason := t.author(p.Author)
	if reason == "" && speaks && p.Redacted {
		t.Dropped, speaks = append(t.Dropped, "deleted"), false
	}
	if reason != "" {
		t.Dropped = append(t.Dropped, reason)
		return nil
	}
	body := t.text(p.Body)
	if speaks {
		a := t.activity(conversation.Message, p.ID, p.CreatedAt.Time, by, p.Author)
		a.Message = conversation.Text{ID: string(p.ID), Body: body}
	}
	switch p.Type {
	case "close":
		a := t.activity(conversation.Closed, p.ID, p.CreatedAt.Time, by, p.Author)
		if speaks {
			a.Message = conversation.Text{ID: string(p.ID), Body: body}
		}
	case "open", "assign_and_reopen":
		t.activity(conversation.Reopened, p.ID, p.CreatedAt.Time, by, p.Author)
	}
	return nil
}

// assignment tells to whom a part gave the conversation. That it went to
// nobody counts only if the conversation says so too: a part also says that of
// an agent who stays.
func (t *telling) assignment(p *part) {
	to := p.AssignedTo
	if to == nil || to.Type != "admin" && to.Type != "nobody_admin" {
		return
	}
	agent := conversation.Agent{}
	if to.Type == "admin" && to.ID != "" && to.ID != "0" {
		agent = conversation.Agent{ID: string(to.ID), Name: string(to.Name)}
		if to.ID == p.Author.ID && agent.Name == "" {
			agent.Name = string(p.Author.Name)
		}
	} else if t.item.assignee() != (conversation.Agent{}) {
		return
	}
	a := t.activity(conversation.Assigned, p.ID, p.CreatedAt.Time, "", person{})
	a.Agent = agent
}

// closing tells of one that no part tells of.
func (t *telling) closing() {
	if t.topic == "conversation.admin.closed" && !t.closed && !t.item.UpdatedAt.IsZero() {
		at := t.item.UpdatedAt.Time
		t.activity(conversation.Closed, field.ID(at.Format(time.RFC3339)), at, "", person{})
	}
}

// author says who somebody is, or why that is not known.
func (t *telling) author(p person) (by conversation.Author, reason string) {
	operator := strings.HasPrefix(string(p.Email), "operator+") && strings.HasSuffix(string(p.Email), "@intercom.io")
	switch {
	case p.customer():
		return conversation.Customer, ""
	case p.Type == "bot", (p.Type == "admin" || p.Type == "team") && (p.FromAIAgent || p.IsAIAnswer || operator || t.topic == "conversation.operator.replied"):
		return conversation.Bot, ""
	case p.Type == "admin", p.Type == "team":
		return conversation.HumanAgent, ""
	}
	return "", "unknown_author"
}

// activity adds what happened, and what the conversation tells besides.
func (t *telling) activity(kind conversation.Type, id field.ID, at time.Time, by conversation.Author, author person) *conversation.Activity {
	v := t.item
	a := conversation.Activity{
		ID: string(kind) + ":" + string(id), Type: kind, Conversation: string(v.ID), Time: at, By: by,
		Agent: v.assignee(), Customer: t.customer(author), StartedAt: v.startedAt(), Channel: v.channel(), ConversationURL: string(v.Links.Web),
	}
	if by == conversation.HumanAgent || by == conversation.Bot {
		a.Agent = conversation.Agent{ID: string(author.ID), Name: string(author.Name)}
		if by == conversation.HumanAgent && author.Type == "admin" {
			a.Agent.Username = string(author.Email) // people log in with it
		}
	}
	t.Activities = append(t.Activities, a)
	return &t.Activities[len(t.Activities)-1]
}

// text is a body as people see it.
func (t *telling) text(body field.Text) string {
	if t.plain {
		return strings.TrimSpace(string(body))
	}
	return connector.PlainText(string(body))
}

// customer is who wrote, if a customer did, or else who began the conversation.
func (t *telling) customer(author person) conversation.Person {
	who := t.item.customer(author)
	t.c.custom(&who, t.item.CustomAttributes)
	return who
}

func (v *item) customer(author person) (who conversation.Person) {
	if u := v.User; u != nil { // 1.x
		who = conversation.Person{ContactID: string(u.ID), Email: string(u.Email), Name: string(u.Name)}
		if u.Type == "user" {
			who.UserID = string(u.UserID)
		}
		return who
	}
	p := author
	if !p.customer() {
		p = person{}
		if v.Source != nil && v.Source.Author.customer() {
			p = v.Source.Author
		} else if len(v.Contacts) > 0 {
			p = v.Contacts[0]
		}
	}
	contact := v.Contacts.find(p.ID)
	who = conversation.Person{ContactID: string(p.ID), Email: string(p.Email), Name: string(p.Name)}
	switch external := contact.ExternalID; {
	case p.Type == "lead" || contact.Type == "lead": // Intercom makes one up for them
	case p.Type == "user" || !generated.MatchString(string(external)):
		who.UserID = string(external)
	}
	return who
}

// assignee is the agent who is responsible.
func (v *item) assignee() conversation.Agent {
	if p := v.Assignee; p != nil && p.Type == "admin" {
		return conversation.Agent{ID: string(p.ID), Name: string(p.Name), Username: string(p.Email)}
	}
	if id := v.AdminAssigneeID; id != "" && id != "0" {
		return conversation.Agent{ID: string(id)}
	}
	return conversation.Agent{}
}

// startedAt is when the customer first wrote, as far as the conversation tells.
func (v *item) startedAt() time.Time {
	if v.FirstContactReply != nil && !v.FirstContactReply.CreatedAt.IsZero() {
		return v.FirstContactReply.CreatedAt.Time
	}
	for _, m := range []*message{v.Source, v.First} {
		if m != nil && m.Author.customer() {
			return v.CreatedAt.Time
		}
	}
	return time.Time{}
}

// channel puts in our words how the conversation began. 1.x does not tell.
func (v *item) channel() string {
	if v.Source == nil {
		return ""
	}
	switch kind := v.Source.Type; kind {
	case "conversation":
		return "chat"
	case "whatsapp", "facebook", "instagram", "twitter":
		return "messaging"
	case "phone_call", "phone_switch":
		return "phone"
	default:
		return strings.ToLower(kind)
	}
}
