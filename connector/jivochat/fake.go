package jivochat

import (
	"encoding/json"
	"net/http"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker: who accepted the chat, and the transcript
// when it is finished. JivoChat sends no private notes.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	switch {
	case a.Type == conversation.Assigned && a.Agent.ID != "":
		w := event(a, "chat_accepted")
		w["agent"] = person(a.Agent)
		return []connector.Request{c.request(w)}
	case a.Type != conversation.Closed:
		return nil
	}
	messages, agents, known := []obj{}, []obj{}, map[string]bool{}
	for _, m := range history {
		line := obj{"message": m.Message.Body, "timestamp": m.Time.Unix(), "type": "visitor"}
		switch {
		case m.Type != conversation.Message:
			continue
		case m.By == conversation.HumanAgent, m.By == conversation.Bot && c.o.IsBot(m.Agent.ID):
			line["type"], line["agent_id"] = "agent", m.Agent.ID
			if !known[m.Agent.ID] {
				agents = append(agents, person(m.Agent))
			}
			known[m.Agent.ID] = true
		case m.By != conversation.Customer:
			continue
		}
		messages = append(messages, line)
	}
	w := event(a, "chat_finished")
	w["agents"], w["chat"] = agents, obj{"messages": messages, "blacklisted": false, "rate": nil}
	w["plain_messages"], w["html_messages"] = "", ""
	return []connector.Request{c.request(w)}
}

func person(a conversation.Agent) obj {
	return obj{"id": a.ID, "name": a.Name, "email": a.Username, "phone": ""}
}

func event(a conversation.Activity, name string) obj {
	w := obj{"event_name": name, "widget_id": "3948", "chat_id": a.Conversation, "user_token": nil,
		"visitor":      obj{"name": a.Customer.Name, "email": a.Customer.Email, "phone": "", "number": a.Customer.ContactID, "description": "", "social": obj{}, "chats_count": 1},
		"organization": nil, "status": nil, "assigned_agent": nil, "tags": []obj{}, "page": obj{"url": "https://shop.example.com/orders", "title": "Orders"}, "analytics": nil}
	if a.Customer.UserID != "" {
		w["user_token"] = a.Customer.UserID
	}
	return w
}

func (c *Connector) request(body obj) connector.Request {
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	token.Sign(c.o, &r)
	return r
}
