package ada

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. Every conversation begins with its creation,
// which alone carries the metadata that tell who the end user is.
func (c *Connector) Fake(history []conversation.Activity) (list []connector.Request) {
	a := history[len(history)-1]
	if len(history) == 1 {
		list = append(list, c.send("v1.conversation.created", a.Time, fakeChat(a)))
	}
	switch a.Type {
	case conversation.Message:
		if data := fakeMessage(a); data != nil {
			list = append(list, c.send("v1.conversation.message", a.Time, data))
		}
	case conversation.Closed:
		data := fakeChat(a)
		data["ended_by"] = obj{"id": nil, "role": roles[a.By]}
		if a.By == conversation.HumanAgent {
			data["ended_by"] = obj{"id": a.Agent.ID, "role": "human_agent"}
		}
		list = append(list, c.send("v1.conversation.ended", a.Time, data))
	}
	return list
}

func (c *Connector) send(kind string, at time.Time, data obj) connector.Request {
	b, _ := json.Marshal(obj{"type": kind, "timestamp": moment(at), "data": data}) // plain values always marshal
	return c.sign("msg_"+uuid.NewString(), b)
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

var roles = map[conversation.Author]string{conversation.Customer: "end_user", conversation.HumanAgent: "human_agent", conversation.Bot: "ai_agent",
	conversation.System: "system", "": "unknown"}

func fakeChat(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	metadata := obj{}
	if a.Customer.UserID != "" {
		metadata["user_id"] = a.Customer.UserID
	}
	if a.Customer.AnonymousID != "" {
		metadata["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	return obj{"conversation_id": a.Conversation, "channel_id": "5df2c", "end_user_id": a.Customer.ContactID, "created_at": moment(began), "updated_at": moment(a.Time), "metadata": metadata}
}

// fakeMessage is a message. Ada knows neither notes nor automation.
func fakeMessage(a conversation.Activity) obj {
	author := obj{"id": a.Agent.ID, "role": roles[a.By], "avatar": nil, "display_name": a.Agent.Name}
	switch a.By {
	case conversation.Customer:
		author["id"], author["display_name"] = a.Customer.ContactID, a.Customer.Name
	case conversation.HumanAgent, conversation.Bot:
	default:
		return nil
	}
	m := obj{"message_id": a.Message.ID, "conversation_id": a.Conversation, "end_user_id": a.Customer.ContactID, "handoff_integration": nil,
		"channel": obj{"id": "5df2c", "modality": "messaging"}, "created_at": moment(a.Time), "author": author,
		"content": obj{"type": "text", "body": a.Message.Body}, "ai_agent_domain": "https://example.ada.support"}
	if a.Message.Body == "" {
		m["content"] = obj{"type": "file", "url": "https://files.example.com/picture.png", "filename": "picture.png"}
	}
	return m
}
