package zendesksunco

import (
	"encoding/json"
	"net/http"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. Notes and assignments stay in Zendesk.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	chat := obj{"id": a.Conversation, "type": "personal", "activeSwitchboardIntegration": obj{"id": "65a1", "name": "zd-agentWorkspace",
		"integrationId": "65a2", "integrationType": "zd:agentWorkspace"}}
	switch a.Type {
	case conversation.Message:
		if m := c.fakeMessage(a); m != nil {
			return []connector.Request{c.sign(a, "conversation:message", obj{"conversation": chat, "message": m})}
		}
	case conversation.Closed:
		delete(chat, "activeSwitchboardIntegration")
		return []connector.Request{c.sign(a, "switchboard:releaseControl", obj{"conversation": chat, "reason": "ticketClosed"})}
	case conversation.Identified:
		return []connector.Request{c.sign(a, "conversation:create", obj{"conversation": chat, "user": fakeUser(a.Customer),
			"creationReason": "message", "source": obj{"type": client(a.Channel), "integrationId": "65a3"}})}
	}
	return nil
}

func (c *Connector) sign(a conversation.Activity, kind string, payload obj) connector.Request {
	at := a.Time.UTC().Format("2006-01-02T15:04:05.000Z")
	b, _ := json.Marshal(obj{"app": obj{"id": "65a0"}, "webhook": obj{"id": "65a4", "version": "v2"},
		"events": []obj{{"id": "event-" + a.ID, "createdAt": at, "type": kind, "payload": payload}}}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	scheme.Sign(c.o, &r)
	return r
}

// fakeMessage is a message, or nil if there are none of its kind.
func (c *Connector) fakeMessage(a conversation.Activity) obj {
	content := obj{"type": "text", "text": a.Message.Body}
	if a.Message.Body == "" {
		content = obj{"type": "image", "mediaUrl": "https://cdn.example.com/picture.png", "mediaType": "image/png"}
	}
	m := obj{"id": a.Message.ID, "received": a.Time.UTC().Format("2006-01-02T15:04:05.000Z"), "content": content, "metadata": obj{}}
	switch a.By {
	case conversation.Customer:
		user := fakeUser(a.Customer)
		m["author"] = obj{"type": "user", "userId": a.Customer.ContactID, "displayName": a.Customer.Name, "user": user}
		m["source"] = obj{"type": client(a.Channel), "integrationId": "65a3"}
		return m
	case conversation.HumanAgent:
		m["author"] = obj{"type": "business", "subtypes": []string{"agent"}, "displayName": a.Agent.Name}
		m["metadata"] = obj{"__zendesk_msg.agent.id": a.Agent.ID, "__zendesk_msg.source_type": "zd:agentWorkspace"}
	case conversation.Bot:
		m["author"] = obj{"type": "business", "subtypes": []string{"bot"}, "displayName": a.Agent.Name}
		m["source"] = obj{"type": "zd:answerBot"}
		return m
	case conversation.Automation:
		m["author"] = obj{"type": "business", "displayName": "Automated Response"}
		m["metadata"] = obj{"__zendesk_msg.agent.id": "__trigger"}
	default:
		return nil
	}
	m["source"] = obj{"type": "zd:agentWorkspace"}
	return m
}

func fakeUser(p conversation.Person) obj {
	u := obj{"id": p.ContactID, "authenticated": p.UserID != "", "profile": obj{"email": p.Email}, "metadata": obj{}}
	if p.UserID != "" {
		u["externalId"] = p.UserID
	}
	if p.AnonymousID != "" {
		u["metadata"] = obj{"segment_anonymous_id": p.AnonymousID}
	}
	return u
}

// client is the kind of client of a channel.
func client(channel string) string {
	switch channel {
	case "messaging":
		return "whatsapp"
	case "email":
		return "mailgun"
	case "sms":
		return "twilio"
	}
	return "web"
}
