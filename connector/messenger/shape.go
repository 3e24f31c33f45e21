package messenger

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook holds what happened in several threads.
type webhook struct {
	Object string  `json:"object"`
	Entry  []entry `json:"entry"`
}

// An entry is about one page or Instagram account.
type entry struct {
	ID        field.ID   `json:"id"`
	Time      field.Time `json:"time"`
	Messaging []event    `json:"messaging"`
	Standby   []event    `json:"standby"`
	Changes   []struct {
		Field string         `json:"field"`
		Value jsontext.Value `json:"value"`
	} `json:"changes"`
}

type event struct {
	Sender    party      `json:"sender"`
	Recipient party      `json:"recipient"`
	Time      field.Time `json:"timestamp"`
	Message   *message   `json:"message"`
	Referral  *referral  `json:"referral"`
	Optin     *referral  `json:"optin"`
	Postback  *struct {
		Referral referral `json:"referral"`
	} `json:"postback"`

	// Of the rest it matters only that it is known.
	Delivery         present `json:"delivery"`
	Read             present `json:"read"`
	Reaction         present `json:"reaction"`
	Edit             present `json:"message_edit"`
	AccountLinking   present `json:"account_linking"`
	Optout           present `json:"optout"`
	PassControl      present `json:"pass_thread_control"`
	TakeControl      present `json:"take_thread_control"`
	RequestControl   present `json:"request_thread_control"`
	AppRoles         present `json:"app_roles"`
	Policy           present `json:"policy_enforcement"`
	Feedback         present `json:"messaging_feedback"`
	InThreadFeedback present `json:"response_feedback"`
	Order            present `json:"order"`
	GamePlay         present `json:"game_play"`
}

// known reports whether the event is one of no interest.
func (e *event) known() bool {
	return bool(e.Delivery || e.Read || e.Reaction || e.Edit || e.AccountLinking || e.Optout || e.PassControl || e.TakeControl ||
		e.RequestControl || e.AppRoles || e.Policy || e.Feedback || e.InThreadFeedback || e.Order || e.GamePlay)
}

type party struct {
	ID field.ID `json:"id"`
}

type referral struct {
	Ref field.Text `json:"ref"`
}

type message struct {
	ID          string     `json:"mid"`
	Text        field.Text `json:"text"`
	Echo        flag       `json:"is_echo"`
	Deleted     flag       `json:"is_deleted"`
	App         field.ID   `json:"app_id"`
	Referral    referral   `json:"referral"`
	Attachments []struct {
		Type string `json:"type"`
	} `json:"attachments"`
}

// mention reports whether the message is that somebody mentioned the business
// in a story of theirs.
func (m *message) mention() bool {
	return len(m.Attachments) > 0 && m.Attachments[0].Type == "story_mention"
}

// A flag is true, or as Instagram also writes it, "true".
type flag bool

// UnmarshalJSON implements json.Unmarshaler.
func (f *flag) UnmarshalJSON(b []byte) error {
	*f = string(b) == "true" || string(b) == `"true"`
	return nil
}

// A present tells that there is a value other than null.
type present bool

// UnmarshalJSON implements json.Unmarshaler.
func (p *present) UnmarshalJSON(b []byte) error {
	*p = string(b) != "null"
	return nil
}
