package amazonconnect

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook is what SNS sends, or EventBridge.
type webhook struct {
	envelope
	DetailType string     `json:"detail-type"`
	ID         string     `json:"id"`
	Time       field.Time `json:"time"`
	Detail     contact    `json:"detail"`
}

// An envelope is what SNS puts around a message.
type envelope struct {
	Type             string  `json:"Type"`
	MessageID        string  `json:"MessageId"`
	TopicArn         string  `json:"TopicArn"`
	Subject          *string `json:"Subject"`
	Message          string  `json:"Message"` // JSON
	Timestamp        string  `json:"Timestamp"`
	SignatureVersion string  `json:"SignatureVersion"`
	Signature        string  `json:"Signature"`
	SigningCertURL   string  `json:"SigningCertURL"`
	SubscribeURL     string  `json:"SubscribeURL"`
	Token            string  `json:"Token"`
	Attributes       struct {
		Visibility struct {
			Value field.Text `json:"Value"`
		} `json:"MessageVisibility"`
	} `json:"MessageAttributes"`
}

// An item is one of a chat's transcript.
type item struct {
	Type             string     `json:"Type"`
	ID               string     `json:"Id"`
	AbsoluteTime     field.Time `json:"AbsoluteTime"`
	ContentType      string     `json:"ContentType"`
	Content          field.Text `json:"Content"`
	ParticipantID    field.Text `json:"ParticipantId"`
	ParticipantRole  field.Text `json:"ParticipantRole"`
	DisplayName      field.Text `json:"DisplayName"`
	InitialContactID string     `json:"InitialContactId"`
	ContactID        string     `json:"ContactId"`
}

// body is what people read of an item. Of what a bot shows to choose from it is
// the question.
func (v item) body() string {
	switch v.ContentType {
	case "text/plain":
		return string(v.Content)
	case "text/markdown":
		return connector.PlainMarkdown(string(v.Content))
	case interactive:
		var shown struct {
			Data struct {
				Content struct {
					Title field.Text `json:"title"`
				} `json:"content"`
			} `json:"data"`
		}
		if field.Decode([]byte(v.Content), &shown) == nil {
			return string(shown.Data.Content.Title)
		}
	}
	return ""
}

const (
	interactive = "application/vnd.amazonaws.connect.message.interactive"
	chosen      = interactive + ".response"
	events      = "application/vnd.amazonaws.connect.event."
)

// A contact is what EventBridge tells of a chat.
type contact struct {
	EventType           string                    `json:"eventType"`
	ContactID           string                    `json:"contactId"`
	InitialContactID    string                    `json:"initialContactId"`
	Channel             string                    `json:"channel"`
	CustomerID          field.Text                `json:"customerId"`
	InitiationTimestamp field.Time                `json:"initiationTimestamp"`
	Tags                map[string]jsontext.Value `json:"tags"`
	Segment             map[string]struct {
		Text field.Text `json:"valueString"`
		// As in the API, for nobody says which it is here.
		Upper field.Text `json:"ValueString"`
	} `json:"segmentAttributes"`
}

// first returns the first of the attributes and tags that there is.
func (v contact) first(keys ...string) string {
	for _, k := range keys {
		var tag field.Text
		if b := v.Tags[k]; len(b) > 0 && tag.UnmarshalJSON(b) == nil && tag != "" {
			return string(tag)
		}
		if s := v.Segment[k]; s.Text+s.Upper != "" {
			return string(s.Text + s.Upper)
		}
	}
	return ""
}

// channel puts the subtype of a chat in our words.
func (v contact) channel() string {
	subtype := v.Segment["connect:Subtype"]
	switch kind := strings.TrimPrefix(strings.ToLower(string(subtype.Text+subtype.Upper)), "connect:"); kind {
	case "whatsapp", "messagingplatform", "apple":
		return "messaging"
	default:
		return kind // chat, sms, and guides, which are forms for agents
	}
}
