package zohosalesiq

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. A visitor's first message is the question of
// the conversation.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	entity, event := fakeChat(a), ""
	switch a.Type {
	case conversation.Message:
		if event = fakeMessage(a, entity); event == "conversation.visitor.replied" && len(history) == 1 {
			event, entity["question"] = "conversation.created", a.Message.Body
			delete(entity, "message")
		}
	case conversation.Closed:
		if event = "conversation.completed"; a.By == conversation.System {
			event, entity["missed_time"] = "conversation.missed", moment(a.Time)
		} else {
			entity["end_time"] = moment(a.Time)
		}
	case conversation.Assigned:
		event, entity["attended_time"] = "conversation.attender.updated", moment(a.Time)
	case conversation.Identified:
		event = "conversation.created"
	}
	if event == "" {
		return nil
	}
	b, _ := json.Marshal(obj{"entity_type": "conversation", "org_id": "55001", "event": event, "entity_id": a.Conversation, "attempt": 1, // plain values always marshal
		"version": "1", "app_id": "40526", "webhook": obj{"id": "77001"}, "event_time": moment(a.Time), "entity": entity})
	return []connector.Request{c.sign(b)}
}

func moment(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func fakeChat(a conversation.Activity) obj {
	visitor := obj{"id": a.Customer.ContactID, "name": a.Customer.Name, "email_id": a.Customer.Email, "type": "lead", "channel": "website", "phone": ""}
	switch a.Channel {
	case "", "chat":
	case "messaging":
		visitor["channel"] = "whatsapp"
	default:
		visitor["channel"] = a.Channel
	}
	info := obj{}
	if a.Customer.UserID != "" {
		info["user_id"] = a.Customer.UserID
	}
	if a.Customer.AnonymousID != "" {
		info["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	visitor["info"] = info
	v := obj{"id": a.Conversation, "visitor_conversation_id": "ad43", "reference_id": "1", "visitor": visitor, "department_id": "30105", "app_id": "40526"}
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	v["opened_time"] = moment(began)
	if a.Agent.ID != "" && a.By != conversation.Bot {
		v["owner"] = obj{"id": a.Agent.ID, "name": a.Agent.Name, "email_id": a.Agent.Username}
	}
	return v
}

// fakeMessage puts a message in its conversation, and returns the event. There
// are no webhooks about notes.
func fakeMessage(a conversation.Activity, entity obj) (event string) {
	sender := obj{"id": a.Agent.ID, "name": a.Agent.Name}
	switch a.By {
	case conversation.Customer:
		event, sender = "conversation.visitor.replied", obj{"id": a.Customer.ContactID, "name": a.Customer.Name, "type": "visitor"}
	case conversation.HumanAgent:
		event, sender["type"] = "conversation.operator.replied", "operator"
	case conversation.Bot:
		event, sender["type"] = "conversation.operator.replied", "bot"
	}
	entity["message"] = obj{"msgid": a.Message.ID, "text": a.Message.Body, "sender": sender, "meta": obj{}}
	return event
}
