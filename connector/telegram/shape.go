package telegram

import (
	"strings"

	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// An update is one thing that happened.
type update struct {
	Message  *message `json:"message"`
	Business *message `json:"business_message"`

	// Of the rest it matters only that it is known.
	Edited          present `json:"edited_message"`
	ChannelPost     present `json:"channel_post"`
	EditedPost      present `json:"edited_channel_post"`
	Connection      present `json:"business_connection"`
	EditedBusiness  present `json:"edited_business_message"`
	DeletedBusiness present `json:"deleted_business_messages"`
	Reaction        present `json:"message_reaction"`
	ReactionCount   present `json:"message_reaction_count"`
	Inline          present `json:"inline_query"`
	ChosenInline    present `json:"chosen_inline_result"`
	Callback        present `json:"callback_query"`
	Shipping        present `json:"shipping_query"`
	PreCheckout     present `json:"pre_checkout_query"`
	PaidMedia       present `json:"purchased_paid_media"`
	Poll            present `json:"poll"`
	PollAnswer      present `json:"poll_answer"`
	MyMember        present `json:"my_chat_member"`
	Member          present `json:"chat_member"`
	JoinRequest     present `json:"chat_join_request"`
	Boost           present `json:"chat_boost"`
	RemovedBoost    present `json:"removed_chat_boost"`
}

// known reports whether the update is one of no interest.
func (u *update) known() bool {
	return bool(u.Edited || u.ChannelPost || u.EditedPost || u.Connection || u.EditedBusiness || u.DeletedBusiness || u.Reaction ||
		u.ReactionCount || u.Inline || u.ChosenInline || u.Callback || u.Shipping || u.PreCheckout || u.PaidMedia || u.Poll ||
		u.PollAnswer || u.MyMember || u.Member || u.JoinRequest || u.Boost || u.RemovedBoost)
}

type message struct {
	ID         field.ID   `json:"message_id"`
	Connection field.ID   `json:"business_connection_id"`
	From       person     `json:"from"`
	Bot        person     `json:"sender_business_bot"`
	Offline    bool       `json:"is_from_offline"`
	Chat       chat       `json:"chat"`
	Time       field.Time `json:"date"`
	Text       field.Text `json:"text"`
	Caption    field.Text `json:"caption"`

	Animation present `json:"animation"`
	Audio     present `json:"audio"`
	Document  present `json:"document"`
	PaidMedia present `json:"paid_media"`
	Photo     present `json:"photo"`
	Sticker   present `json:"sticker"`
	Story     present `json:"story"`
	Video     present `json:"video"`
	VideoNote present `json:"video_note"`
	Voice     present `json:"voice"`
	Checklist present `json:"checklist"`
	Contact   present `json:"contact"`
	Dice      present `json:"dice"`
	Game      present `json:"game"`
	Poll      present `json:"poll"`
	Venue     present `json:"venue"`
	Location  present `json:"location"`
}

// content reports whether somebody wrote or attached something. Whatever has
// none tells of something else that happened in the chat.
func (m *message) content() bool {
	return m.Text != "" || bool(m.Animation || m.Audio || m.Document || m.PaidMedia || m.Photo || m.Sticker || m.Story || m.Video ||
		m.VideoNote || m.Voice || m.Checklist || m.Contact || m.Dice || m.Game || m.Poll || m.Venue || m.Location)
}

// author says who wrote, in a private chat. Its ID is the customer's.
func (m *message) author() conversation.Author {
	business := m.Connection != ""
	switch {
	case m.From.ID == "":
		return ""
	case m.From.ID == m.Chat.ID && !m.From.IsBot:
		return conversation.Customer
	case business && m.Bot.ID != "":
		return conversation.Bot
	case business && m.Offline: // a greeting, an away message, or one that was scheduled
		return conversation.Automation
	case business && !m.From.IsBot:
		return conversation.HumanAgent
	}
	return ""
}

type person struct {
	ID       field.ID   `json:"id"`
	IsBot    bool       `json:"is_bot"`
	First    field.Text `json:"first_name"`
	Last     field.Text `json:"last_name"`
	Username field.Text `json:"username"`
}

func (p *person) agent() conversation.Agent {
	return conversation.Agent{ID: string(p.ID), Name: name(p.First, p.Last), Username: string(p.Username)}
}

type chat struct {
	ID    field.ID   `json:"id"`
	Type  string     `json:"type"`
	First field.Text `json:"first_name"`
	Last  field.Text `json:"last_name"`
}

func (c *chat) name() string { return name(c.First, c.Last) }

func name(first, last field.Text) string { return strings.TrimSpace(string(first + " " + last)) }

// A present tells that there is a value other than null.
type present bool

// UnmarshalJSON implements json.Unmarshaler.
func (p *present) UnmarshalJSON(b []byte) error {
	*p = string(b) != "null"
	return nil
}
