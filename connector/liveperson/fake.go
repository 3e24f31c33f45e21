package liveperson

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An obj is a JSON object.
type obj = map[string]any

// Fake implements connector.Faker. A message by the System is for agents and
// managers only.
func (c *Connector) Fake(history []conversation.Activity) (list []connector.Request) {
	a := history[len(history)-1]
	if len(history) == 1 || a.Type == conversation.Assigned || a.Type == conversation.Closed {
		list = append(list, c.sign(conversationChanged, stateOf(a)))
	}
	if a.Type != conversation.Message {
		return list
	}
	role, id, audience := "ASSIGNED_AGENT", a.Agent.ID, "ALL"
	switch a.By {
	case conversation.Customer:
		role, id = "CONSUMER", a.Customer.ContactID
	case conversation.Automation:
		role, id = "CONTROLLER", "controller"
	case conversation.System:
		audience = "AGENTS_AND_MANAGERS"
	}
	event := obj{"type": "ContentEvent", "message": a.Message.Body, "contentType": "text/plain"}
	if a.Message.Body == "" {
		event["message"], event["contentType"] = obj{"caption": "", "relativePath": "/v1/picture.png", "fileType": "PNG"}, "hosted/file"
	}
	return append(list, c.sign(somethingDone, obj{"sequence": len(history) - 1, "originatorId": id, "originatorMetadata": obj{"id": id, "role": role},
		"serverTimestamp": a.Time.UnixMilli(), "event": event, "conversationId": a.Conversation, "dialogId": a.Conversation, "messageAudience": audience}))
}

// stateOf is the state of a conversation.
func stateOf(a conversation.Activity) obj {
	began := a.StartedAt
	if began.IsZero() {
		began = a.Time
	}
	people := []obj{{"id": a.Customer.ContactID, "role": "CONSUMER"}}
	if a.Agent.ID != "" && a.By != conversation.Bot {
		people = append(people, obj{"id": a.Agent.ID, "role": "ASSIGNED_AGENT"})
	}
	dialog := obj{"dialogId": a.Conversation, "dialogType": "MAIN", "channelType": "MESSAGING", "state": "OPEN", "creationTs": began.UnixMilli(), "participantsDetails": people}
	v := obj{"skillId": "-1", "participants": people, "dialogs": []obj{dialog}, "brandId": "12345678", "state": "OPEN", "stage": "OPEN",
		"startTs": began.UnixMilli(), "metaDataLastUpdateTs": a.Time.UnixMilli()}
	if a.Type == conversation.Closed {
		by := map[conversation.Author]string{conversation.Customer: "CONSUMER", conversation.HumanAgent: "AGENT", conversation.System: "SYSTEM"}[a.By]
		for _, o := range []obj{v, dialog} {
			o["state"], o["endTs"] = "CLOSE", a.Time.Truncate(time.Millisecond).UnixMilli()
		}
		dialog["closedBy"], v["closeReason"], v["stage"] = by, by, "CLOSE"
	}
	return obj{"type": "UPSERT", "result": obj{"convId": a.Conversation, "effectiveTTR": -1, "conversationDetails": v}}
}

func (c *Connector) sign(kind string, change obj) connector.Request {
	b, _ := json.Marshal(obj{"kind": "notification", "body": obj{"changes": []obj{change}}, "type": kind}) // plain values always marshal
	r := connector.Request{Header: http.Header{}, Body: b}
	r.Header.Set("Content-Type", "application/json")
	scheme.Sign(c.o, &r)
	return r
}
