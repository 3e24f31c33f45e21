package snapengage

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker: the transcript, when the chat is closed.
// SnapEngage sends no private notes.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	if a.Type != conversation.Closed {
		return nil
	}
	began := history[0].Time
	lines := []obj{}
	for _, m := range history {
		l := obj{"id": "", "alias": "", "message": m.Message.Body, "date": m.Time.UTC().Format("Jan 2, 2006 3:04:05 PM"),
			"date_seconds": m.Time.Unix(), "date_milliseconds": m.Time.UnixMilli()}
		switch {
		case m.Type != conversation.Message:
			continue
		case m.By == conversation.Customer:
		case m.By == conversation.HumanAgent:
			l["id"], l["alias"] = "wc:"+strings.TrimPrefix(cmp.Or(m.Agent.Username, m.Agent.ID), "wc:"), m.Agent.Name
		case m.By == conversation.Bot && c.o.IsBot(m.Agent.ID):
			l["id"], l["alias"] = m.Agent.ID, m.Agent.Name
		default:
			continue
		}
		lines = append(lines, l)
	}
	variables := []obj{}
	for name, value := range map[string]string{"user_id": a.Customer.UserID, "segment_anonymous_id": a.Customer.AnonymousID} {
		if value != "" {
			variables = append(variables, obj{"name": name, "value": value})
		}
	}
	b, _ := json.Marshal(obj{"id": a.Conversation, "widget_id": "e8175843-d381-4d7c-aa9f-0da1610ad1b1", "type": "chat", "url": "https://www.snapengage.com/viewcase?c=" + a.Conversation,
		"requested_by": cmp.Or(a.Customer.Email, nobody), "description": "", "created_at_date": began.UTC().Format("Jan 2, 2006 3:04:05 PM"),
		"created_at_seconds": began.Unix(), "created_at_milliseconds": began.UnixMilli(), "proactive_chat": false, "source_id": 2, "page_url": "https://shop.example.com/orders",
		"country_code": "DE", "country": "Germany", "chat_waittime": 3, "chat_duration": int64(a.Time.Sub(began).Seconds()), "language_code": "de",
		"transcripts": lines, "javascript_variables": variables, "operator_variables": []obj{}}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	token.Sign(c.o, &r)
	return []connector.Request{r}
}
