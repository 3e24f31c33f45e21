package gorgias

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

// Fake implements connector.Faker. It writes the whole context.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	k := fakeTicket(a)
	var m any
	trigger := "ticket-updated"
	switch a.Type {
	case conversation.Message:
		trigger, m = "ticket-message-created", fakeMessage(a)
	case conversation.Closed:
		k["status"], k["closed_datetime"] = "closed", moment(a.Time)
	case conversation.Identified:
		trigger = "ticket-created"
	case conversation.Ending:
		return nil
	}
	b, _ := json.Marshal(obj{"event": obj{"type": trigger, "datetime": moment(a.Time)}, "ticket": k, "message": m}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	schemes[0].Sign(c.o, &r)
	return []connector.Request{r}
}

func fakeTicket(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	customer := fakePerson(a.Customer.ContactID, a.Customer.Name, a.Customer.Email)
	customer["external_id"], customer["data"], customer["meta"] = optional(a.Customer.UserID), nil, obj{"name_set_via": "agent"}
	if a.Customer.AnonymousID != "" {
		customer["data"] = obj{"segment_anonymous_id": a.Customer.AnonymousID}
	}
	var assignee any
	if a.Agent.ID != "" && a.By != conversation.Bot {
		assignee = fakePerson(a.Agent.ID, a.Agent.Name, a.Agent.Username)
	}
	channel := a.Channel
	if channel == "" {
		channel = "chat"
	}
	return obj{"id": number(a.Conversation), "channel": channel, "via": "gorgias_chat", "status": "open", "created_datetime": moment(began),
		"closed_datetime": nil, "assignee_user": assignee, "customer": customer, "meta": obj{}, "spam": false, "tags": []obj{}}
}

// fakeMessage is a message. One by the System is an internal note.
func fakeMessage(a conversation.Activity) obj {
	m := obj{"id": number(a.Message.ID), "ticket_id": number(a.Conversation), "channel": "chat", "via": "helpdesk", "from_agent": true, "public": true,
		"rule_id": nil, "integration_id": 104368, "receiver": nil, "body_text": a.Message.Body, "stripped_text": a.Message.Body, "body_html": nil,
		"created_datetime": moment(a.Time), "sent_datetime": moment(a.Time), "failed_datetime": nil, "attachments": []obj{}}
	m["sender"] = fakePerson(a.Agent.ID, a.Agent.Name, a.Agent.Username)
	switch a.By {
	case conversation.Customer:
		m["from_agent"], m["via"], m["sender"] = false, "gorgias_chat", fakePerson(a.Customer.ContactID, a.Customer.Name, a.Customer.Email)
	case conversation.Automation:
		m["via"], m["sender"] = "gorgias_chat", fakePerson("1", "Gorgias Bot", "")
	case conversation.System:
		m["channel"], m["via"], m["public"] = "internal-note", "internal-note", false
	}
	if a.Message.Body == "" {
		m["attachments"] = []obj{{"name": "picture.png", "content_type": "image/png", "size": 20482, "url": "https://files.example.com/picture.png"}}
	}
	return m
}

func fakePerson(id, name, email string) obj {
	return obj{"id": number(id), "name": name, "email": optional(email)}
}

// number writes an id as Gorgias does, if it is one of its own.
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

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000-07:00") }
