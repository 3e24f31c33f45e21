// Package line reads the webhooks of the LINE Messaging API.
//
// They hold what people write to an official account. What the account answers
// is in none of them.
//
// Source: https://developers.line.biz/en/reference/messaging-api/#webhook-event-objects
package line

import (
	"slices"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// Type is the entry in the list.
func Type() connector.Type {
	return connector.Type{
		Name:       "line",
		Title:      "LINE",
		Reopen:     conversation.Restart,
		Inactivity: 24 * time.Hour,
		Gives: connector.Gives{
			Started: "at the first message, and after 24 hours of silence", Sent: connector.Yes, Received: connector.No,
			Ended: connector.Silent, Bots: connector.No,
			AgentID: connector.No, AgentName: connector.No, AgentUsername: connector.No,
			Duration: connector.Yes, ConversationID: connector.Yes, Body: connector.Yes, Message: connector.Yes,
			UserID: connector.No, AnonymousID: connector.No, Email: connector.No,
			Signature: "HMAC-SHA256", Retries: "none, unless webhook redelivery is switched on",
		},
		New: func(o connector.Options) connector.Connector { return &Connector{o} },
	}
}

// A Connector reads the webhooks of one channel.
type Connector struct{ o connector.Options }

var _ connector.Faker = (*Connector)(nil)

var scheme = connector.Scheme{Header: "X-Line-Signature", Encoding: "base64"}

// Verify implements connector.Connector.
func (c *Connector) Verify(r *connector.Request) error { return scheme.Verify(c.o, r) }

// A webhook holds several events; none if somebody tries it in the console.
type webhook struct {
	Events []struct {
		Type   string     `json:"type"`
		Time   field.Time `json:"timestamp"`
		Source struct {
			Type string   `json:"type"`
			User field.ID `json:"userId"`
		} `json:"source"`
		Message struct {
			ID   field.ID   `json:"id"`
			Type string     `json:"type"`
			Text field.Text `json:"text"`
		} `json:"message"`
	} `json:"events"`
}

// kinds are those of messages.
var kinds = []string{"text", "image", "video", "audio", "file", "location", "sticker"}

// others are events of no interest.
var others = []string{"follow", "unfollow", "join", "leave", "memberJoined", "memberLeft", "postback", "videoPlayComplete", "beacon",
	"accountLink", "membership", "module", "activated", "deactivated", "botSuspended", "botResumed", "delivery", "things"}

// Parse implements connector.Connector.
func (c *Connector) Parse(r *connector.Request) (p connector.Parsed, err error) {
	var w webhook
	if err := field.Decode(r.Body, &w); err != nil {
		return p, field.Malformed("line", err)
	}
	for _, e := range w.Events {
		reason := ""
		switch {
		case slices.Contains(others, e.Type):
			continue
		case e.Type == "unsend":
			reason = "deleted"
		case e.Type != "message":
			reason = "unknown_event"
		case e.Source.Type == "group", e.Source.Type == "room":
			reason = "group"
		case e.Source.Type != "user":
			reason = "unknown_author"
		case e.Source.User == "":
			reason = "no_contact"
		case !slices.Contains(kinds, e.Message.Type):
			reason = "unknown_kind"
		case e.Message.ID == "":
			reason = "no_id"
		case e.Time.IsZero():
			reason = "no_time"
		}
		if reason != "" {
			p.Dropped = append(p.Dropped, reason)
			continue
		}
		id, user := string(e.Message.ID), string(e.Source.User)
		p.Activities = append(p.Activities, conversation.Activity{
			ID: "message:" + id, Type: conversation.Message, Conversation: user, Time: e.Time.Time, By: conversation.Customer,
			Message: conversation.Text{ID: id, Body: string(e.Message.Text)}, Customer: conversation.Person{ContactID: user}, Channel: "messaging",
		})
	}
	return p, nil
}
