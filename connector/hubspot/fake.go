package hubspot

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. It signs with version 1, since it does not
// know the address that later versions sign.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	v := obj{"eventId": len(history), "subscriptionId": 2371671, "portalId": 23400001, "appId": 2400001, "occurredAt": a.Time.UnixMilli(),
		"attemptNumber": 0, "objectId": number(a.Conversation), "subscriptionType": "conversation.propertyChange", "changeSource": "CONVERSATIONS"}
	switch a.Type {
	case conversation.Message:
		delete(v, "changeSource")
		v["subscriptionType"], v["messageId"], v["changeFlag"] = "conversation.newMessage", a.Message.ID, "NEW_MESSAGE"
		v["messageType"] = fakeType(a)
	case conversation.Closed:
		v["propertyName"], v["propertyValue"] = "status", "CLOSED"
	case conversation.Reopened:
		v["propertyName"], v["propertyValue"] = "status", "OPEN"
	case conversation.Assigned:
		v["propertyName"], v["propertyValue"] = "assignedTo", fakeActor("A-", a.Agent.ID)
	default:
		return nil
	}
	b, _ := json.Marshal([]obj{v}) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	r.Header.Set(versionHeader, "v1")
	scheme1.Sign(c.o, &r)
	return []connector.Request{r}
}

// number is an ID that HubSpot writes as a number.
func number(id string) any {
	if n, err := strconv.ParseUint(id, 10, 64); err == nil {
		return n
	}
	return id
}

func fakeType(a conversation.Activity) string {
	switch a.By {
	case conversation.System:
		return "COMMENT"
	case conversation.Automation:
		return "WELCOME_MESSAGE"
	}
	return "MESSAGE"
}

func fakeActor(prefix, id string) string {
	if id == "" {
		return ""
	}
	return prefix + id
}

// Answer plays the API.
func (*Connector) Answer(history []conversation.Activity, path string) []byte {
	var v any
	if id, ok := strings.CutPrefix(path, contactsPath); ok {
		id, _, _ = strings.Cut(id, "?")
		v = fakeContact(history, id)
	} else if id, ok := strings.CutPrefix(path, actorsPath); ok {
		v = fakeAgent(history, id)
	} else if id, ok := strings.CutPrefix(path, threadsPath); ok {
		v = fakeThread(history, id)
	}
	if v == nil {
		return nil
	}
	b, _ := json.Marshal(v) // nor here does it fail
	return b
}

func fakeContact(history []conversation.Activity, id string) any {
	p := history[len(history)-1].Customer
	if p.ContactID != id {
		return nil
	}
	first, last, _ := strings.Cut(p.Name, " ")
	properties := obj{"email": p.Email, "firstname": first, "lastname": last, "user_id": nil}
	if p.UserID != "" {
		properties["user_id"] = p.UserID
	}
	if p.AnonymousID != "" {
		properties["segment_anonymous_id"] = p.AnonymousID
	}
	return obj{"id": id, "properties": properties, "createdAt": "2026-01-01T00:00:00.000Z", "updatedAt": "2026-01-01T00:00:00.000Z", "archived": false}
}

func fakeAgent(history []conversation.Activity, id string) any {
	id, err := url.PathUnescape(id)
	if err != nil {
		return nil
	}
	for _, a := range history {
		if fakeActor("A-", a.Agent.ID) == id && a.Agent.Name != "" {
			return obj{"id": id, "name": a.Agent.Name, "email": a.Agent.Username, "avatar": nil, "type": "AGENT"}
		}
	}
	return nil
}

// fakeThread is a thread, one of its messages, or all of them.
func fakeThread(history []conversation.Activity, path string) any {
	id, rest, ok := strings.Cut(path, "/messages")
	a := history[len(history)-1]
	if id != a.Conversation {
		return nil
	}
	if !ok {
		return obj{"id": id, "createdAt": stamp(history[0].Time), "closedAt": nil, "status": "OPEN", "originalChannelId": channelID(a.Channel), "originalChannelAccountId": "424242",
			"latestMessageTimestamp": stamp(a.Time), "assignedTo": nil, "spam": false, "inboxId": "777", "associatedContactId": a.Customer.ContactID, "archived": false}
	}
	list := []obj{}
	for _, h := range history {
		if m := fakeMessage(h); m != nil && rest == "/"+h.Message.ID {
			return m
		} else if m != nil {
			list = append(list, m)
		}
	}
	if strings.HasPrefix(rest, "/") {
		return nil
	}
	return obj{"results": list}
}

// fakeMessage is a line of a thread, or nil.
func fakeMessage(a conversation.Activity) obj {
	m := obj{"id": a.ID, "type": fakeType(a), "conversationsThreadId": a.Conversation, "createdAt": stamp(a.Time), "updatedAt": stamp(a.Time), "client": obj{"clientType": "HUBSPOT"},
		"recipients": []obj{}, "archived": false}
	actor, name, direction := fakeActor("A-", a.Agent.ID), a.Agent.Name, "OUTGOING"
	switch by := a.By; {
	case by == conversation.Customer:
		actor, name, direction = fakeActor("V-", a.Customer.ContactID), a.Customer.Name, "INCOMING"
	case by == conversation.Bot:
		actor = fakeActor("B-", a.Agent.ID)
	case by == conversation.Automation, by == conversation.System && a.Type == conversation.Closed, a.Agent.ID == "":
		actor, name = "S-hubspot", "HubSpot"
	}
	m["createdBy"], m["senders"] = actor, []obj{{"actorId": actor, "name": name}}
	switch a.Type {
	case conversation.Closed:
		m["type"], m["newStatus"] = "THREAD_STATUS_CHANGE", "CLOSED"
		return m
	case conversation.Message:
		m["id"], m["text"], m["richText"], m["attachments"] = a.Message.ID, a.Message.Body, html.EscapeString(a.Message.Body), []obj{}
		m["truncationStatus"], m["status"], m["direction"] = "NOT_TRUNCATED", obj{"statusType": "SENT"}, direction
		m["channelId"], m["channelAccountId"] = channelID(a.Channel), "424242"
		return m
	}
	return nil
}

func channelID(name string) string {
	if name == "" || name == "chat" {
		return liveChat
	}
	return name
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
