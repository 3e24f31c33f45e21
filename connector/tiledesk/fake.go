package tiledesk

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	v := requestOf(a)
	switch a.Type {
	case conversation.Message:
		m := messageOf(a)
		m["request"] = v
		list := []connector.Request{c.sign(a, "message.create", m)}
		if len(history) == 1 {
			list = append(list, c.sign(a, "request.create", v))
		}
		return list
	case conversation.Assigned, conversation.Reopened:
		return []connector.Request{c.sign(a, "request.update", v)}
	case conversation.Identified:
		return []connector.Request{c.sign(a, "request.create", v)}
	case conversation.Closed:
		v["status"], v["closed_at"], v["duration"] = 1000, moment(a.Time), a.Time.Sub(a.StartedAt).Milliseconds()
		var all []obj
		for _, m := range history {
			if m.Type == conversation.Message {
				all = append(all, messageOf(m))
			}
		}
		v["messages"] = all
		switch a.By {
		case conversation.HumanAgent:
			v["closed_by"] = a.Agent.ID
		case conversation.Customer:
			v["closed_by"] = a.Customer.ContactID
		case conversation.Bot:
			v["closed_by"] = a.Agent.ID
		case conversation.System:
			v["closed_by"] = "_trigger"
		}
		return []connector.Request{c.sign(a, "request.close", v)}
	}
	return nil
}

func (c *Connector) sign(a conversation.Activity, event string, payload obj) connector.Request {
	b, _ := json.Marshal(obj{"timestamp": a.Time.UnixMilli(), "payload": payload, "token": "a-token-that-must-not-be-kept",
		"hook": obj{"_id": "h1", "target": "https://gateway.example.com/in/support", "event": event, "id_project": "p1"}}) // plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "tiledesk-webhooks")
	scheme.Sign(c.o, &r)
	return r
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// messageOf is a message. One by the System is a private note.
func messageOf(a conversation.Activity) obj {
	m := obj{"_id": a.Message.ID, "sender": a.Agent.ID, "senderFullname": a.Agent.Name, "recipient": a.Conversation, "type": "text", "channel_type": "group",
		"text": a.Message.Body, "id_project": "p1", "status": 200, "metadata": nil, "attributes": obj{}, "language": "en", "channel": obj{"name": "chat21"},
		"createdAt": moment(a.Time), "updatedAt": moment(a.Time), "__v": 0}
	switch a.By {
	case conversation.Customer:
		m["sender"], m["senderFullname"] = a.Customer.ContactID, a.Customer.Name
	case conversation.System:
		m["attributes"] = obj{"subtype": "private"}
	case conversation.Automation:
		m["sender"], m["attributes"] = "system", obj{"subtype": "info/support"}
	}
	if a.Message.Body == "" {
		const address = "https://files.example.com/label.png"
		m["type"], m["text"], m["metadata"] = "image", address, obj{"src": address, "name": "label.png", "type": "image/png"}
	}
	return m
}

// requestOf is a request.
func requestOf(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	attributes := obj{}
	for key, value := range map[string]string{"user_id": a.Customer.UserID, "segment_anonymous_id": a.Customer.AnonymousID} {
		if value != "" {
			attributes[key] = value
		}
	}
	agents, bots, participating := []string{}, []string{}, []obj{}
	switch {
	case a.By == conversation.Bot:
		bots = append(bots, a.Agent.ID)
	case a.Agent.ID != "":
		name, surname, _ := strings.Cut(a.Agent.Name, " ")
		agents = append(agents, a.Agent.ID)
		participating = append(participating, obj{"_id": a.Agent.ID, "email": a.Agent.Username, "firstname": name, "lastname": surname})
	}
	channel := a.Channel
	if channel == "" || channel == "chat" {
		channel = "chat21"
	} else if channel == "messaging" {
		channel = "whatsapp"
	}
	return obj{"_id": "q1", "request_id": a.Conversation, "status": 200, "preflight": false, "hasBot": len(bots) > 0, "participantsAgents": agents, "participantsBots": bots,
		"participatingAgents": participating, "channel": obj{"name": channel}, "attributes": attributes, "createdAt": moment(began), "updatedAt": moment(a.Time), "__v": 0,
		"lead": obj{"_id": "l1", "lead_id": a.Customer.ContactID, "fullname": a.Customer.Name, "email": a.Customer.Email, "attributes": obj{}}}
}
