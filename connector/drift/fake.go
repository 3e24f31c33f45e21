package drift

import (
	"encoding/json"
	"html"
	"net/http"
	"strconv"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	switch {
	case a.Type == conversation.Closed:
		return c.send("conversation_status_updated", obj{"conversationId": number(a.Conversation), "status": "closed", "changedAt": a.Time.UnixMilli()})
	case a.Type != conversation.Message || a.By == conversation.Automation:
		return nil
	}
	author := obj{"id": number(a.Agent.ID), "type": "user", "bot": a.By == conversation.Bot}
	kind := "chat"
	switch a.By {
	case conversation.Customer:
		author = obj{"id": number(a.Customer.ContactID), "type": "contact", "bot": false}
	case conversation.System:
		kind = "private_note"
	}
	body := a.Message.Body
	if body != "" {
		body = "<p>" + strings.ReplaceAll(html.EscapeString(body), "\n", "<br>") + "</p>"
	}
	return c.send("new_message", obj{"id": number(a.Message.ID), "orgId": 112233, "body": body, "author": author, "type": kind,
		"conversationId": number(a.Conversation), "createdAt": a.Time.UnixMilli(), "buttons": []obj{}, "attributes": obj{},
		"context": obj{"ip": "203.0.113.7", "userAgent": "Mozilla/5.0", "location": obj{"city": "Springfield", "country": "US"}}})
}

func (c *Connector) send(kind string, data obj) []connector.Request {
	token := ""
	if n := len(c.o.Secrets); n > 0 {
		token = c.o.Secrets[n-1]
	}
	b, _ := json.Marshal(obj{"orgId": 112233, "token": token, "type": kind, "data": data}) // maps of plain values always marshal
	return []connector.Request{{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}}
}

// Answer plays Drift's API.
func (c *Connector) Answer(history []conversation.Activity, path string) []byte {
	kind, id, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	for _, a := range history {
		var data obj
		switch {
		case kind == "users" && a.Agent.ID == id:
			data = obj{"id": number(id), "orgId": 112233, "name": a.Agent.Name, "email": a.Agent.Username, "bot": a.By == conversation.Bot}
		case kind == "contacts" && a.Customer.ContactID == id:
			data = obj{"id": number(id), "attributes": obj{"email": a.Customer.Email, "name": a.Customer.Name, "externalId": a.Customer.UserID, "segment_anonymous_id": a.Customer.AnonymousID}}
		default:
			continue
		}
		b, _ := json.Marshal(obj{"data": data}) // as above
		return b
	}
	return nil
}

// number writes an id as Drift does, if it is one of its own.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return n
	}
	return s
}
