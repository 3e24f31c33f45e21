package line

import (
	"encoding/json"
	"net/http"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. Only what the customer writes is told.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	if a.Type != conversation.Message || a.By != conversation.Customer {
		return nil
	}
	m := obj{"id": a.Message.ID, "type": "text", "text": a.Message.Body}
	if a.Message.Body == "" {
		m = obj{"id": a.Message.ID, "type": "sticker", "packageId": "446", "stickerId": "1988"}
	}
	body := obj{"destination": "U0000000000000000000000000000beef", "events": []obj{{
		"type": "message", "mode": "active", "timestamp": a.Time.UnixMilli(), "webhookEventId": "01HZX0000000000000000" + a.Message.ID,
		"deliveryContext": obj{"isRedelivery": false}, "replyToken": "38ef843bde154d9b91c21320ffd17a0f",
		"source": obj{"type": "user", "userId": a.Conversation}, "message": m,
	}}}
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}
