package olark

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker: the transcript, when the chat is closed.
// Olark sends no private notes.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	if a.Type != conversation.Closed {
		return nil
	}
	items, operators := []obj{}, obj{}
	for _, m := range history {
		if m.Type != conversation.Message {
			continue
		}
		i := obj{"timestamp": fmt.Sprintf("%d.%06d", m.Time.Unix(), m.Time.Nanosecond()/1000), "body": m.Message.Body}
		switch {
		case m.By == conversation.Customer:
			i["kind"], i["nickname"] = "MessageToOperator", m.Customer.Name
		case m.By == conversation.HumanAgent, m.By == conversation.Bot && c.o.IsBot(m.Agent.ID):
			i["kind"], i["nickname"], i["operatorId"] = "MessageToVisitor", m.Agent.Name, m.Agent.ID
			operators[m.Agent.ID] = obj{"kind": "Operator", "id": m.Agent.ID, "nickname": m.Agent.Name, "username": m.Agent.Username, "emailAddress": "agent@example.com"}
		default:
			continue
		}
		items = append(items, i)
	}
	custom := obj{}
	if a.Customer.UserID != "" {
		custom["user_id"] = a.Customer.UserID
	}
	if a.Customer.AnonymousID != "" {
		custom["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	b, _ := json.Marshal(obj{"kind": "Conversation", "id": a.Conversation, "manuallySubmitted": false, "tags": []string{"sales"}, "items": items, "operators": operators,
		"visitor": obj{"kind": "Visitor", "id": a.Customer.ContactID, "fullName": a.Customer.Name, "emailAddress": a.Customer.Email, "city": "Berlin",
			"country": "Germany", "countryCode": "DE", "browser": "Firefox 140.0", "operatingSystem": "Linux",
			"conversationBeginPage": "https://shop.example.com/orders", "customFields": custom}}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: []byte(url.Values{"data": {string(b)}}.Encode())}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	token.Sign(c.o, &r)
	return []connector.Request{r}
}
