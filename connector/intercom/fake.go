package intercom

import (
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. It writes as API 2.14 does, with HTML.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	switch a.Type {
	case conversation.Message:
		return c.fakeMessage(history)
	case conversation.Closed:
		return c.send("conversation.admin.closed", c.item(history, "closed", fakePart(history, "close", nil)))
	case conversation.Reopened:
		return c.send("conversation.admin.opened", c.item(history, "open", fakePart(history, "open", nil)))
	case conversation.Assigned:
		to := obj{"type": "admin", "id": a.Agent.ID}
		if a.Agent.ID == "" {
			to = obj{"type": "nobody_admin", "id": nil}
		}
		p := fakePart(history, "assignment", nil)
		p["assigned_to"], p["author"] = to, obj{"type": "bot", "id": "900", "name": "Operator", "email": "operator+abc12345@intercom.io"}
		return c.send("conversation.admin.assigned", c.item(history, "open", p))
	}
	return nil
}

func (c *Connector) fakeMessage(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	topic, kind := "conversation.admin.replied", "comment"
	switch a.By {
	case conversation.Customer:
		if first(history) == len(history)-1 {
			return c.send("conversation.user.created", c.item(history, "open"))
		}
		topic = "conversation.user.replied"
	case conversation.Bot:
		topic = "conversation.operator.replied"
	case conversation.System:
		topic, kind = "conversation.admin.noted", "note"
	case conversation.Automation:
		return nil // no webhook tells of it
	}
	return c.send(topic, c.item(history, "open", fakePart(history, kind, &a.Message)))
}

// first is where the customer first wrote, or -1.
func first(history []conversation.Activity) int {
	for i, a := range history {
		if a.Type == conversation.Message && a.By == conversation.Customer {
			return i
		}
	}
	return -1
}

func (c *Connector) send(topic string, item obj) []connector.Request {
	at := item["updated_at"].(int64)
	b, _ := json.Marshal(obj{"type": "notification_event", "app_id": "abc12345", "data": obj{"type": "notification_event_data", "item": item},
		"links": obj{}, "id": "notif_" + item["id"].(string) + "_" + strconv.FormatInt(at, 10), "topic": topic, "delivery_status": "pending",
		"delivery_attempts": 1, "delivered_at": 0, "first_sent_at": at + 1, "created_at": at, "self": nil}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"intercom-parrot-service-client/1.0"}}, Body: b}
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}

// item is a conversation with what is new in it.
func (c *Connector) item(history []conversation.Activity, state string, parts ...obj) obj {
	a := history[len(history)-1]
	began := a.StartedAt
	if began.IsZero() {
		began = history[0].Time
	}
	customer := obj{"type": "lead", "id": a.Customer.ContactID, "name": a.Customer.Name, "email": a.Customer.Email}
	external := "b7f1d9a0-5f0c-4c6d-9b1e-0c2d5a9e7f11" // which Intercom makes up for a lead
	if a.Customer.UserID != "" {
		customer["type"], external = "user", a.Customer.UserID
	}
	source := obj{"type": "conversation", "id": "1", "delivered_as": "admin_initiated", "subject": "", "body": "", "author": obj{"type": "admin", "id": "7"}, "attachments": []obj{}, "redacted": false}
	var reply any
	if i := first(history); i >= 0 {
		source["id"], source["delivered_as"], source["author"] = history[i].Message.ID, "customer_initiated", customer
		source["body"] = markUp(history[i].Message.Body)
		reply = obj{"created_at": history[i].Time.Unix(), "type": "conversation", "url": nil}
	}
	attributes := obj{}
	if a.Customer.AnonymousID != "" {
		attributes["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	var assignee any
	if id, err := strconv.ParseInt(a.Agent.ID, 10, 64); err == nil && a.By != conversation.Bot {
		assignee = id
	}
	if parts == nil {
		parts = []obj{}
	}
	return obj{"type": "conversation", "id": a.Conversation, "created_at": began.Unix(), "updated_at": a.Time.Unix(), "title": nil,
		"waiting_since": nil, "snoozed_until": nil, "open": state == "open", "state": state, "read": false, "priority": "not_priority",
		"admin_assignee_id": assignee, "team_assignee_id": nil, "source": source, "first_contact_reply": reply,
		"contacts":  obj{"type": "contact.list", "contacts": []obj{{"type": "contact", "id": a.Customer.ContactID, "external_id": external}}},
		"teammates": obj{"type": "admin.list", "admins": []obj{}}, "tags": obj{"type": "tag.list", "tags": []obj{}}, "custom_attributes": attributes,
		"conversation_parts": obj{"type": "conversation_part.list", "conversation_parts": parts, "total_count": len(history)}}
}

// fakePart is what the last activity adds to the conversation.
func fakePart(history []conversation.Activity, kind string, text *conversation.Text) obj {
	a := history[len(history)-1]
	author := obj{"type": "admin", "id": a.Agent.ID, "name": a.Agent.Name, "email": a.Agent.Username}
	switch a.By {
	case conversation.Customer:
		author = obj{"type": "lead", "id": a.Customer.ContactID, "name": a.Customer.Name, "email": a.Customer.Email}
		if a.Customer.UserID != "" {
			author["type"] = "user"
		}
	case conversation.Bot:
		author = obj{"type": "bot", "id": a.Agent.ID, "name": a.Agent.Name, "email": "operator+abc12345@intercom.io", "from_ai_agent": true, "is_ai_answer": true}
	}
	p := obj{"type": "conversation_part", "id": strconv.Itoa(len(history)), "part_type": kind, "body": nil, "created_at": a.Time.Unix(), "updated_at": a.Time.Unix(),
		"notified_at": a.Time.Unix(), "assigned_to": nil, "author": author, "attachments": []obj{}, "external_id": nil, "redacted": false}
	if text != nil {
		p["id"], p["body"] = text.ID, markUp(text.Body)
		if text.Body == "" {
			p["body"], p["attachments"] = nil, []obj{{"type": "upload", "name": "picture.png", "content_type": "image/png", "filesize": 20482}}
		}
	}
	return p
}

// markUp writes text as the editor does.
func markUp(s string) string {
	if s == "" {
		return ""
	}
	return "<p>" + strings.ReplaceAll(html.EscapeString(s), "\n", "<br>") + "</p>"
}
