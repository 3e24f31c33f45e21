package sendbird

import (
	"encoding/json"
	"hash/fnv"
	"net/http"
	"strconv"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. Sendbird has no private notes, and tells of
// no assignee; Desk tells of the end.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	payload := obj{"message_id": number(a.Message.ID), "custom_type": "", "data": "", "created_at": a.Time.UnixMilli()}
	w := obj{"category": "group_channel:message_send", "app_id": "00000000-0000-4000-8000-000000000001", "sdk": "JavaScript", "custom_type": "", "silent": false,
		"channel": obj{"channel_url": a.Conversation, "name": "Support", "custom_type": "", "is_distinct": true}, "payload": payload}
	person := func(id, name string, metadata obj) obj {
		return obj{"user_id": id, "nickname": name, "profile_url": "", "metadata": metadata}
	}
	customer := person(a.Customer.ContactID, a.Customer.Name, metadataOf(a.Customer))
	switch {
	case a.Type == conversation.Closed:
		// Desk makes a message of it.
		h := fnv.New32a()
		_, _ = h.Write([]byte(a.ID)) // a hash takes everything
		payload["message_id"], payload["message"] = h.Sum32(), "The ticket is closed."
		payload["custom_type"], payload["data"] = "SENDBIRD_DESK_ADMIN_MESSAGE_CUSTOM_TYPE", `{"type":"TICKET_CLOSE"}`
		w["type"] = "ADMM"
		return []connector.Request{c.sign(w)}
	case a.Type != conversation.Message || a.By == conversation.System:
		return nil
	case a.By == conversation.Automation:
		w["type"], payload["message"] = "ADMM", a.Message.Body
		return []connector.Request{c.sign(w)}
	case a.By == conversation.Customer:
		w["sender"], w["members"] = customer, []obj{customer}
	default:
		w["sender"] = person(a.Agent.ID, a.Agent.Name, obj{})
		w["members"] = []obj{customer, w["sender"].(obj)}
	}
	w["type"], payload["message"] = "MESG", a.Message.Body
	if a.Message.Body == "" {
		delete(payload, "message")
		w["type"], payload["filename"], payload["content_type"] = "FILE", "picture.png", "image/png"
	}
	return []connector.Request{c.sign(w)}
}

func metadataOf(p conversation.Person) obj {
	if p.AnonymousID == "" {
		return obj{}
	}
	return obj{"segment_anonymous_id": p.AnonymousID}
}

// number writes an id as Sendbird does, if it is one of its own.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return n
	}
	return s
}

func (c *Connector) sign(w obj) connector.Request {
	b, _ := json.Marshal(w) // plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	scheme.Sign(c.o, &r)
	return r
}
