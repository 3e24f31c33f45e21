package brevoconversations

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. The first message of a chat comes alone, the
// others as fragments, and at the end all of them once more.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	last := len(history) - 1
	a, began := history[last], 0
	for i, b := range history[:last] {
		if b.Type == conversation.Closed {
			began = i + 1
		}
	}
	w := obj{"conversationStartPage": obj{"link": "https://shop.example.com/", "title": "Shop"}}
	said := c.said(history[began:])
	switch {
	case len(said) == 0:
		return nil
	case a.Type == conversation.Closed:
		w["eventName"], w["messages"] = c.d.Transcript, said
	case a.Type != conversation.Message || a.By == conversation.System:
		return nil
	case len(said) == 1:
		w["eventName"], w["message"] = c.d.Started, said[0]
	default:
		w["eventName"], w["messages"] = c.d.Fragment, said[len(said)-1:]
	}
	if a.Agent.ID != "" && a.By != conversation.Bot {
		w["agents"] = []obj{{"id": a.Agent.ID, "name": a.Agent.Name, "email": a.Agent.Username}}
	}
	visitor := obj{"id": a.Customer.ContactID, "displayedName": a.Customer.Name, "info": obj{"name": a.Customer.Name, "email": a.Customer.Email}, "source": "widget"}
	attributes := obj{}
	if a.Customer.UserID != "" {
		attributes[c.d.UserIDs[0]] = a.Customer.UserID
	}
	if a.Customer.AnonymousID != "" {
		attributes["segment_anonymous_id"] = a.Customer.AnonymousID
	}
	if c.d.Visitor == "client" {
		visitor["chatId"], visitor["integrationData"] = a.Conversation, attributes
		w["chatId"], w["client"] = a.Conversation, visitor
	} else {
		upper := obj{}
		for key, value := range attributes {
			upper[strings.ToUpper(key)] = value
		}
		visitor["integrationAttributes"] = upper
		w["conversationId"], w["visitor"] = a.Conversation, visitor
	}
	b, _ := json.Marshal(w) // maps of plain values always marshal
	r := connector.Request{URL: "https://gateway.example.com/in/chat", Header: http.Header{"Content-Type": {"application/json"}}, Body: b}
	token.Sign(c.o, &r)
	return []connector.Request{r}
}

// said are the messages of a chat. There are no webhooks about notes.
func (c *Connector) said(chat []conversation.Activity) (list []obj) {
	for _, a := range chat {
		if a.Type != conversation.Message || a.By == conversation.System {
			continue
		}
		m := obj{"id": a.Message.ID, "type": "agent", "text": a.Message.Body, "createdAt": a.Time.UnixMilli()}
		switch a.By {
		case conversation.Customer:
			m["type"] = c.d.Visitor
		case conversation.Automation:
			m["isTrigger"] = true
		default:
			m["agentId"], m["agentName"] = a.Agent.ID, a.Agent.Name
			if a.By == conversation.Bot {
				m["isBot"] = true
			}
		}
		if a.Message.Body == "" {
			m["text"], m["file"] = "picture.png", obj{"name": "picture.png", "size": 2048, "isImage": true}
		}
		list = append(list, m)
	}
	return list
}
