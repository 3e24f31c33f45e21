package livechat

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. A chat opens with its first event, and an
// end is told twice. LiveChat would go on in a new thread after it.
func (c *Connector) Fake(history []conversation.Activity) (list []connector.Request) {
	a := history[len(history)-1]
	var events []obj
	if a.Type == conversation.Message {
		events = append(events, fakeEvent(a))
	}
	if len(history) == 1 {
		return append(list, c.sign(a, "incoming_chat", obj{"requester_id": customerID(a), "chat": fakeChat(a, events)}))
	}
	switch a.Type {
	case conversation.Message:
		list = append(list, c.sign(a, "incoming_event", obj{"chat_id": "C" + a.Conversation, "thread_id": a.Conversation, "event": events[0]}))
	case conversation.Closed:
		end := obj{"id": "end-" + stamp(a.Time), "type": "system_message", "created_at": stamp(a.Time), "visibility": "all",
			"system_message_type": "manual_archived_agent", "text": "Somebody archived the chat", "text_vars": obj{"agent": a.Agent.Name}}
		payload := obj{"chat_id": "C" + a.Conversation, "thread_id": a.Conversation}
		switch a.By {
		case conversation.HumanAgent:
			payload["user_id"] = agentID(a.Agent)
		case conversation.Customer:
			payload["user_id"], end["system_message_type"] = customerID(a), "manual_archived_customer"
		case conversation.System:
			end["system_message_type"] = "routing.archived_inactive"
		}
		list = append(list, c.sign(a, "incoming_event", obj{"chat_id": "C" + a.Conversation, "thread_id": a.Conversation, "event": end}),
			c.sign(a, "chat_deactivated", payload))
	case conversation.Assigned:
		if a.Agent.ID != "" {
			list = append(list, c.sign(a, "user_added_to_chat", obj{"chat_id": "C" + a.Conversation, "thread_id": a.Conversation, "user": fakeAgent(a.Agent),
				"reason": "assigned"}))
		}
	}
	return list
}

func (c *Connector) sign(a conversation.Activity, action string, payload obj) connector.Request {
	secret := ""
	if n := len(c.o.Secrets); n > 0 {
		secret = c.o.Secrets[n-1]
	}
	present := []string{customerID(a)}
	if a.Agent.ID != "" && a.By != conversation.Bot {
		present = append(present, agentID(a.Agent))
	}
	b, _ := json.Marshal(obj{"webhook_id": "37901609f767dea5bc3a8acf5458bd80", "secret_key": secret, "action": action,
		"organization_id": "390e44e6-f1e6-0368c-z6ddb-74g14508c2ex", "payload": payload,
		"additional_data": obj{"chat_presence_user_ids": present}}) // maps of plain values always marshal
	return connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// customerID writes an id as LiveChat does.
func customerID(a conversation.Activity) string {
	if id := a.Customer.ContactID; uuid.MatchString(id) {
		return id
	}
	h := fmt.Sprintf("%x", md5.Sum([]byte(a.Customer.ContactID)))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func agentID(a conversation.Agent) string {
	if strings.Contains(a.Username, "@") {
		return a.Username
	}
	return a.ID
}

func botID(a conversation.Agent) string { return fmt.Sprintf("%x", md5.Sum([]byte(a.ID))) }

func fakeAgent(a conversation.Agent) obj {
	return obj{"id": agentID(a), "type": "agent", "name": a.Name, "email": a.Username, "present": true, "visibility": "all"}
}

func fakeChat(a conversation.Activity, events []obj) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	customer := obj{"id": customerID(a), "type": "customer", "name": a.Customer.Name, "email": a.Customer.Email, "present": true,
		"visit": obj{"ip": "203.0.113.7", "user_agent": "Mozilla/5.0", "last_pages": []obj{{"url": "https://shop.example.com/orders"}}}}
	var fields []obj
	if a.Customer.UserID != "" {
		fields = append(fields, obj{"user_id": a.Customer.UserID})
	}
	if a.Customer.AnonymousID != "" {
		fields = append(fields, obj{"segment_anonymous_id": a.Customer.AnonymousID})
	}
	customer["session_fields"] = fields
	users := []obj{customer}
	if a.Agent.ID != "" && a.By != conversation.Bot {
		users = append(users, fakeAgent(a.Agent))
	}
	return obj{"id": "C" + a.Conversation, "users": users, "access": obj{"group_ids": []int{0}}, "properties": obj{"routing": obj{"continuous": false}},
		"thread": obj{"id": a.Conversation, "active": true, "user_ids": []string{customerID(a)}, "events": events, "created_at": stamp(began)}}
}

// fakeEvent is a message. One by the System is for agents' eyes only.
func fakeEvent(a conversation.Activity) obj {
	e := obj{"id": a.Message.ID, "custom_id": "", "type": "message", "author_id": agentID(a.Agent), "created_at": stamp(a.Time), "visibility": "all",
		"text": a.Message.Body, "properties": obj{}}
	if a.Message.Body == "" {
		e["type"], e["name"], e["url"] = "file", "picture.png", "https://cdn.example.com/picture.png"
		delete(e, "text")
	}
	switch a.By {
	case conversation.Customer:
		e["author_id"] = customerID(a)
	case conversation.Bot:
		e["author_id"] = botID(a.Agent)
	case conversation.Automation:
		e["author_id"], e["properties"] = "welcome@example.com", obj{"lc2": obj{"welcome_message": true}}
	case conversation.System:
		e["visibility"] = "agents"
	}
	return e
}
