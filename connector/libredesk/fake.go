package libredesk

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. A conversation is created with its first
// message, of which Libredesk tells first.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	v := chatOf(a)
	switch a.Type {
	case conversation.Message:
		list := []connector.Request{c.sign(a, "message.created", messageOf(a))}
		if len(history) == 1 {
			list = append(list, c.sign(a, "conversation.created", v))
		}
		return list
	case conversation.Closed:
		actor := any(1)
		switch a.By {
		case conversation.HumanAgent:
			actor = number(a.Agent.ID)
		case conversation.Customer:
			actor = v["contact_id"]
		case "":
			actor = 0
		}
		v["status"], v["status_category"], v["status_id"] = "Resolved", "resolved", 3
		v["resolved_at"] = v["updated_at"]
		return []connector.Request{c.sign(a, "conversation.status_changed", obj{"actor_id": actor, "conversation": v,
			"conversation_uuid": a.Conversation, "new_status": "Resolved", "previous_status": "Open", "snooze_until": ""})}
	case conversation.Assigned:
		if a.Agent.ID == "" {
			return []connector.Request{c.sign(a, "conversation.unassigned", obj{"actor_id": 1, "conversation": v, "conversation_uuid": a.Conversation})}
		}
		return []connector.Request{c.sign(a, "conversation.assigned", obj{"actor_id": 1, "assigned_to": number(a.Agent.ID), "conversation": v, "conversation_uuid": a.Conversation})}
	case conversation.Identified:
		return []connector.Request{c.sign(a, "conversation.created", v)}
	}
	return nil
}

func (c *Connector) sign(a conversation.Activity, event string, payload obj) connector.Request {
	b, _ := json.Marshal(obj{"event": event, "payload": payload, "timestamp": a.Time.UTC().Format(time.RFC3339)}) // plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Libredesk-Webhook/v2.7.0")
	scheme.Sign(c.o, &r)
	return r
}

// number writes an ID as Libredesk does, if it is one of its own.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return n
	}
	return s
}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// moment writes a time as Libredesk does.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") }

// messageOf is a message. One by the System is a private note.
func messageOf(a conversation.Activity) obj {
	m := obj{"id": 1, "uuid": a.Message.ID, "created_at": moment(a.Time), "updated_at": moment(a.Time), "type": "outgoing", "status": "pending",
		"conversation_id": 1, "conversation_uuid": a.Conversation, "content": a.Message.Body, "text_content": a.Message.Body, "content_type": "text",
		"private": a.By == conversation.System, "sender_id": number(a.Agent.ID), "sender_type": "agent", "meta": obj{}, "attachments": []obj{}}
	author := obj{"id": number(a.Agent.ID), "first_name": a.Agent.Name, "last_name": "", "email": optional(a.Agent.Username), "avatar_url": nil,
		"availability_status": "online", "type": "agent", "last_active_at": nil}
	switch a.By {
	case conversation.Customer:
		m["type"], m["status"], m["sender_type"], m["sender_id"] = "incoming", "received", "contact", number(a.Customer.ContactID)
		author["id"], author["first_name"], author["email"], author["type"] = m["sender_id"], a.Customer.Name, optional(a.Customer.Email), "contact"
	case conversation.Bot:
		author["type"] = "ai_assistant"
	case conversation.Automation:
		m["meta"] = obj{"is_automated": true}
	}
	m["author"] = author
	if a.Message.Body == "" {
		m["attachments"] = []obj{{"name": "picture.png", "size": 20482, "content": nil, "content_type": "image/png", "disposition": "attachment",
			"uuid": "4f0c1f0e-5a55-4c3c-9d53-2c4a2f3a0001", "url": "https://desk.example.com/uploads/picture?sig=must-not-be-kept", "thumbnail_url": ""}}
	}
	return m
}

// chatOf is a conversation.
func chatOf(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	custom := obj{}
	if a.Customer.AnonymousID != "" {
		custom["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	var assignee any
	if a.Agent.ID != "" && a.By != conversation.Bot {
		assignee = number(a.Agent.ID)
	}
	return obj{"id": 1, "uuid": a.Conversation, "created_at": moment(began), "updated_at": moment(a.Time), "contact_id": number(a.Customer.ContactID),
		"inbox_id": 1, "inbox_name": "Website chat", "inbox_channel": channels[a.Channel], "status": "Open", "status_category": "open", "status_id": 1,
		"closed_at": nil, "resolved_at": nil, "reference_number": "100", "assigned_user_id": assignee, "assigned_team_id": nil, "tags": []string{},
		"meta": obj{}, "custom_attributes": obj{}, "contact": obj{"id": number(a.Customer.ContactID), "first_name": a.Customer.Name, "last_name": "",
			"email": optional(a.Customer.Email), "type": "contact", "custom_attributes": custom, "external_user_id": optional(a.Customer.UserID)}}
}

var channels = map[string]string{"": "livechat", "chat": "livechat", "messaging": "whatsapp", "email": "email"}
