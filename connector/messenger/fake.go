package messenger

import (
	"encoding/json"
	"net/http"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// page is the page or account that is talked to.
const page = "104200000000042"

// Fake implements connector.Faker. An agent's id stands for the app by which
// they write. There are no notes, no assignments and no ends.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	if a.Type != conversation.Message {
		return nil
	}
	m := obj{"mid": a.Message.ID}
	if a.Message.Body != "" {
		m["text"] = a.Message.Body
	} else {
		m["attachments"] = []obj{{"type": "image", "payload": obj{"url": "https://files.example.com/picture.png"}}}
	}
	sender, recipient := a.Conversation, page
	switch a.By {
	case conversation.Customer:
	case conversation.HumanAgent, conversation.Bot:
		sender, recipient = recipient, sender
		m["is_echo"], m["app_id"] = true, a.Agent.ID
	default:
		return nil
	}
	at := a.Time.UnixMilli()
	body := obj{"object": c.object, "entry": []obj{{"id": page, "time": at + 400, "messaging": []obj{
		{"sender": obj{"id": sender}, "recipient": obj{"id": recipient}, "timestamp": at, "message": m},
	}}}}
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	c.Sign(&r)
	return []connector.Request{r}
}
