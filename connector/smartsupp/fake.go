package smartsupp

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker, with the events that Smartsupp sends today.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	data, event := obj{"conversation": fakeChat(a)}, ""
	switch a.Type {
	case conversation.Message:
		event, data["message"] = fakeMessage(a)
		if event == "" {
			return nil
		}
	case conversation.Closed:
		event, data["close_type"] = "conversation.closed", nil
		switch a.By {
		case conversation.HumanAgent:
			data["close_type"], data["agent_id"] = "agent", a.Agent.ID
		case conversation.Customer:
			event = "conversation.closed_by_contact"
		case conversation.Bot, conversation.System:
			return nil
		}
	case conversation.Assigned:
		event = "conversation.agent_unassigned"
		if a.Agent.ID != "" {
			event, data["assigned"] = "conversation.agent_assigned", a.Agent.ID
		}
	case conversation.Identified, conversation.Reopened:
		event = "conversation.opened"
	}
	b, _ := json.Marshal(obj{"event": event, "timestamp": moment(a.Time), "account_id": "208", "app_id": "5f2a", "data": data}) // plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func fakeChat(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	agents, variables := []string{}, obj{}
	if a.Agent.ID != "" && a.By != conversation.Bot {
		agents = append(agents, a.Agent.ID)
	}
	if a.Customer.UserID != "" {
		variables["user_id"] = obj{"label": "User", "value": a.Customer.UserID}
	}
	if a.Customer.AnonymousID != "" {
		variables["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	channel := a.Channel
	if channel == "" {
		channel = "chat"
	}
	return obj{"id": a.Conversation, "ext_id": nil, "status": "open", "unread": true, "is_offline": false, "is_served": len(agents) > 0,
		"contact_id": nil, "visitor_id": a.Customer.ContactID, "contact_name": optional(a.Customer.Name), "contact_email": optional(a.Customer.Email),
		"finished_at": nil, "domain": "shop.example.com", "referer": "https://shop.example.com/orders", "channel": obj{"type": channel},
		"tags": []string{}, "variables": variables, "assigned_agent_ids": agents, "created_at": moment(began), "updated_at": moment(a.Time)}
}

// fakeMessage is a message and its event. One by the System is a note.
func fakeMessage(a conversation.Activity) (event string, m obj) {
	m = obj{"id": a.Message.ID, "conversation_id": a.Conversation, "type": "message", "content": obj{"type": "text", "text": a.Message.Body},
		"author_name": nil, "trigger_name": nil, "trigger_id": nil, "page_url": nil, "agent_id": nil, "visitor_id": nil, "delivery_status": "delivered",
		"is_offline": false, "is_reply": true, "is_first_reply": false, "response_time": nil, "attachments": []obj{}, "created_at": moment(a.Time), "updated_at": moment(a.Time)}
	switch a.By {
	case conversation.Customer:
		event, m["sub_type"], m["visitor_id"] = "conversation.contact_replied", "contact", a.Customer.ContactID
		m["content"] = a.Message.Body
	case conversation.HumanAgent, conversation.System:
		event, m["sub_type"], m["agent_id"], m["author_name"] = "conversation.agent_replied", "agent", a.Agent.ID, a.Agent.Name
		if a.By == conversation.System {
			m["type"] = "note"
		}
	case conversation.Bot:
		event, m["sub_type"], m["trigger_name"], m["trigger_id"] = "conversation.bot_replied", "bot", "helper", "trigger-1"
	case conversation.Automation:
		event, m["sub_type"], m["trigger_name"], m["trigger_id"] = "conversation.bot_replied", "trigger", "welcome", "trigger-2"
	}
	if a.Message.Body == "" {
		m["attachments"] = []obj{{"id": "f1", "type": "image", "url": "https://files.example.com/picture.png"}}
	}
	return event, m
}
