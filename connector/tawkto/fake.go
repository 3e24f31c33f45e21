package tawkto

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

var property = obj{"id": "58ca8453b8a7e060cd3b1e00", "name": "Example Shop"}

// Fake implements connector.Faker: the beginning at the first message, and the
// rest when the chat is closed. tawk.to sends no private notes.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	said := func(a conversation.Activity) bool {
		return a.Type == conversation.Message && (a.By == conversation.Customer || a.By == conversation.HumanAgent || a.By == conversation.Bot && c.o.IsBot(a.Agent.ID))
	}
	switch {
	case a.Type == conversation.Closed:
		end := event(a, "chat:end")
		end["chatId"], end["visitor"] = a.Conversation, person(a)
		var messages []obj
		for _, m := range history {
			if said(m) {
				messages = append(messages, line(m))
			}
		}
		transcript := event(a, "chat:transcript_created")
		transcript["domain"], transcript["referrer"] = "shop.example.com", "https://shop.example.com/orders"
		transcript["chat"] = obj{"id": a.Conversation, "visitor": person(a), "messages": messages}
		return []connector.Request{c.sign(end), c.sign(transcript)}
	case said(a) && slices.IndexFunc(history, said) == len(history)-1:
		start := event(a, "chat:start")
		sender := "visitor"
		if a.By != conversation.Customer {
			sender = "agent"
		}
		start["chatId"], start["visitor"] = a.Conversation, person(a)
		start["message"] = obj{"text": a.Message.Body, "type": kind(a), "sender": obj{"type": sender}}
		return []connector.Request{c.sign(start)}
	}
	return nil
}

func event(a conversation.Activity, name string) obj {
	return obj{"event": name, "time": at(a.Time), "property": property}
}

func at(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func person(a conversation.Activity) obj {
	v := obj{"name": a.Customer.Name, "city": "Berlin", "country": "DE"}
	if a.Customer.Name == "" {
		v["name"] = "V1772442000000000"
	}
	if a.Customer.Email != "" {
		v["email"] = a.Customer.Email
	}
	return v
}

func kind(a conversation.Activity) string {
	if a.Message.Body == "" {
		return "file"
	}
	return "msg"
}

func line(a conversation.Activity) obj {
	sender := obj{"t": "v"}
	if a.By != conversation.Customer {
		sender = obj{"t": "a", "n": a.Agent.Name, "id": a.Agent.ID}
	}
	return obj{"sender": sender, "type": kind(a), "msg": a.Message.Body, "time": at(a.Time)}
}

func (c *Connector) sign(body obj) connector.Request {
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hook-Event-Id", uuid.NewString())
	scheme.Sign(c.o, &r)
	return r
}
