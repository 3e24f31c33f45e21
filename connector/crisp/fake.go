package crisp

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

const website = "42286ab3-0000-4000-8000-da0ae501d800"

// Fake implements connector.Faker, as a plugin. Who the visitor is is told
// before what they say.
func (c *Connector) Fake(history []conversation.Activity) (list []connector.Request) {
	a := history[len(history)-1]
	if len(history) == 1 || a.Type == conversation.Identified {
		if a.Customer.Email != "" {
			list = append(list, c.sign(a, "session:set_email", obj{"email": a.Customer.Email}))
		}
		values := obj{}
		if a.Customer.UserID != "" {
			values["user_id"] = a.Customer.UserID
		}
		if a.Customer.AnonymousID != "" {
			values["segment_anonymous_id"] = a.Customer.AnonymousID
		}
		if len(values) > 0 {
			list = append(list, c.sign(a, "session:set_data", obj{"data": values}))
		}
	}
	switch a.Type {
	case conversation.Message:
		event := "message:received"
		if a.By == conversation.Customer {
			event = "message:send"
		}
		list = append(list, c.sign(a, event, fakeMessage(a)))
	case conversation.Closed:
		list = append(list, c.sign(a, "session:set_state", obj{"state": "resolved"}))
	case conversation.Reopened:
		list = append(list, c.sign(a, "session:set_state", obj{"state": "unresolved"}))
	case conversation.Assigned:
		var to any
		if a.Agent.ID != "" {
			to = a.Agent.ID
		}
		list = append(list, c.sign(a, "session:set_routing", obj{"routing_id": to}))
	}
	return list
}

func (c *Connector) sign(a conversation.Activity, event string, data obj) connector.Request {
	data["website_id"], data["session_id"] = website, a.Conversation
	b, _ := json.Marshal(obj{"website_id": website, "event": event, "data": data, "timestamp": a.Time.UnixMilli()}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	r.Header.Set("X-Crisp-Hook-Origin", "plugin/rtm 38b411d900000000 production")
	r.Header.Set("X-Delivery-Attempt-Count", "1")
	signed.Sign(c.o, &r)
	return r
}

// fakeMessage is a message. One by the System is a note.
func fakeMessage(a conversation.Activity) obj {
	var fingerprint any = a.Message.ID
	if n, err := strconv.ParseInt(a.Message.ID, 10, 64); err == nil {
		fingerprint = n
	}
	m := obj{"type": "text", "from": "operator", "origin": "chat", "content": a.Message.Body, "fingerprint": fingerprint, "timestamp": a.Time.UnixMilli(),
		"stamped": true, "mentions": []string{}, "user": obj{"user_id": a.Agent.ID, "nickname": a.Agent.Name, "type": "website"}}
	if a.Message.Body == "" {
		m["type"], m["content"] = "file", obj{"name": "picture.png", "url": "https://storage.example.com/picture.png", "type": "image/png"}
	}
	switch a.By {
	case conversation.Customer:
		m["from"], m["origin"] = "user", origin(a.Channel)
		m["user"] = obj{"user_id": a.Conversation, "nickname": a.Customer.Name}
	case conversation.Bot:
		m["automated"], m["origin"] = true, "urn:crisp.im:bot:0"
		m["user"] = obj{"nickname": a.Agent.Name, "type": "website"}
	case conversation.Automation:
		m["automated"], m["origin"] = true, "urn:crisp.im:triggers:0"
	case conversation.System:
		m["type"] = "note"
	}
	return m
}

func origin(channel string) string {
	switch channel {
	case "email":
		return "email"
	case "sms":
		return "urn:crisp.im:sms:0"
	case "messaging":
		return "urn:crisp.im:whatsapp:0"
	}
	return "chat"
}
