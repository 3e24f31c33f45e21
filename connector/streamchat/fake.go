package streamchat

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. A message by the System is one that only the
// agent sees.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	if a.Type != conversation.Message || a.By == conversation.Automation {
		return nil
	}
	customer := obj{"id": a.Customer.ContactID, "role": "user", "name": a.Customer.Name, "email": a.Customer.Email, "banned": false, "online": true}
	if a.Customer.AnonymousID != "" {
		customer["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	author, members := customer, []obj{{"user": customer}}
	if a.By != conversation.Customer {
		author = obj{"id": a.Agent.ID, "role": "user", "name": a.Agent.Name, "banned": false, "online": true}
		members = append(members, obj{"user": author})
	}
	m := obj{"id": a.Message.ID, "text": a.Message.Body, "html": "", "type": "regular", "user": author, "attachments": []obj{}, "reply_count": 0,
		"shadowed": false, "silent": false, "created_at": moment(a.Time), "updated_at": moment(a.Time)}
	if a.Message.Body == "" {
		m["attachments"] = []obj{{"type": "image", "image_url": "https://cdn.example.com/picture.png"}}
	}
	switch a.By {
	case conversation.Bot:
		m["ai_generated"] = true
	case conversation.System:
		m["restricted_visibility"] = []string{a.Agent.ID}
	}
	b, _ := json.Marshal(obj{"type": "message.new", "cid": a.Conversation, "message": m, "user": author, "members": members, "created_at": moment(a.Time)}) // plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Webhook-Attempt", "1")
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}

// moment writes a time as Stream does.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999999Z07:00") }
