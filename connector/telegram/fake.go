package telegram

import (
	"encoding/json"
	"net/http"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker: the updates of a bot that is connected to a
// business account. There are no notes, no assignments and no ends.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	if a.Type != conversation.Message {
		return nil
	}
	owner := obj{"id": "7000", "is_bot": false, "first_name": "Support"}
	m := obj{"message_id": a.Message.ID, "business_connection_id": "kT0aXk", "date": a.Time.Unix(), "from": owner,
		"chat": obj{"id": a.Conversation, "first_name": a.Customer.Name, "type": "private"}}
	switch a.By {
	case conversation.Customer:
		m["from"] = obj{"id": a.Conversation, "is_bot": false, "first_name": a.Customer.Name}
	case conversation.HumanAgent:
		m["from"] = obj{"id": a.Agent.ID, "is_bot": false, "first_name": a.Agent.Name, "username": a.Agent.Username}
	case conversation.Bot:
		m["sender_business_bot"] = obj{"id": a.Agent.ID, "is_bot": true, "first_name": a.Agent.Name, "username": a.Agent.Username}
	case conversation.Automation:
		m["is_from_offline"] = true
	default:
		return nil
	}
	m["text"] = a.Message.Body
	if a.Message.Body == "" {
		m["photo"] = []obj{{"file_id": "f1", "file_unique_id": "u1", "width": 90, "height": 51}}
		delete(m, "text")
	}
	b, _ := json.Marshal(obj{"update_id": a.Time.Unix(), "business_message": m}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	token.Sign(c.o, &r)
	return []connector.Request{r}
}
