package kustomer

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

// Fake implements connector.Faker. Before the first activity of a customer or
// an agent there is an event that tells who they are.
func (c *Connector) Fake(history []conversation.Activity) (list []connector.Request) {
	last := len(history) - 1
	a := history[last]
	send := func(name, kind, id string, attributes, relationships obj, changes any) {
		list = append(list, c.send(name, a.Time, obj{"type": kind, "id": id, "attributes": attributes, "relationships": relationships,
			"links": obj{"self": "/v1/" + kind + "s/" + id}}, changes))
	}
	if last == 0 {
		send("kustomer.customer.create", "customer", a.Customer.ContactID, fakeCustomer(a.Customer, a.Time), obj{}, nil)
	}
	if agent := a.Agent; agent.ID != "" && a.By != conversation.Bot &&
		!slices.ContainsFunc(history[:last], func(b conversation.Activity) bool { return b.Agent.ID == agent.ID }) {
		send("kustomer.user.update", "user", agent.ID, obj{"name": agent.Name, "displayName": agent.Name, "email": agent.Username, "userType": "user"}, obj{}, nil)
	}
	update := func(what string, before, after any) {
		send("kustomer.conversation.update", "conversation", a.Conversation, fakeChat(a), whose(a),
			obj{"attributes": obj{what: obj{"op": "replace", "before": before, "after": after}}, "relationships": obj{}})
	}
	switch a.Type {
	case conversation.Message:
		if a.By == conversation.System {
			return list // there are no webhooks about notes
		}
		attributes, relationships := fakeMessage(a)
		send("kustomer.message.create", "message", a.Message.ID, attributes, relationships, nil)
	case conversation.Closed:
		update("status", "open", "done")
	case conversation.Reopened:
		update("status", "done", "open")
	case conversation.Assigned:
		update("assignedUsers", []string{}, assigned(a))
	case conversation.Identified:
		send("kustomer.conversation.create", "conversation", a.Conversation, fakeChat(a), whose(a), nil)
	}
	return list
}

func (c *Connector) send(name string, at time.Time, data obj, changes any) connector.Request {
	b, _ := json.Marshal(obj{"id": uuid.NewString(), "name": name, "org": "5f8481c6", "orgName": "example-shop", "partition": "5f8481c6", // plain values always marshal
		"data": data, "createdAt": moment(at), "changes": changes, "persist": true, "client": "api-gw"})
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	r.Header.Set(eventHeader, name)
	scheme.Sign(c.o, &r)
	return r
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func assigned(a conversation.Activity) []string {
	if a.Agent.ID == "" || a.By == conversation.Bot {
		return []string{}
	}
	return []string{a.Agent.ID}
}

func link(kind, id string) obj {
	return obj{"data": obj{"type": kind, "id": id}, "links": obj{"self": "/v1/" + kind + "s/" + id}}
}

func whose(a conversation.Activity) obj {
	return obj{"customer": link("customer", a.Customer.ContactID)}
}

func fakeCustomer(p conversation.Person, at time.Time) obj {
	m := obj{"name": p.Name, "displayName": p.Name, "externalId": nil, "emails": []obj{}, "custom": obj{}, "createdAt": moment(at)}
	if p.UserID != "" {
		m["externalId"] = p.UserID
	}
	if p.Email != "" {
		m["emails"] = []obj{{"type": "home", "email": p.Email, "verified": false}}
	}
	if p.AnonymousID != "" {
		m["custom"] = obj{"segmentAnonymousIdStr": p.AnonymousID}
	}
	return m
}

func fakeChat(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	status := "open"
	if a.Type == conversation.Closed {
		status = "done"
	}
	return obj{"name": "A chat", "channels": []string{kind(a)}, "status": status, "ended": status == "done", "createdAt": moment(began),
		"updatedAt": moment(a.Time), "assignedUsers": assigned(a), "direction": "in", "spam": false, "priority": 3}
}

func kind(a conversation.Activity) string {
	switch a.Channel {
	case "":
		return "chat"
	case "messaging":
		return "whatsapp"
	case "phone":
		return "voice"
	}
	return a.Channel
}

func fakeMessage(a conversation.Activity) (attributes, relationships obj) {
	attributes = obj{"channel": kind(a), "app": "chat", "direction": "out", "directionType": "followup-out", "preview": a.Message.Body, "auto": false,
		"status": "sent", "sentAt": moment(a.Time), "createdAt": moment(a.Time), "redacted": false, "assignedUsers": assigned(a), "reactions": []obj{}}
	relationships = whose(a)
	relationships["conversation"] = link("conversation", a.Conversation)
	switch a.By {
	case conversation.Customer:
		attributes["direction"], attributes["directionType"] = "in", "followup-in"
	case conversation.HumanAgent, conversation.Bot:
		relationships["createdBy"] = link("user", a.Agent.ID)
	default:
		attributes["auto"] = true
	}
	return attributes, relationships
}
