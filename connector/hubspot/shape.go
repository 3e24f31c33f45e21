package hubspot

import (
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// An item is one thing that happened.
type item struct {
	Type        string     `json:"subscriptionType"`
	ObjectID    field.ID   `json:"objectId"` // the thread
	OccurredAt  field.Time `json:"occurredAt"`
	MessageID   field.ID   `json:"messageId"`
	MessageType string     `json:"messageType"`
	Property    string     `json:"propertyName"`
	Value       field.Text `json:"propertyValue"`
}

// activity is an activity of the item's conversation at its time.
func (v *item) activity(kind conversation.Type, prefix string) conversation.Activity {
	return conversation.Activity{ID: prefix + v.OccurredAt.UTC().Format(time.RFC3339Nano), Type: kind, Conversation: string(v.ObjectID), Time: v.OccurredAt.Time}
}

// hidden says why a kind of message is none that the two sides exchange.
func hidden(kind string) string {
	switch kind {
	case "MESSAGE":
		return ""
	case "COMMENT":
		return "private_note"
	case "WELCOME_MESSAGE":
		return "welcome_message"
	case "ASSIGNMENT", "THREAD_STATUS_CHANGE", "THREAD_INBOX_CHANGE":
		return "activity_line"
	}
	return "unknown_kind"
}

// A message as the API has it, or another line of a thread.
type message struct {
	Type      string     `json:"type"`
	CreatedAt field.Time `json:"createdAt"`
	CreatedBy string     `json:"createdBy"`
	Senders   []sender   `json:"senders"`
	Text      field.Text `json:"text"`
	RichText  field.Text `json:"richText"`
	Direction string     `json:"direction"`
	ChannelID field.ID   `json:"channelId"`
	Archived  bool       `json:"archived"`
	NewStatus string     `json:"newStatus"`
}

type sender struct {
	ActorID string     `json:"actorId"`
	Name    field.Text `json:"name"`
}

// author says who wrote a message, or "" if that is not known. A bot may write
// in an agent's name.
func (m *message) author() (conversation.Author, sender) {
	who := sender{ActorID: m.CreatedBy}
	if len(m.Senders) > 0 {
		if who = m.Senders[0]; who.ActorID == "" && m.Direction == "OUTGOING" {
			who.ActorID = m.CreatedBy
		}
	}
	switch kind, maker := kindOf(who.ActorID), kindOf(m.CreatedBy); m.Direction {
	case "INCOMING":
		if kind == 'V' || kind == 'E' || who.ActorID == "" { // mail has no actor any more
			return conversation.Customer, who
		}
	case "OUTGOING":
		switch {
		case kind == 'B' || kind == 'L':
			return conversation.Bot, who
		case kind == 'A' && (maker == 'B' || maker == 'L'):
			return conversation.Bot, sender{ActorID: m.CreatedBy, Name: who.Name}
		case kind == 'A':
			return conversation.HumanAgent, who
		case kind == 'S' || kind == 'I':
			return conversation.Automation, who
		}
	}
	return "", who
}

// plain is the message's text.
func (m *message) plain() string {
	if s := strings.TrimSpace(string(m.Text)); s != "" {
		return s
	}
	return connector.PlainText(strings.TrimSpace(string(m.RichText)))
}

// kindOf is the letter that an actor's id begins with, or 0: A is an agent, B a
// bot, E an e-mail address, I an app, L a language model, S HubSpot itself, V a
// visitor.
func kindOf(id string) byte {
	if len(id) < 3 || id[1] != '-' {
		return 0
	}
	return id[0]
}

type thread struct {
	OriginalChannelID   field.ID `json:"originalChannelId"`
	AssociatedContactID field.ID `json:"associatedContactId"`
}

// An actor is anybody who takes part.
type actor struct {
	Name  field.Text `json:"name"`
	Email field.Text `json:"email"`
}
