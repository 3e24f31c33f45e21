package userlike

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker, by the present names of events: each holds
// the messages so far. A Message by the System is an operator's note.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	w := c.so(history)
	var list []connector.Request
	if len(history) == 1 {
		w["_event"] = "start"
		list = append(list, c.request(w))
	}
	switch {
	case a.Type == conversation.Assigned && a.Agent.ID != "":
		w["_event"] = "forward"
	case a.Type == conversation.Closed:
		w["_event"], w["ended_at"], w["status"] = "end", c.stamp(a.Time), "ended"
	case a.Type == conversation.Message && a.By == conversation.Customer:
		w["_event"] = "message_received"
	case a.Type == conversation.Message && a.By != conversation.Automation:
		w["_event"] = "message_sent"
	default:
		return list
	}
	return append(list, c.request(w))
}

// so is a session as far as it went.
func (c *Connector) so(history []conversation.Activity) obj {
	a, began := history[len(history)-1], history[0].Time
	custom, messages, notes := obj{}, []obj{}, []obj{}
	if a.Customer.UserID != "" {
		custom["user_id"] = a.Customer.UserID
	}
	if a.Customer.AnonymousID != "" {
		custom["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	var current, first any
	for _, m := range history {
		if m.Agent.ID != "" && m.By != conversation.Bot {
			current = person(m.Agent)
			if first == nil {
				first = current
			}
		}
		line := obj{"message": m.Message.Body, "sent_at": c.stamp(m.Time), "person": m.Agent.Name, "type": "operator", "operator_id": number(m.Agent.ID)}
		switch {
		case m.Type != conversation.Message:
		case m.By == conversation.Customer:
			line["person"], line["type"] = m.Customer.Name, "co"
			delete(line, "operator_id")
			messages = append(messages, line)
		case m.By == conversation.HumanAgent || m.By == conversation.Bot && c.o.IsBot(m.Agent.ID):
			messages = append(messages, line)
		case m.By == conversation.System:
			notes = append(notes, obj{"body": m.Message.Body, "created_at": c.stamp(m.Time), "operator": person(m.Agent)})
		}
	}
	d := a.Time.Sub(began)
	return obj{"_type": "chat_session", "id": number(a.Conversation), "created_at": c.stamp(began), "ended_at": nil, "status": "new",
		"duration":    fmt.Sprintf("%02d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60),
		"client_uuid": a.Customer.ContactID, "client_name": a.Customer.Name, "client_email": a.Customer.Email, "custom": custom,
		"messages": messages, "notes": notes, "operator_current": current, "operator_created": first,
		"url": "https://shop.example.com/orders", "chat_widget": obj{"id": 9, "name": "Shop"}, "was_proactive": false}
}

// stamp writes a time as Userlike does, in the account's zone.
func (c *Connector) stamp(t time.Time) string {
	if c.o.Zone != nil {
		return t.In(c.o.Zone).Format(time.DateTime)
	}
	return t.UTC().Format(time.DateTime)
}

func person(a conversation.Agent) obj {
	return obj{"id": number(a.ID), "name": a.Name, "first_name": a.Name, "last_name": "", "email": "operator@example.com", "operator_group": obj{"id": 14, "name": "Support"}}
}

// number writes an ID as Userlike does, if it is one of its own.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return n
	}
	return s
}

func (c *Connector) request(body obj) connector.Request {
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	token.Sign(c.o, &r)
	return r
}
