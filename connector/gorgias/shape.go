package gorgias

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook is what the integration's body template makes of a ticket: the
// whole context, the fields of our template, or a ticket or message alone.
type webhook struct {
	Event   event    `json:"event"`
	Ticket  *ticket  `json:"ticket"`
	Message *message `json:"message"`
	flat
	FromAgent *bool    `json:"from_agent"` // of a message alone
	ID        field.ID `json:"id"`         // of a ticket alone
	Status    text     `json:"status"`
}

// An event is what happened, or its name alone.
type event struct {
	Type     field.Text
	Datetime field.Time
}

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (e *event) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '{':
		var v struct {
			Type     field.Text `json:"type"`
			Datetime field.Time `json:"datetime"`
		}
		err := json.UnmarshalDecode(d, &v)
		*e = event(v)
		return err
	case '"':
		return json.UnmarshalDecode(d, &e.Type)
	}
	return d.SkipValue()
}

// flat is what our template writes.
type flat struct {
	Trigger            text `json:"trigger"`
	TicketID           text `json:"ticket_id"`
	Channel            text `json:"channel"`
	Created            text `json:"created"`
	Closed             text `json:"closed"`
	AssigneeID         text `json:"assignee_id"`
	AssigneeName       text `json:"assignee_name"`
	AssigneeEmail      text `json:"assignee_email"`
	CustomerID         text `json:"customer_id"`
	CustomerExternalID text `json:"customer_external_id"`
	CustomerName       text `json:"customer_name"`
	CustomerEmail      text `json:"customer_email"`
}

// ticket is the ticket that our template tells of.
func (f flat) ticket(status text) (*ticket, error) {
	t := &ticket{ID: field.ID(f.TicketID), Channel: field.Text(f.Channel), Status: field.Text(status)}
	for from, to := range map[text]*field.Time{f.Created: &t.CreatedAt, f.Closed: &t.ClosedAt} {
		var err error
		if to.Time, err = field.ParseTime(string(from)); err != nil {
			return nil, err
		}
	}
	if f.AssigneeID != "" {
		t.Assignee = &person{ID: field.ID(f.AssigneeID), Name: field.Text(f.AssigneeName), Email: field.Text(f.AssigneeEmail)}
	}
	if f.CustomerID != "" {
		t.Customer = &person{ID: field.ID(f.CustomerID), ExternalID: field.ID(f.CustomerExternalID), Name: field.Text(f.CustomerName), Email: field.Text(f.CustomerEmail)}
	}
	return t, nil
}

// A text is what a template wrote: a string or a number, or nothing in one of
// the ways in which templates write that.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case '"':
		if err := json.Unmarshal(b, (*string)(t)); err != nil {
			return err
		}
	case '{', '[', 't', 'f', 'n':
		*t = ""
	default:
		*t = text(b)
	}
	switch s := strings.TrimSpace(string(*t)); s {
	case "None", "null", "undefined":
		*t = ""
	default:
		*t = text(s)
	}
	return nil
}

type ticket struct {
	ID        field.ID     `json:"id"`
	Channel   field.Text   `json:"channel"`
	Status    field.Text   `json:"status"`
	CreatedAt field.Time   `json:"created_datetime"`
	ClosedAt  field.Time   `json:"closed_datetime"`
	Assignee  *person      `json:"assignee_user"`
	Customer  *person      `json:"customer"`
	Meta      field.Object `json:"meta"`
	Messages  []message    `json:"messages"`
}

type message struct {
	ID           field.ID   `json:"id"`
	TicketID     field.ID   `json:"ticket_id"`
	Channel      field.Text `json:"channel"`
	Via          field.Text `json:"via"`
	FromAgent    *bool      `json:"from_agent"`
	Public       *bool      `json:"public"`
	RuleID       field.ID   `json:"rule_id"`
	Sender       *person    `json:"sender"`
	StrippedText field.Text `json:"stripped_text"`
	BodyText     field.Text `json:"body_text"`
	BodyHTML     field.Text `json:"body_html"`
	CreatedAt    field.Time `json:"created_datetime"`
	FailedAt     field.Time `json:"failed_datetime"`
	Deleted      field.Time `json:"deleted_datetime"`
}

type person struct {
	ID         field.ID     `json:"id"`
	ExternalID field.ID     `json:"external_id"`
	Name       field.Text   `json:"name"`
	FirstName  field.Text   `json:"firstname"`
	LastName   field.Text   `json:"lastname"`
	Email      field.Text   `json:"email"`
	Data       field.Object `json:"data"`
	Meta       field.Object `json:"meta"`
}

func (p *person) name() string {
	if p.Name != "" {
		return string(p.Name)
	}
	return strings.TrimSpace(string(p.FirstName) + " " + string(p.LastName))
}
