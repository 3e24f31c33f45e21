package chatwoot

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. The beginning, a closing and a reopening are
// told twice, as Chatwoot does.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	v := c.chat(a)
	var bodies []obj
	switch a.Type {
	case conversation.Message:
		bodies = append(bodies, c.fakeMessage(a, v))
	case conversation.Closed:
		v["status"] = "resolved"
		if a.Message.ID != "" {
			v["messages"] = []obj{{"id": number(a.Message.ID), "content": a.Message.Body, "message_type": 0, "private": false, "created_at": a.Time.Unix()}}
		}
		bodies = append(bodies, event(v, "conversation_updated", changed(a, "status", "open", "resolved")), event(v, "conversation_status_changed", nil))
	case conversation.Reopened:
		bodies = append(bodies, event(v, "conversation_updated", changed(a, "status", "resolved", "open")), event(v, "conversation_status_changed", nil))
	case conversation.Assigned:
		var to any
		if a.Agent.ID != "" {
			to = number(a.Agent.ID)
		}
		bodies = append(bodies, event(v, "conversation_updated", changed(a, "assignee_id", nil, to)))
	case conversation.Identified:
		bodies = append(bodies, event(v, "conversation_created", nil), event(v, "conversation_updated", changed(a, "id", nil, v["id"])))
	}
	var list []connector.Request
	for _, b := range bodies {
		list = append(list, c.sign(b))
	}
	return list
}

func (c *Connector) sign(body obj) connector.Request {
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Chatwoot-Delivery", uuid.NewString())
	scheme.Sign(c.o, &r)
	return r
}

// number writes an ID as Chatwoot does, if it is one of its own.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return n
	}
	return s
}

func event(v obj, name string, changed any) obj {
	e := obj{"event": name, "changed_attributes": changed}
	for key, value := range v {
		e[key] = value
	}
	return e
}

func changed(a conversation.Activity, key string, from, to any) any {
	at := a.Time.UTC().Format("2006-01-02T15:04:05.000Z")
	return []obj{{key: obj{"previous_value": from, "current_value": to}}, {"updated_at": obj{"previous_value": nil, "current_value": at}}}
}

// chat is a conversation as every webhook tells it.
func (c *Connector) chat(a conversation.Activity) obj {
	contact := obj{"id": number(a.Customer.ContactID), "identifier": optional(a.Customer.UserID), "email": optional(a.Customer.Email),
		"name": a.Customer.Name, "phone_number": nil, "thumbnail": "", "blocked": false, "type": "contact",
		"additional_attributes": obj{}, "custom_attributes": obj{}}
	if a.Customer.AnonymousID != "" {
		contact["custom_attributes"] = obj{"segment_anonymous_id": a.Customer.AnonymousID}
	}
	verified := a.Customer.UserID != ""
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	var assignee any
	if a.Agent.ID != "" && a.By != conversation.Bot {
		assignee = obj{"id": number(a.Agent.ID), "name": a.Agent.Name, "available_name": a.Agent.Name, "avatar_url": "", "type": "user",
			"availability_status": "online", "thumbnail": ""}
	}
	return obj{
		"id": number(a.Conversation), "inbox_id": 1, "channel": channels[a.Channel], "status": "open", "can_reply": true,
		"created_at": began.Unix(), "updated_at": float64(a.Time.UnixMilli()) / 1000, "timestamp": a.Time.Unix(), "last_activity_at": a.Time.Unix(),
		"waiting_since": 0, "first_reply_created_at": nil, "snoozed_until": nil, "agent_last_seen_at": 0, "contact_last_seen_at": 0,
		"labels": []string{}, "priority": nil, "custom_attributes": obj{}, "unread_count": 1, "messages": []obj{},
		"additional_attributes": obj{
			"browser":      obj{"device_name": "Unknown", "browser_name": "Firefox", "platform_name": "Linux", "browser_version": "140.0", "platform_version": ""},
			"referer":      "https://shop.example.com/orders",
			"initiated_at": obj{"timestamp": began.UTC().Format(time.RFC1123)}, "browser_language": "en"},
		"contact_inbox": obj{"id": 61, "contact_id": number(a.Customer.ContactID), "inbox_id": 1, "source_id": "0b6e6a8e-8c1f-4f3e-9d0f-3f1a2b4c5d6e",
			"created_at": began.UTC().Format(time.RFC3339), "updated_at": began.UTC().Format(time.RFC3339), "hmac_verified": verified, "pubsub_token": "a-token-that-must-not-be-kept"},
		"meta":    obj{"sender": contact, "assignee": assignee, "assignee_type": "User", "team": nil, "hmac_verified": verified},
		"account": obj{"id": 1, "name": "Example Shop"},
	}
}

var channels = map[string]string{"": "Channel::WebWidget", "chat": "Channel::WebWidget", "messaging": "Channel::Api",
	"email": "Channel::Email", "sms": "Channel::Sms", "phone": "Channel::Voice"}

func optional(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// fakeMessage is a message. One by the System is a private note: people write
// them beside what the customer sees.
func (c *Connector) fakeMessage(a conversation.Activity, v obj) obj {
	m := obj{
		"event": "message_created", "id": number(a.Message.ID), "content": optional(a.Message.Body), "content_type": "text",
		"content_attributes": obj{}, "additional_attributes": obj{}, "message_type": "outgoing", "private": false,
		"created_at": a.Time.UTC().Format("2006-01-02T15:04:05.000Z"), "source_id": nil, "sender": nil,
		"account": v["account"], "inbox": obj{"id": 1, "name": "Shop"}, "conversation": v,
	}
	agent := obj{"id": number(a.Agent.ID), "name": a.Agent.Name, "email": optional(a.Agent.Username)}
	switch a.By {
	case conversation.Customer:
		m["message_type"] = "incoming"
		contact := obj{}
		for key, value := range v["meta"].(obj)["sender"].(obj) {
			if key != "type" { // which a contact lacks here
				contact[key] = value
			}
		}
		m["sender"] = contact
	case conversation.HumanAgent:
		agent["type"] = "user"
		m["sender"] = agent
	case conversation.Bot:
		agent["type"] = "agent_bot"
		m["sender"] = agent
	case conversation.Automation:
		m["message_type"] = "template"
	case conversation.System:
		agent["type"] = "user"
		m["sender"], m["private"] = agent, true
	}
	if a.Message.Body == "" {
		m["attachments"] = []obj{{"id": 88, "message_id": m["id"], "file_type": "image", "extension": "png", "content_type": "image/png",
			"data_url": "https://chat.example.com/picture.png", "file_size": 20482}}
	}
	return m
}
