package freshchat

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

const account, group = "55b190fa-0000-4000-8000-000000000001", "4cf5d9b8-0000-4000-8000-000000000002"

// Fake implements connector.Faker. It writes as an account with interactions
// does. The secret to sign with is a private key.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	thread := obj{"conversation_id": thread(a), "app_id": account, "status": "assigned", "channel_id": "c8fddfaf-0000-4000-8000-000000000003",
		"assigned_group_id": group, "skill_id": 0, "sla_policy_id": 0, "sla_breached": false}
	actor, id := fakeActor(a)
	switch a.Type {
	case conversation.Message:
		return c.send(a, "message_create", "message", c.fakeMessage(a, thread))
	case conversation.Closed:
		thread["status"] = "resolved"
		return c.send(a, "conversation_resolution", "resolve", obj{"resolver": actor, "resolver_id": id, "conversation": thread, "interaction_id": a.Conversation})
	case conversation.Reopened:
		thread["status"] = "reopened"
		return c.send(a, "conversation_reopen", "reopen", obj{"reopener": actor, "reopener_id": id, "conversation": thread, "interaction_id": a.Conversation})
	case conversation.Assigned:
		thread["assigned_agent_id"] = a.Agent.ID
		return c.send(a, "conversation_assignment", "assignment", obj{"assignor": "system", "assignor_id": "", "to_agent_id": a.Agent.ID, "to_group_id": group,
			"from_agent_id": "", "from_group_id": group, "conversation": thread, "interaction_id": a.Conversation})
	}
	return nil
}

// thread is the id of the conversation that a user always has.
func thread(a conversation.Activity) string { return "thread-" + a.Customer.ContactID }

// fakeActor is who did it.
func fakeActor(a conversation.Activity) (kind, id string) {
	switch {
	case a.By == conversation.Customer:
		return "user", a.Customer.ContactID
	case a.Agent.ID != "" && a.By != conversation.Automation:
		return "agent", a.Agent.ID
	}
	return "system", ""
}

func (c *Connector) fakeMessage(a conversation.Activity, thread obj) obj {
	actor, id := fakeActor(a)
	parts := []obj{{"text": obj{"content": html.EscapeString(a.Message.Body)}}}
	if a.Message.Body == "" {
		parts = []obj{{"image": obj{"url": "https://fc-example.freshchat.com/picture.png"}}}
	}
	kind := "normal"
	if a.By == conversation.System {
		kind = "private"
	}
	return obj{"message_parts": parts, "app_id": account, "actor_id": id, "id": a.Message.ID, "channel_id": thread["channel_id"],
		"conversation_id": thread["conversation_id"], "interaction_id": a.Conversation, "message_type": kind, "actor_type": actor, "created_time": stamp(a.Time),
		"user_id": a.Customer.ContactID, "message_source": "web", "restrictResponse": false, "botsPrivateNote": false}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func (c *Connector) send(a conversation.Activity, action, key string, v obj) []connector.Request {
	actor, id := fakeActor(a)
	b, _ := json.Marshal(obj{"actor": obj{"actor_type": actor, "actor_id": id}, "action": action, "action_time": stamp(a.Time), "data": obj{key: v}}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}, "X-Freshchat-Payload-Version": {"v1"}, "X-Retry-Count": {"0"}}, Body: b}
	r.Header.Set(signature, c.o.SignRSA(b))
	return []connector.Request{r}
}

// Answer plays the API: who the people of a history are, nil if they are not
// in it.
func (*Connector) Answer(history []conversation.Activity, path string) []byte {
	id, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return nil
	}
	for _, a := range history {
		if strings.HasPrefix(path, "/v2/agents/") && a.Agent.ID == id && a.Agent.Name != "" {
			return fakePerson(id, a.Agent.Name, a.Agent.Username, obj{})
		}
		if p := a.Customer; strings.HasPrefix(path, "/v2/users/") && p.ContactID == id {
			more := obj{"properties": []obj{{"name": "plan", "value": true}, {"name": "segment_anonymous_id", "value": p.AnonymousID}}}
			if p.UserID != "" {
				more["reference_id"] = p.UserID
			}
			return fakePerson(id, p.Name, p.Email, more)
		}
	}
	return nil
}

func fakePerson(id, name, email string, v obj) []byte {
	first, last, _ := strings.Cut(name, " ")
	v["id"], v["first_name"], v["last_name"], v["email"], v["created_time"] = id, first, last, email, "2026-01-01T00:00:00.000Z"
	b, _ := json.Marshal(v) // nor here does it fail
	return b
}
