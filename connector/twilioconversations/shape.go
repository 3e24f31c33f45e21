package twilioconversations

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector/field"
)

// A cloudEvent is an element of what Event Streams sends. What happened is read
// once it is known to be of interest: a sink can have events of all of Twilio.
type cloudEvent struct {
	Type string         `json:"type"`
	Data jsontext.Value `json:"data"`
}

// An event is what happened, in either of the two forms.
type event struct {
	Kind string `json:"-"` // as Event Streams names it, such as "message.added"

	ConversationSid string     `json:"ConversationSid"`
	MessageSid      string     `json:"MessageSid"`
	ParticipantSid  string     `json:"ParticipantSid"`
	Author          field.Text `json:"Author"`
	Source          field.Text `json:"Source"` // classic webhooks only
	Body            field.Text `json:"MessageBody"`
	Identity        field.Text `json:"Identity"`
	FriendlyName    field.Text `json:"FriendlyName"`
	Attributes      attributes `json:"Attributes"`
	Binding         binding    `json:"MessagingBinding"`
	DateCreated     field.Time `json:"DateCreated"`
	StateTo         field.Text `json:"StateTo"`
	StateUpdated    field.Time `json:"StateUpdated"`
	Reason          field.Text `json:"Reason"`
}

// A binding is an address outside, such as a telephone number.
type binding struct {
	Address       field.Text `json:"Address"`
	AuthorAddress field.Text `json:"AuthorAddress"`
	Name          field.Text `json:"Name"`
}

// Attributes are JSON that the application writes, as a string or as it is.
type attributes struct{ field.Object }

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (a *attributes) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	if err := a.Object.UnmarshalJSONFrom(d); err != nil {
		return err
	}
	var s field.Text
	if err := s.UnmarshalJSON(a.Object); err != nil || s == "" {
		return err
	}
	a.Object = field.Object(s)
	return nil
}

// form is what Flex's web chat asks before the chat.
func (a attributes) form() attributes {
	return attributes{field.Object(a.Get("pre_engagement_data"))}
}

// classic reads the form of a classic webhook.
func classic(body []byte) (e event, err error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return e, err
	}
	text := func(key string) field.Text { return field.Text(form.Get(key)) }
	e = event{
		Kind:            form.Get("EventType"),
		ConversationSid: form.Get("ConversationSid"), MessageSid: form.Get("MessageSid"), ParticipantSid: form.Get("ParticipantSid"),
		Author: text("Author"), Source: text("Source"), Body: text("Body"),
		Identity: text("Identity"), FriendlyName: text("FriendlyName"),
		Attributes: attributes{field.Object(form.Get("Attributes"))},
		Binding:    binding{Address: text("MessagingBinding.Address"), AuthorAddress: text("MessagingBinding.AuthorAddress"), Name: text("MessagingBinding.Name")},
		StateTo:    text("StateTo"), Reason: text("Reason"),
	}
	if e.DateCreated.Time, err = field.ParseTime(form.Get("DateCreated")); err != nil {
		return e, err
	}
	e.StateUpdated.Time, err = field.ParseTime(form.Get("StateUpdated"))
	return e, err
}

// streamed is what Event Streams calls a classic webhook's event, if it knows it.
var streamed = map[string]string{
	"onConversationAdded": "conversation.added", "onConversationUpdated": "conversation.updated", "onConversationRemoved": "conversation.removed",
	"onConversationStateUpdated": "conversation-state.updated",
	"onMessageAdded":             "message.added", "onMessageUpdated": "message.updated", "onMessageRemoved": "message.removed",
	"onParticipantAdded": "participant.added", "onParticipantUpdated": "participant.updated", "onParticipantRemoved": "participant.removed",
	"onUserAdded": "user.added", "onUserUpdated": "user.updated", "onDeliveryUpdated": "delivery.updated",
}

// channelAddress is how people outside are called: by a number, or by one that
// a channel gave them.
var channelAddress = regexp.MustCompile(`^(\+[0-9]{4,15}$|(whatsapp|messenger|instagram|rcs|viber|line|telegram):.)`)

// channel puts in our words by what the customer writes.
func channel(author, source string) string {
	switch {
	case strings.HasPrefix(author, "+"), source == "SMS", source == "MMS":
		return "sms"
	case strings.Contains(author, ":") && channelAddress.MatchString(author), outside[source]:
		return "messaging"
	}
	return "chat"
}

// outside are the sources of messages that come from a channel.
var outside = map[string]bool{"SMS": true, "MMS": true, "WHATSAPP": true, "MESSENGER": true, "RCS": true}
