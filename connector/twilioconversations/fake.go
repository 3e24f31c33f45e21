package twilioconversations

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker: it writes what Event Streams sends. Twilio
// has no private notes.
func (c *Connector) Fake(history []conversation.Activity) []connector.Request {
	a := history[len(history)-1]
	var list []obj
	if len(history) == 1 {
		list = append(list,
			cloud("conversation.added", cmp.Or(a.StartedAt, a.Time), a, obj{"State": "active", "Attributes": attributesOf(a.Customer)}),
			cloud("participant.added", a.Time, a, obj{"ParticipantSid": "MB" + a.Customer.ContactID, "Identity": a.Customer.ContactID}))
	}
	switch a.Type {
	case conversation.Message:
		author := a.Agent.ID
		switch a.By {
		case conversation.System:
			return nil
		case conversation.Customer:
			author = a.Customer.ContactID
		case conversation.Automation:
			author = "system"
		}
		m := obj{"MessageSid": a.Message.ID, "Author": author, "ParticipantSid": "MB" + author, "Index": len(history) - 1, "MessageBody": a.Message.Body}
		if a.Message.Body == "" {
			m["Media"] = []obj{{"MediaSid": "ME1", "Filename": "picture.png", "ContentType": "image/png", "Size": 12232}}
		}
		list = append(list, cloud("message.added", a.Time, a, m))
	case conversation.Assigned:
		if a.Agent.ID == "" {
			return nil
		}
		list = append(list, cloud("participant.added", a.Time, a, obj{"ParticipantSid": "MB" + a.ID, "Identity": a.Agent.ID}))
	case conversation.Closed:
		reason := "API"
		if a.By == conversation.System {
			reason = "TIMER"
		}
		list = append(list, cloud("conversation-state.updated", a.Time, a,
			obj{"StateUpdated": moment(a.Time), "StateFrom": "active", "StateTo": "closed", "Reason": reason}))
	}
	if len(list) == 0 {
		return nil
	}
	return []connector.Request{c.sign(list)}
}

// attributesOf is what a site tells of its customer.
func attributesOf(p conversation.Person) string {
	a := obj{"pre_engagement_data": obj{"friendlyName": p.Name, "email": p.Email}}
	if p.UserID != "" {
		a["user_id"] = p.UserID
	}
	if p.AnonymousID != "" {
		a["segment_anonymous_id"] = p.AnonymousID
	}
	b, _ := json.Marshal(a) // plain values always marshal
	return string(b)
}

// moment writes a time as Twilio does.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

func cloud(kind string, at time.Time, a conversation.Activity, data obj) obj {
	data["AccountSid"], data["ConversationSid"], data["DateCreated"] = "AC00000000000000000000000000000001", a.Conversation, moment(at)
	return obj{"specversion": "1.0", "type": "com.twilio.conversations." + kind, "source": "/v1/Conversations/" + a.Conversation, "id": "EZ" + a.ID,
		"datacontenttype": "application/json", "time": moment(at), "data": data}
}

func (c *Connector) sign(list []obj) connector.Request {
	b, _ := json.Marshal(list) // plain values always marshal
	sum := sha256.Sum256(b)
	r := connector.Request{Header: http.Header{}, Body: b,
		URL: cmp.Or(c.o.URL, "https://gateway.example.com/in/support") + "?" + bodyHash + "=" + hex.EncodeToString(sum[:])}
	r.Header.Set("Content-Type", "application/json")
	scheme(&r, "{url}").Sign(c.o, &r)
	return r
}
