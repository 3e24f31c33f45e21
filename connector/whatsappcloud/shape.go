package whatsappcloud

import (
	"cmp"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook holds what happened at several numbers.
type webhook struct {
	Object string `json:"object"`
	Entry  []struct {
		ID      field.ID `json:"id"`
		Changes []struct {
			Field string         `json:"field"`
			Value jsontext.Value `json:"value"`
		} `json:"changes"`
	} `json:"entry"`
}

// A value is about one of the company's numbers.
type value struct {
	Metadata struct {
		NumberID field.ID `json:"phone_number_id"`
	} `json:"metadata"`
	Contacts []struct {
		Phone   field.ID `json:"wa_id"`
		User    field.ID `json:"user_id"`
		Profile struct {
			Name field.Text `json:"name"`
		} `json:"profile"`
	} `json:"contacts"`
	Messages []message `json:"messages"`
	Echoes   []message `json:"message_echoes"`
	Statuses []status  `json:"statuses"`
}

type message struct {
	ID       string     `json:"id"`
	From     field.ID   `json:"from"`
	FromUser field.ID   `json:"from_user_id"`
	To       field.ID   `json:"to"`
	ToUser   field.ID   `json:"to_user_id"`
	Group    field.ID   `json:"group_id"`
	Time     field.Time `json:"timestamp"`
	Type     string     `json:"type"`
	Text     struct {
		Body field.Text `json:"body"`
	} `json:"text"`
	Image    media `json:"image"`
	Video    media `json:"video"`
	Document media `json:"document"`
	Button   struct {
		Text field.Text `json:"text"`
	} `json:"button"`
	Interactive struct {
		Button titled `json:"button_reply"`
		List   titled `json:"list_reply"`
	} `json:"interactive"`
}

type media struct {
	Caption field.Text `json:"caption"`
}

type titled struct {
	Title field.Text `json:"title"`
}

// text returns what is to be read in a message: nothing in an attachment. It
// also says whether it is a message, and whether that is known.
func (m *message) text() (body string, is, known bool) {
	switch m.Type {
	case "text":
		return string(m.Text.Body), true, true
	case "image":
		return string(m.Image.Caption), true, true
	case "video":
		return string(m.Video.Caption), true, true
	case "document":
		return string(m.Document.Caption), true, true
	case "button":
		return string(m.Button.Text), true, true
	case "interactive":
		return string(cmp.Or(m.Interactive.Button.Title, m.Interactive.List.Title)), true, true
	case "audio", "voice", "sticker", "location", "contacts", "order":
		return "", true, true
	case "reaction", "system", "request_welcome", "edit", "revoke":
		return "", false, true
	}
	return "", false, false // also "unsupported": it may be anything, even a deletion
}

type status struct {
	ID            string     `json:"id"`
	Status        string     `json:"status"`
	Time          field.Time `json:"timestamp"`
	Recipient     field.ID   `json:"recipient_id"`
	RecipientUser field.ID   `json:"recipient_user_id"`
	RecipientType string     `json:"recipient_type"`
	Conversation  struct {
		Origin struct {
			Type string `json:"type"`
		} `json:"origin"`
	} `json:"conversation"`
	Pricing struct {
		Category string `json:"category"`
	} `json:"pricing"`
}
