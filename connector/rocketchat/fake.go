package rocketchat

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. Rocket.Chat has no private notes.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	room := roomOf(history)
	switch a.Type {
	case conversation.Message:
		if a.By == conversation.System || a.By == conversation.Automation {
			return nil
		}
		room["type"], room["messages"] = "Message", []obj{messageOf(a)}
	case conversation.Closed:
		room["type"], room["closedAt"] = "LivechatSession", moment(a.Time)
		var all []obj
		for _, m := range history {
			if m.Type == conversation.Message && m.By != conversation.System && m.By != conversation.Automation {
				all = append(all, messageOf(m))
			}
		}
		room["messages"] = all
		switch a.By {
		case conversation.Customer:
			room["closer"], room["closedBy"] = "visitor", obj{"_id": a.Customer.ContactID, "username": guest(a)}
		case conversation.HumanAgent:
			room["closer"], room["closedBy"] = "user", obj{"_id": a.Agent.ID, "username": a.Agent.Username}
		case conversation.System, conversation.Bot:
			room["closer"], room["closedBy"] = "user", obj{"_id": bot, "username": bot}
		}
	case conversation.Assigned:
		if a.Agent.ID == "" {
			return nil
		}
		room["type"], room["servedBy"] = "LivechatSessionTaken", obj{"_id": a.Agent.ID, "username": a.Agent.Username, "ts": moment(a.Time)}
	case conversation.Identified:
		room["type"] = "LivechatSessionStart"
	default:
		return nil
	}
	b, _ := json.Marshal(room) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func guest(a conversation.Activity) string { return "guest-" + a.Customer.ContactID }

// roomOf is a room as it is before what happened last.
func roomOf(history []conversation.Activity) obj {
	a := history[len(history)-1]
	began := a.StartedAt
	if began.IsZero() {
		began = history[0].Time
	}
	last := began
	for _, m := range history[:len(history)-1] {
		if m.Type == conversation.Message && m.By != conversation.System {
			last = m.Time
		}
	}
	custom := obj{}
	for key, value := range map[string]string{"user_id": a.Customer.UserID, "segment_anonymous_id": a.Customer.AnonymousID} {
		if value != "" {
			custom[key] = value
		}
	}
	room := obj{"_id": a.Conversation, "label": a.Customer.Name, "createdAt": moment(began), "lastMessageAt": moment(last), "messages": []obj{},
		"visitor": obj{"_id": a.Customer.ContactID, "token": "a-token-that-must-not-be-kept", "name": a.Customer.Name, "username": guest(a),
			"customFields": custom, "email": []obj{{"address": a.Customer.Email}}, "phone": nil}}
	if a.Agent.ID != "" && a.By != conversation.Bot {
		room["agent"] = obj{"_id": a.Agent.ID, "username": a.Agent.Username, "name": a.Agent.Name, "email": a.Agent.Username}
	}
	return room
}

func messageOf(a conversation.Activity) obj {
	m := obj{"_id": a.Message.ID, "msg": a.Message.Body, "ts": moment(a.Time), "_updatedAt": moment(a.Time), "rid": a.Conversation}
	u := obj{"_id": a.Agent.ID, "username": a.Agent.Username, "name": a.Agent.Name}
	switch a.By {
	case conversation.Customer:
		u = obj{"_id": a.Customer.ContactID, "username": guest(a), "name": a.Customer.Name}
	case conversation.Bot:
		u["username"] = bot
	}
	if a.By != conversation.Customer {
		m["agentId"] = a.Agent.ID
	}
	m["u"], m["username"] = u, u["username"]
	if a.Message.Body == "" {
		delete(m, "msg")
		m["file"] = obj{"_id": "f1", "name": "label.png", "type": "image/png"}
		m["fileUpload"] = obj{"publicFilePath": "https://chat.example.com/file-upload/f1/label.png?token=must-not-be-kept", "type": "image/png", "size": 20482}
	}
	return m
}
