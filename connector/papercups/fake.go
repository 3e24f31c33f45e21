package papercups

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

// Fake implements connector.Faker. The beginning is told with the first message.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	v := conversationOf(a)
	switch a.Type {
	case conversation.Message:
		if a.By == conversation.Automation {
			return nil
		}
		var list []connector.Request
		if len(history) == 1 {
			list = append(list, c.sign("conversation:created", v))
		}
		return append(list, c.sign("message:created", messageOf(a)))
	case conversation.Closed:
		v["status"], v["closed_at"] = "closed", a.Time.UTC().Format(time.RFC3339)
		return []connector.Request{c.sign("conversation:updated", v)}
	case conversation.Assigned, conversation.Reopened:
		return []connector.Request{c.sign("conversation:updated", v)}
	case conversation.Identified:
		return []connector.Request{c.sign("conversation:created", v)}
	}
	return nil
}

func (c *Connector) sign(event string, payload obj) connector.Request {
	b, _ := json.Marshal(obj{"event": event, "payload": payload}) // maps of plain values always marshal
	r := connector.Request{URL: "https://gateway.example.com/in/support", Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	scheme.Sign(c.o, &r)
	return r
}

// naive writes a time as Papercups does in most places.
func naive(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// number writes an agent's ID, which is a number.
func number(id string) any {
	if n, err := strconv.Atoi(id); err == nil {
		return n
	}
	return optional(id)
}

// messageOf is a message. One by the System is a private note.
func messageOf(a conversation.Activity) obj {
	m := obj{"id": a.Message.ID, "object": "message", "body": a.Message.Body, "type": "reply", "content_type": "text", "private": false, "source": "chat",
		"created_at": naive(a.Time), "sent_at": a.Time.UTC().Format(time.RFC3339), "seen_at": nil, "conversation_id": a.Conversation, "account_id": "acc1",
		"user_id": number(a.Agent.ID), "customer_id": nil, "attachments": []obj{}, "metadata": nil}
	m["user"] = obj{"id": m["user_id"], "object": "user", "email": a.Agent.Username, "full_name": a.Agent.Name, "display_name": nil, "role": "user"}
	switch a.By {
	case conversation.Customer:
		v := conversationOf(a)
		m["user_id"], m["user"], m["customer_id"], m["customer"], m["source"] = nil, nil, v["customer_id"], v["customer"], v["source"]
	case conversation.System:
		m["type"], m["private"] = "note", true
	case conversation.Bot:
		m["type"], m["private"] = "bot", true // as all that its own integrations write
	}
	if a.Message.Body == "" {
		m["body"], m["attachments"] = nil, []obj{{"id": "f1", "filename": "label.png", "content_type": "image/png", "file_url": "https://files.example.com/label.png"}}
	}
	return m
}

func conversationOf(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	metadata := obj{}
	if a.Customer.AnonymousID != "" {
		metadata["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	channel := a.Channel
	if channel == "" {
		channel = "chat"
	}
	var assignee any
	if a.By != conversation.Bot {
		assignee = number(a.Agent.ID)
	}
	return obj{"id": a.Conversation, "object": "conversation", "source": channel, "created_at": naive(began), "closed_at": nil,
		"last_activity_at": a.Time.UTC().Format(time.RFC3339), "status": "open", "read": false, "priority": "not_priority", "account_id": "acc1",
		"customer_id": a.Customer.ContactID, "assignee_id": assignee, "messages": []obj{}, "tags": []obj{},
		"customer": obj{"id": a.Customer.ContactID, "object": "customer", "name": optional(a.Customer.Name), "email": optional(a.Customer.Email),
			"external_id": optional(a.Customer.UserID), "metadata": metadata}}
}
