package helpscout

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. Each webhook repeats what happened before.
// Of an end no event is known: the next webhook tells of it.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	name := "beacon.chat.agent.replied"
	v := fakeChat(history)
	switch {
	case a.Type == conversation.Closed:
		v["endedAt"] = moment(a.Time)
	case a.Type == conversation.Assigned:
		if a.Agent.ID == "" {
			return nil
		}
		name = "beacon.chat.assigned"
	case a.Type != conversation.Message || a.By == conversation.Bot || a.By == conversation.Automation || a.By == conversation.System:
		return nil // a note comes with the next message
	case a.By == conversation.Customer && len(v["_embedded"].(obj)["events"].([]obj)) == 1:
		name = "beacon.chat.created"
	case a.By == conversation.Customer:
		name = "beacon.chat.customer.replied"
	}
	b, _ := json.Marshal(v) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(header, name)
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}

func fakeChat(history []conversation.Activity) obj {
	a := history[len(history)-1]
	customer := fakePerson("customer", a.Customer.ContactID, a.Customer.Name, a.Customer.Email)
	began := a.StartedAt
	if began.IsZero() {
		began = history[0].Time
	}
	fields := []obj{}
	if a.Customer.AnonymousID != "" {
		fields = append(fields, obj{"id": 123, "name": "segment_anonymous_id", "value": a.Customer.AnonymousID})
	}
	events := []obj{}
	var assignee any
	for _, h := range history {
		e := obj{"id": h.Message.ID, "chatId": h.Conversation, "type": "message", "action": "message-added", "createdAt": moment(h.Time), "params": obj{}}
		agent := fakePerson("user", h.Agent.ID, h.Agent.Name, h.Agent.Username)
		switch {
		case h.Type == conversation.Assigned && h.Agent.ID != "":
			assignee = agent
			e["id"], e["type"], e["action"], e["author"], e["body"] = h.ID, "line_item", "chat-accepted", agent, nil
		case h.Type != conversation.Message || h.By == conversation.Bot || h.By == conversation.Automation:
			continue
		default:
			e["author"], e["body"] = customer, h.Message.Body
			if h.By != conversation.Customer {
				e["author"] = agent
			}
			if h.By == conversation.System {
				e["type"], e["action"] = "note", "note-added"
			}
		}
		events = append(events, e)
	}
	return obj{"id": a.Conversation, "beaconId": "6d29fd9f-9abc-4d6c-9b2a-0a4f6e1b2c3d", "mailboxId": 2599, "createdAt": moment(began), "assignee": assignee,
		"customer": customer, "preview": history[0].Message.Body, "customFields": fields, "tags": []obj{},
		"timeline":  []obj{{"type": "page-viewed", "timestamp": moment(began), "url": "https://shop.example.com/orders", "title": "Orders"}},
		"_embedded": obj{"events": events}}
}

func fakePerson(kind, id, name, email string) obj {
	first, last, _ := strings.Cut(name, " ")
	return obj{"id": id, "type": kind, "first": first, "last": last, "email": email}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }
