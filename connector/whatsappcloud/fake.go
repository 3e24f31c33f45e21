package whatsappcloud

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// number is the id of the company's number.
const number = "106540352242922"

// Fake implements connector.Faker. People write in the WhatsApp Business app.
// Of bots, which would use the API, there is no text; there are no notes, no
// assignments and no ends.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	if a.Type != conversation.Message {
		return nil
	}
	value := obj{"messaging_product": "whatsapp", "metadata": obj{"display_phone_number": "15550783881", "phone_number_id": number},
		"contacts": []obj{{"profile": obj{"name": a.Customer.Name}, "wa_id": a.Conversation}}}
	m := obj{"id": a.Message.ID, "timestamp": strconv.FormatInt(a.Time.Unix(), 10), "type": "text", "text": obj{"body": a.Message.Body}}
	if a.Message.Body == "" {
		delete(m, "text")
		m["type"], m["image"] = "image", obj{"id": "1", "mime_type": "image/jpeg", "sha256": "4654+8g="}
	}
	field := "messages"
	switch a.By {
	case conversation.Customer:
		m["from"] = a.Conversation
		value["messages"] = []obj{m}
	case conversation.HumanAgent:
		field = "smb_message_echoes"
		m["from"], m["to"] = "15550783881", a.Conversation
		value["message_echoes"] = []obj{m}
	default:
		return nil
	}
	body := obj{"object": "whatsapp_business_account", "entry": []obj{{"id": "102290129340398", "changes": []obj{{"field": field, "value": value}}}}}
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	c.Sign(&r)
	return []connector.Request{r}
}
