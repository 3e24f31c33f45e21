package dixa

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	data, event := obj{"conversation": fakeChat(a)}, ""
	switch a.Type {
	case conversation.Message:
		event = "CONVERSATION_MESSAGE_ADDED"
		switch a.By {
		case conversation.Automation:
			return nil // Dixa does not tell it from an agent
		case conversation.System:
			event, data["text"], data["note_id"] = "CONVERSATION_NOTE_ADDED", a.Message.Body, a.Message.ID
			data["author"] = fakeAgent(a.Agent)
		default:
			fakeMessage(a, data)
		}
	case conversation.Closed:
		event = "CONVERSATION_CLOSED"
	case conversation.Reopened:
		event = "CONVERSATION_OPEN"
	case conversation.Assigned:
		if event = "CONVERSATION_ASSIGNED"; a.Agent.ID == "" {
			event = "CONVERSATION_UNASSIGNED"
		}
	case conversation.Identified:
		event = "CONVERSATION_CREATED"
	}
	b, _ := json.Marshal(obj{"event_id": uuid.NewString(), "event_fqn": event, "event_version": "1", "event_timestamp": moment(a.Time), // plain values always marshal
		"organization": obj{"id": "0a1b", "name": "Example Shop"}, "data": data})
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func fakeAgent(a conversation.Agent) obj {
	return obj{"id": a.ID, "name": a.Name, "email": a.Username, "phone": nil, "roles": []string{}, "user_type": "Member"}
}

func fakeContact(a conversation.Activity) obj {
	k := obj{"id": a.Customer.ContactID, "name": a.Customer.Name, "email": a.Customer.Email, "phone": nil, "roles": []string{}, "user_type": "Contact", "external_id": "null"}
	if a.Customer.UserID != "" {
		k["external_id"] = a.Customer.UserID
	}
	return k
}

func kind(a conversation.Activity) string {
	switch a.Channel {
	case "email":
		return "EMAIL"
	case "messaging":
		return "WHATSAPP"
	case "phone":
		return "PSTN_PHONE"
	}
	return "CHAT"
}

func fakeChat(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	v := obj{"channel": kind(a), "created_at": moment(began), "direction": "INBOUND", "queue": obj{"id": "q1", "name": "default"}, "requester": fakeContact(a),
		"status": "OPEN", "subject": nil, "tags": []string{}, "assignee": nil, "custom_attributes": []obj{}, "csid": a.Conversation}
	if n, err := strconv.ParseInt(a.Conversation, 10, 64); err == nil {
		v["csid"] = n
	}
	if a.Agent.ID != "" && a.By != conversation.Bot {
		v["assignee"] = fakeAgent(a.Agent)
	}
	if a.Customer.AnonymousID != "" {
		v["custom_attributes"] = []obj{{"id": "1", "identifier": "segment_anonymous_id", "value": a.Customer.AnonymousID}}
	}
	return v
}

func fakeMessage(a conversation.Activity, data obj) {
	data["message_id"], data["text"], data["channel"], data["created_at"], data["external_id"] = a.Message.ID, a.Message.Body, kind(a), moment(a.Time), "null"
	data["content"] = obj{"text": a.Message.Body, "content_type": "Text", "original_content_url": nil, "processed_content_url": nil}
	data["author"], data["direction"] = fakeAgent(a.Agent), "outbound"
	if a.By == conversation.Customer {
		data["author"], data["direction"] = fakeContact(a), "inbound"
	}
}
