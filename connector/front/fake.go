package front

import (
	"encoding/json"
	"html"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

const api = "https://example.api.frontapp.com"

// Fake implements connector.Faker. It writes as an application does.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	switch a.Type {
	case conversation.Message:
		return c.fakeMessage(history)
	case conversation.Closed:
		return c.send(history, "conversation_archived", "archive", fakeTeammate(a.Agent, "user"), nil)
	case conversation.Reopened:
		return c.send(history, "conversation_reopened", "reopen", fakeTeammate(a.Agent, "user"), nil)
	case conversation.Assigned:
		if a.Agent.ID == "" {
			return c.send(history, "assignee_changed", "unassign", fakeTeammate(a.Agent, "rule"), nil)
		}
		to := fakeTeammate(a.Agent, "user")
		return c.send(history, "assignee_changed", "assign", to, obj{"_meta": obj{"type": "teammate"}, "data": to})
	}
	return nil
}

// send sends an event; source is a teammate, or nil for an inbox.
func (c *Connector) send(history []conversation.Activity, name, kind string, source, target obj) []connector.Request {
	a := history[len(history)-1]
	from := obj{"_meta": obj{"type": "teammate"}, "data": source}
	if source == nil {
		from = obj{"_meta": obj{"type": "inboxes"}, "data": []obj{{"id": "inb_1", "name": "Website chat", "is_private": false}}}
	}
	e := obj{"_links": obj{"self": api + "/events/evt_" + a.ID}, "id": "evt_" + a.ID, "type": kind, "emitted_at": seconds(a.Time),
		"conversation": fakeConversation(history), "source": from, "target": nil}
	if target != nil {
		e["target"] = target
	}
	b, _ := json.Marshal(obj{"type": name, "authorization": obj{"id": "cmp_1"}, "payload": e}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	appScheme.Sign(c.o, &r)
	return []connector.Request{r}
}

// seconds is a time as Front writes it.
func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

func (c *Connector) fakeMessage(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	m := obj{"_links": obj{"self": api + "/messages/" + a.Message.ID}, "id": a.Message.ID, "type": kindOf(a.Channel), "is_inbound": false,
		"created_at": seconds(a.Time), "blurb": a.Message.Body, "text": a.Message.Body, "body": markUp(a.Message.Body), "error_type": nil, "version": nil, "subject": nil,
		"draft_mode": nil, "metadata": obj{}, "author": nil, "recipients": []obj{fakeRecipient(a.Customer, "to")}, "attachments": []obj{}, "signature": nil, "is_draft": false}
	if a.Message.Body == "" {
		m["attachments"] = []obj{{"id": "fil_1", "filename": "picture.png", "url": api + "/download/fil_1", "content_type": "image/png", "size": 20482}}
	}
	target := obj{"_meta": obj{"type": "message"}, "data": m}
	switch a.By {
	case conversation.Customer:
		m["is_inbound"], m["recipients"] = true, []obj{fakeRecipient(a.Customer, "from")}
		return c.send(history, "inbound_received", "inbound", nil, target)
	case conversation.HumanAgent:
		m["author"] = fakeTeammate(a.Agent, "user")
	case conversation.Bot:
		m["author"] = fakeTeammate(a.Agent, "ai")
	case conversation.Automation:
		m["author"] = fakeTeammate(a.Agent, "rule")
	case conversation.System:
		note := obj{"_links": obj{"self": api + "/comments/" + a.Message.ID}, "id": a.Message.ID, "body": a.Message.Body,
			"author": fakeTeammate(a.Agent, "user"), "posted_at": seconds(a.Time), "attachments": []obj{}, "is_pinned": false}
		return c.send(history, "new_comment_added", "comment", fakeTeammate(a.Agent, "user"), obj{"_meta": obj{"type": "comment"}, "data": note})
	}
	return c.send(history, "outbound_sent", "outbound", nil, target)
}

// fakeConversation is the conversation as it is now.
func fakeConversation(history []conversation.Activity) obj {
	a := history[len(history)-1]
	began, status, category := a.StartedAt, "unassigned", "open"
	if began.IsZero() {
		began = history[0].Time
	}
	assignee := any(nil)
	for _, h := range history {
		if h.Type == conversation.Assigned {
			if assignee, status = nil, "unassigned"; h.Agent.ID != "" {
				assignee, status = fakeTeammate(h.Agent, "user"), "assigned"
			}
		}
	}
	if a.Type == conversation.Closed {
		status, category = "archived", "resolved"
	}
	fields := obj{}
	if a.Customer.AnonymousID != "" {
		fields["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	return obj{"_links": obj{"self": api + "/conversations/" + a.Conversation}, "id": a.Conversation, "type": "conversation", "subject": nil,
		"status": status, "status_category": category, "ticket_ids": []string{}, "assignee": assignee, "recipient": fakeRecipient(a.Customer, "from"),
		"tags": []obj{}, "links": []obj{}, "custom_fields": fields, "created_at": seconds(began), "is_private": false, "scheduled_reminders": []obj{}, "metadata": obj{}}
}

func fakeRecipient(p conversation.Person, role string) obj {
	return obj{"_links": obj{"related": obj{"contact": api + "/contacts/" + p.ContactID}}, "name": p.Name, "handle": p.Email, "role": role}
}

func fakeTeammate(a conversation.Agent, kind string) obj {
	first, last, _ := strings.Cut(a.Name, " ")
	return obj{"_links": obj{"self": api + "/teammates/" + a.ID}, "id": a.ID, "email": a.Username, "username": a.Username, "first_name": first, "last_name": last,
		"is_admin": false, "is_available": true, "is_blocked": false, "type": kind, "custom_fields": obj{}}
}

// kindOf is the kind of the messages of a channel.
func kindOf(name string) string {
	switch name {
	case "", "chat":
		return "front_chat"
	case "messaging":
		return "whatsapp"
	case "phone":
		return "call"
	}
	return name
}

// markUp writes text as the editor does.
func markUp(s string) string {
	if s == "" {
		return ""
	}
	return "<div>" + strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") + "</div>"
}
