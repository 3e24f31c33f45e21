package livechat

import (
	"slices"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

type webhook struct {
	Action     string       `json:"action"`
	Payload    field.Object `json:"payload"`
	Additional struct {
		Present []field.ID `json:"chat_presence_user_ids"`
	} `json:"additional_data"`
}

// A payload is what the webhooks of interest hold: that of a person is the
// person, or holds them as user.
type payload struct {
	user
	ThreadID field.ID `json:"thread_id"`
	UserID   field.ID `json:"user_id"`
	User     user     `json:"user"`
	Event    event    `json:"event"`
	Chat     struct {
		Users  []user `json:"users"`
		Thread struct {
			ID        field.ID   `json:"id"`
			CreatedAt field.Time `json:"created_at"`
			Events    []event    `json:"events"`
		} `json:"thread"`
	} `json:"chat"`
}

type user struct {
	ID      field.ID       `json:"id"`
	Type    field.Text     `json:"type"`
	Name    string         `json:"name"`
	Email   string         `json:"email"`
	Present *bool          `json:"present"`
	Fields  []field.Object `json:"session_fields"`
}

// session is the first of some session fields, which are objects of one field
// each.
func (u user) session(keys []string) string {
	for _, k := range keys {
		for _, f := range u.Fields {
			if s := f.Text(k); s != "" {
				return s
			}
		}
	}
	return ""
}

type event struct {
	ID                field.ID     `json:"id"`
	Type              string       `json:"type"`
	AuthorID          field.ID     `json:"author_id"`
	CreatedAt         field.Time   `json:"created_at"`
	Visibility        string       `json:"visibility"`
	Recipients        string       `json:"recipients"` // before 3.4
	Text              field.Text   `json:"text"`
	Properties        field.Object `json:"properties"`
	SystemMessageType string       `json:"system_message_type"`
	Deleted           bool         `json:"deleted"`
	Elements          []struct {
		Title    field.Text `json:"title"`
		Subtitle field.Text `json:"subtitle"`
	} `json:"elements"`
}

// unread says why an event is none that both sides read, or "".
func (e event) unread() string {
	switch e.Type {
	case "message", "file", "rich_message":
	case "form", "filled_form":
		return "form"
	case "system":
		return "activity_line"
	default:
		return "unknown_kind"
	}
	switch {
	case e.Deleted:
		return "deleted"
	case e.Visibility == "all" && (e.Recipients == "" || e.Recipients == "all"), e.Visibility == "" && e.Recipients == "all":
		return ""
	}
	return "private_note"
}

// plain is what is read: of cards and questions the words above the buttons.
func (e event) plain() string {
	if e.Type != "rich_message" {
		return strings.TrimSpace(string(e.Text))
	}
	var lines []string
	for _, el := range e.Elements {
		for _, s := range []field.Text{el.Title, el.Subtitle} {
			if s != "" {
				lines = append(lines, string(s))
			}
		}
	}
	return strings.Join(lines, "\n")
}

// A hook is a webhook being read, and what it says so far.
type hook struct {
	webhook
	*connector.Request
	connector.Parsed
	payload  payload
	users    []user     // whom a chat names
	present  []field.ID // who is in the chat, as far as told
	customer conversation.Person
}

// meet notes who is there.
func (h *hook) meet() {
	h.users, h.present = h.payload.Chat.Users, h.Additional.Present
	for _, u := range h.users {
		if u.Present != nil && *u.Present && !slices.Contains(h.present, u.ID) {
			h.present = append(h.present, u.ID)
		}
	}
}

// user is what a chat tells of somebody.
func (h *hook) user(id field.ID) user {
	for _, u := range h.users {
		if u.ID == id {
			return u
		}
	}
	return user{}
}

func (h *hook) drop(reason string) { h.Dropped = append(h.Dropped, reason) }

func (h *hook) add(a conversation.Activity) {
	a.Customer, a.Channel = h.customer, "chat"
	h.Activities = append(h.Activities, a)
}
