package amazonconnect

import (
	"cmp"
	"encoding/json"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. Nobody but SNS has its key, so that an API
// key vouches for what SNS would send, too. A message by the System is for
// agents only.
func (c *Connector) Fake(history []conversation.Activity) (list []connector.Request) {
	a := history[len(history)-1]
	if len(history) == 1 {
		list = append(list, c.initiated(a))
	}
	v := obj{"AbsoluteTime": moment(a.Time), "Id": cmp.Or(a.Message.ID, a.ID), "InitialContactId": a.Conversation, "ContactId": a.Conversation, "Type": "EVENT"}
	by := func(role, id, name string) {
		v["ParticipantRole"], v["ParticipantId"], v["DisplayName"] = role, id, name
	}
	visibility := "ALL"
	switch a.Type {
	case conversation.Message:
		v["Type"], v["ContentType"], v["Content"] = "MESSAGE", "text/plain", a.Message.Body
		switch a.By {
		case conversation.Customer:
			by("CUSTOMER", a.Customer.ContactID, a.Customer.Name)
		case conversation.HumanAgent:
			by("AGENT", a.Agent.ID, a.Agent.Name)
		case conversation.Bot:
			by("CUSTOM_BOT", a.Agent.ID, a.Agent.Name)
		case conversation.Automation:
			by("SYSTEM", "1", "SYSTEM_MESSAGE")
		case conversation.System:
			by("AGENT", a.Agent.ID, a.Agent.Name)
			visibility = "AGENT"
		}
		if a.Message.Body == "" {
			delete(v, "Content")
			v["Type"], v["ContentType"] = "ATTACHMENT", "image/png"
			v["Attachments"] = []obj{{"AttachmentId": "1", "AttachmentName": "picture.png", "ContentType": "image/png", "Status": "APPROVED"}}
		}
	case conversation.Assigned:
		if a.Agent.ID == "" {
			return list
		}
		v["ContentType"] = events + "participant.joined"
		by("AGENT", a.Agent.ID, a.Agent.Name)
	case conversation.Closed:
		v["ContentType"] = events + "chat.ended"
	default:
		return list
	}
	return append(list, c.sign(obj{"Type": "Notification", "MessageId": v["Id"], "TopicArn": "arn:aws:sns:eu-central-1:123456789012:chats",
		"Message": text(v), "Timestamp": moment(a.Time), "MessageAttributes": obj{"MessageVisibility": obj{"Type": "String", "Value": visibility}}}))
}

// initiated is the contact event of a chat's beginning.
func (c *Connector) initiated(a conversation.Activity) connector.Request {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	detail := obj{"eventType": "INITIATED", "contactId": a.Conversation, "channel": "CHAT", "initiationMethod": "API", "initiationTimestamp": moment(began),
		"segmentAttributes": obj{"connect:Subtype": obj{"valueString": "connect:Chat"}}}
	if a.Customer.UserID != "" {
		detail["customerId"] = a.Customer.UserID
	}
	if a.Customer.AnonymousID != "" {
		detail["tags"] = obj{"segment_anonymous_id": a.Customer.AnonymousID}
	}
	return c.sign(obj{"version": "0", "id": "of " + a.Conversation, "detail-type": "Amazon Connect Contact Event", "source": "aws.connect", "time": moment(began), "detail": detail})
}

func (c *Connector) sign(w obj) connector.Request {
	r := connector.Request{Header: http.Header{}, Body: []byte(text(w))}
	r.Header.Set("Content-Type", "application/json")
	token.Sign(c.tokens, &r)
	return r
}

func text(v obj) string {
	b, _ := json.Marshal(v) // plain values always marshal
	return string(b)
}

// moment writes a time as Amazon Connect does.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
