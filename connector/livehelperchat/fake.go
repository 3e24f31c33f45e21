package livehelperchat

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. The first message comes with the beginning.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	event, message := "", obj{"id": nil, "user_id": nil, "time": nil, "name_support": nil, "meta_msg": nil, "msg": nil}
	switch a.Type {
	case conversation.Message:
		if event, message = fakeMessage(a); len(history) == 1 && a.By == conversation.Customer {
			event = "chat.chat_started"
		}
	case conversation.Closed:
		event = "chat.close"
		if a.By == conversation.Customer {
			event = "chat.explicitly_closed"
		}
	case conversation.Assigned:
		event = "chat.chat_owner_changed"
	case conversation.Reopened:
		event = "chat.user_reopened"
	case conversation.Identified:
		event = "chat.chat_started"
	default:
		return nil
	}
	body := about(a)
	body["event"], body["message"] = event, message
	if a.Type == conversation.Closed {
		closed := body["chat"].(obj)
		closed["status"] = 2
		if a.By == conversation.Customer {
			closed["status_sub"], closed["user_closed_ts"] = 3, a.Time.Unix()
		} else {
			closed["cls_time"] = a.Time.Unix()
		}
		if a.By == conversation.HumanAgent {
			body["closed_by"] = obj{"id": number(a.Agent.ID), "username": a.Agent.Username}
		}
	}
	b, _ := json.Marshal(body) // maps of plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "curl/7.29.0")
	scheme.Sign(c.o, &r)
	return []connector.Request{r}
}

// number writes an ID as Live Helper Chat does, if it is one of its own.
func number(s string) any {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && strconv.FormatInt(n, 10) == s {
		return n
	}
	return s
}

// fakeMessage is a message. One by the System is a whisper.
func fakeMessage(a conversation.Activity) (event string, m obj) {
	event = "chat.web_add_msg_admin"
	m = obj{"id": number(a.Message.ID), "user_id": number(a.Agent.ID), "time": a.Time.Unix(), "name_support": a.Agent.Name, "meta_msg": "", "msg": a.Message.Body}
	if a.Message.Body == "" {
		m["msg"] = "[file=12_0c9f2a]"
	}
	switch a.By {
	case conversation.Customer:
		event, m["user_id"], m["name_support"] = "chat.addmsguser", 0, ""
	case conversation.Bot, conversation.Automation:
		m["user_id"] = -2
	case conversation.System:
		m["meta_msg"] = `{"content":{"whisper":true}}`
	}
	return event, m
}

// about is what every webhook tells of its chat.
func about(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	owner, operator := any(0), obj{"id": nil, "username": nil, "name": nil, "surname": nil, "name_support": nil}
	bot := any(0)
	switch {
	case a.By == conversation.Bot:
		bot = number(a.Agent.ID)
	case a.Agent.ID != "":
		owner = number(a.Agent.ID)
		name, surname, _ := strings.Cut(a.Agent.Name, " ")
		operator = obj{"id": owner, "username": a.Agent.Username, "name": name, "surname": surname, "name_support": a.Agent.Name}
	}
	data := []obj{}
	for key, value := range map[string]string{"user_id": a.Customer.UserID, "segment_anonymous_id": a.Customer.AnonymousID} {
		if value != "" {
			data = append(data, obj{"secure": true, "h": true, "identifier": key, "key": key, "value": value})
		}
	}
	additional, _ := json.Marshal(data) // nor here
	incoming := 0
	if a.Channel == "messaging" {
		incoming = 1
	}
	return obj{"source": "livehelperchat", "template": 1, "sent_at": a.Time.Unix(),
		"chat": obj{"id": number(a.Conversation), "status": 1, "status_sub": 0, "time": began.Truncate(time.Second).Unix(), "cls_time": 0, "user_closed_ts": 0,
			"user_id": owner, "gbot_id": bot, "iwh_id": incoming},
		"operator": operator, "closed_by": obj{"id": nil, "username": nil},
		"visitor": obj{"vid": a.Customer.ContactID, "nick": a.Customer.Name, "email": a.Customer.Email, "additional_data": string(additional)}}
}
