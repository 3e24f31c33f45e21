package zendeskevents

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. A private note is a comment of the ticket.
func (c *Connector) Fake(history []conversation.Activity) (list []connector.Request) {
	a := history[len(history)-1]
	if len(history) == 1 && a.Customer.UserID != "" {
		list = append(list, c.sign(a, "user.created", obj{"id": a.Customer.ContactID, "external_id": a.Customer.UserID, "email": a.Customer.Email,
			"role": "end-user", "created_at": stamp(a.Time), "updated_at": stamp(a.Time), "default_group_id": "0", "organization_id": "0"}, obj{}))
	}
	switch a.Type {
	case conversation.Message:
		if a.By == conversation.System {
			author := obj{"id": a.Agent.ID, "is_staff": true, "name": a.Agent.Name}
			return append(list, c.sign(a, "ticket.comment_added", ticket(a, "OPEN"),
				obj{"comment": obj{"id": a.Message.ID, "body": a.Message.Body, "is_public": false, "author": author}}))
		}
		return append(list, c.sign(a, "messaging_ticket.message_added", obj{"id": a.Conversation},
			obj{"actor": actor(a), "conversation_id": "67ab" + a.Conversation, "message": obj{"id": a.Message.ID, "body": a.Message.Body}}))
	case conversation.Closed:
		return append(list, c.sign(a, "ticket.status_changed", ticket(a, "SOLVED"), obj{"current": "SOLVED", "previous": "OPEN"}))
	case conversation.Reopened:
		return append(list, c.sign(a, "ticket.status_changed", ticket(a, "OPEN"), obj{"current": "OPEN", "previous": "SOLVED"}))
	case conversation.Assigned:
		var to any
		if a.Agent.ID != "" {
			to = a.Agent.ID
		}
		return append(list, c.sign(a, "ticket.agent_assignment_changed", ticket(a, "OPEN"), obj{"current": to, "previous": nil}))
	case conversation.Identified:
		return append(list, c.sign(a, "ticket.created", ticket(a, "NEW"), obj{}))
	}
	return list
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000000Z") }

func (c *Connector) sign(a conversation.Activity, kind string, detail, event obj) connector.Request {
	b, _ := json.Marshal(obj{"account_id": 21835000, "id": uuid.NewString(), "type": "zen:event-type:" + kind, "time": stamp(a.Time),
		"subject": "zen:ticket:" + a.Conversation, "zendesk_event_version": "2022-11-06", "detail": detail, "event": event}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	scheme.Sign(c.o, &r)
	return r
}

func actor(a conversation.Activity) obj {
	switch a.By {
	case conversation.Customer:
		return obj{"id": a.Customer.ContactID, "name": a.Customer.Name, "type": "end_user"}
	case conversation.HumanAgent:
		return obj{"id": a.Agent.ID, "name": a.Agent.Name, "type": "agent"}
	case conversation.Bot:
		return obj{"id": "zd:answerBot", "name": a.Agent.Name, "type": "system"}
	}
	return obj{"id": "360012345678", "name": "Welcome", "type": "trigger"}
}

// vias are where tickets of a channel come from.
var vias = map[string]string{"": "native_messaging", "chat": "native_messaging", "messaging": "native_messaging", "email": "email", "sms": "sms"}

func ticket(a conversation.Activity, status string) obj {
	var assignee any
	if a.Agent.ID != "" {
		assignee = a.Agent.ID
	}
	actor := a.Agent.ID
	if a.By == conversation.Customer {
		actor = a.Customer.ContactID
	}
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	return obj{"id": a.Conversation, "actor_id": actor, "assignee_id": assignee, "brand_id": "8447346621310", "created_at": began.UTC().Format(time.RFC3339),
		"description": "Conversation with Web User", "external_id": nil, "group_id": "8447320466430", "is_public": false, "requester_id": a.Customer.ContactID,
		"submitter_id": a.Customer.ContactID, "status": status, "subject": "Conversation with Web User", "tags": []string{}, "type": "INCIDENT",
		"updated_at": a.Time.UTC().Format(time.RFC3339), "via": obj{"channel": vias[a.Channel]}}
}
