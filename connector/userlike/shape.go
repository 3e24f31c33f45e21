package userlike

import (
	"fmt"
	"time"

	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

// A webhook is a session, a conversation or an operator, with the name of what
// happened beside its fields. Notes of operators stand in a list of their own,
// which is not read.
type webhook struct {
	Type  string `json:"_type"`
	Event string `json:"_event"`
	operator

	Created     field.Text   `json:"created_at"`
	Ended       field.Text   `json:"ended_at"`
	Lasted      field.Text   `json:"duration"` // such as 00:02:53
	ClientID    field.ID     `json:"client_uuid"`
	ClientName  field.Text   `json:"client_name"`
	ClientEmail field.Text   `json:"client_email"`
	Custom      field.Object `json:"custom"` // what the site passed
	Current     *operator    `json:"operator_current"`
	First       *operator    `json:"operator_created"`
	Messages    []message    `json:"messages"`

	customer conversation.Person // once the rest is read
}

// An operator is an agent, or a chatbot, which has an operator's place.
type operator struct {
	ID        field.ID   `json:"id"`
	Name      field.Text `json:"name"`
	FirstName field.Text `json:"first_name"`
	Username  field.Text `json:"username"`
}

func (o operator) agent() conversation.Agent {
	return conversation.Agent{ID: string(o.ID), Name: string(o.Name), Username: string(o.Username)}
}

// A message of a webhook has message and person; one of Userlike's API has
// body, display_name or name, and the operator.
type message struct {
	Type        string     `json:"type"`
	Sent        field.Text `json:"sent_at"`
	Message     field.Text `json:"message"`
	Body        field.Text `json:"body"`
	Person      field.Text `json:"person"`
	DisplayName field.Text `json:"display_name"`
	Name        field.Text `json:"name"`
	Operator    field.ID   `json:"operator_id"`
}

// lasted is how long the session had lasted when the webhook was made.
func (w webhook) lasted() (time.Duration, bool) {
	var h, m, s int
	if n, err := fmt.Sscanf(string(w.Lasted), "%d:%d:%d", &h, &m, &s); err != nil || n != 3 {
		return 0, false
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second, true
}
