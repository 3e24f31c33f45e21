package zendeskevents

import (
	"strings"

	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

type webhook struct {
	Type   string     `json:"type"`
	Time   field.Time `json:"time"`
	Detail detail     `json:"detail"`
	Event  struct {
		Actor struct {
			ID   field.ID `json:"id"`
			Name string   `json:"name"`
			Type string   `json:"type"`
		} `json:"actor"`
		Message struct {
			ID   field.ID   `json:"id"`
			Body field.Text `json:"body"`
		} `json:"message"`
		Comment struct {
			ID     field.ID   `json:"id"`
			Body   field.Text `json:"body"`
			Public *bool      `json:"is_public"`
			Author struct {
				ID    field.ID `json:"id"`
				Name  string   `json:"name"`
				Staff *bool    `json:"is_staff"`
			} `json:"author"`
		} `json:"comment"`
		Current  field.Object `json:"current"`
		Previous field.Object `json:"previous"`
	} `json:"event"`
}

// kind is the type without the prefix, which the documentation writes in two
// ways.
func (w webhook) kind() string {
	kind, ok := strings.CutPrefix(w.Type, "zen:event-type:")
	if !ok {
		kind = strings.TrimPrefix(w.Type, "zen:event-type/")
	}
	return kind
}

// A detail is a ticket, or a user.
type detail struct {
	ID          field.ID   `json:"id"`
	ActorID     field.ID   `json:"actor_id"`
	AssigneeID  field.ID   `json:"assignee_id"`
	RequesterID field.ID   `json:"requester_id"`
	CreatedAt   field.Time `json:"created_at"`
	Via         struct {
		Channel string `json:"channel"`
	} `json:"via"`

	Role       field.Text `json:"role"`
	Email      field.Text `json:"email"`
	ExternalID field.ID   `json:"external_id"` // of a ticket another thing than of a user
}

func (d detail) assignee() string {
	if d.AssigneeID == "0" {
		return ""
	}
	return string(d.AssigneeID)
}

// actor says who did something to a ticket, as far as it can be told: other
// agents, triggers and programs look the same.
func (d detail) actor() conversation.Author {
	switch {
	case d.ActorID == "-1":
		return conversation.System
	case d.ActorID == "":
		return ""
	case d.ActorID == d.RequesterID:
		return conversation.Customer
	case d.ActorID == d.AssigneeID:
		return conversation.HumanAgent
	}
	return ""
}

// scalar is a string or a number, as text; anything else is none.
func scalar(v field.Object) string {
	var id field.ID
	if len(v) == 0 || id.UnmarshalJSON(v) != nil {
		return ""
	}
	return string(id)
}
