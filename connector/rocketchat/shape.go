package rocketchat

import (
	"github.com/go-json-experiment/json"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// A webhook is a room, and what happened in it.
type webhook struct {
	Type          string       `json:"type"`
	ID            string       `json:"_id"`
	CreatedAt     field.Time   `json:"createdAt"`
	LastMessageAt field.Time   `json:"lastMessageAt"`
	CustomFields  field.Object `json:"customFields"`
	Visitor       visitor      `json:"visitor"`
	Agent         user         `json:"agent"` // who serves the room
	Messages      []message    `json:"messages"`

	ServedBy struct {
		user
		Time field.Time `json:"ts"`
	} `json:"servedBy"`
	ClosedAt field.Time `json:"closedAt"`
	ClosedBy user       `json:"closedBy"`
	Closer   string     `json:"closer"` // user or visitor
}

type visitor struct {
	ID           string       `json:"_id"`
	Name         string       `json:"name"`
	Username     string       `json:"username"`
	Email        address      `json:"email"`
	CustomFields field.Object `json:"customFields"`
}

type user struct {
	ID       string `json:"_id"`
	Name     string `json:"name"`
	Username string `json:"username"`
}

type message struct {
	ID         string       `json:"_id"`
	User       user         `json:"u"`
	Username   string       `json:"username"`
	Text       string       `json:"msg"` // absent for a file
	Time       field.Time   `json:"ts"`
	AgentID    string       `json:"agentId"` // its author, if that is an agent
	Edited     field.Time   `json:"editedAt"`
	Navigation field.Object `json:"navigation"` // of a line about the page that the visitor is on
	Kind       string       `json:"t"`          // of a line by Rocket.Chat itself
	Closing    bool         `json:"closingMessage"`
}

// An address is the first of a list of e-mail addresses, or the text for them.
type address string

// UnmarshalJSON implements json.Unmarshaler.
func (v *address) UnmarshalJSON(b []byte) error {
	*v = ""
	switch b[0] {
	case '"':
		return json.Unmarshal(b, (*string)(v))
	case '[':
		var list []struct {
			Address field.Text `json:"address"`
		}
		if err := json.Unmarshal(b, &list); err != nil || len(list) == 0 {
			return err
		}
		*v = address(list[0].Address)
	}
	return nil
}

// first reports whether nobody has written before what the webhook tells of:
// the last message is then as old as the room.
func (w webhook) first() bool {
	return !w.CreatedAt.IsZero() && !w.LastMessageAt.IsZero() && !w.LastMessageAt.After(w.CreatedAt.Time)
}

// known completes what is told of a user by what is told of the room's agent.
func (w webhook) known(id string, u user) conversation.Agent {
	a := conversation.Agent{ID: id}
	for _, of := range []user{u, w.Agent} {
		if of.ID == id && a.Name == "" {
			a.Name = of.Name
		}
		if of.ID == id && a.Username == "" {
			a.Username = of.Username
		}
	}
	return a
}

// text is what the customer sees. Their own words keep their stars.
func (m message) text(by conversation.Author) conversation.Text {
	if by == conversation.Customer {
		return conversation.Text{ID: m.ID, Body: m.Text}
	}
	return conversation.Text{ID: m.ID, Body: connector.PlainMarkdown(m.Text)}
}
