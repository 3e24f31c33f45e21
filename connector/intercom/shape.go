package intercom

import (
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/connector/field"
)

// A notification is what Intercom sends: an object, and what happened to it.
type notification struct {
	Topic string `json:"topic"`
	Data  struct {
		Item item `json:"item"`
	} `json:"data"`
}

// An item is a conversation as API 1.x and 2.x write it, or a person.
type item struct {
	Type      string     `json:"type"`
	ID        field.ID   `json:"id"`
	CreatedAt field.Time `json:"created_at"`
	UpdatedAt field.Time `json:"updated_at"`
	Parts     struct {
		List []part `json:"conversation_parts"`
	} `json:"conversation_parts"`
	CustomAttributes field.Object `json:"custom_attributes"`

	// Of a conversation in 1.x.
	User     *person  `json:"user"`
	Assignee *person  `json:"assignee"`
	First    *message `json:"conversation_message"`
	Links    struct {
		Web field.Text `json:"conversation_web"`
	} `json:"links"`

	// Of a conversation in 2.x.
	Source            *message `json:"source"`
	Contacts          contacts `json:"contacts"`
	AdminAssigneeID   field.ID `json:"admin_assignee_id"`
	FirstContactReply *struct {
		CreatedAt field.Time `json:"created_at"`
	} `json:"first_contact_reply"`

	// Of a person.
	Role       string     `json:"role"`
	ExternalID field.ID   `json:"external_id"`
	UserID     field.ID   `json:"user_id"`
	Email      field.Text `json:"email"`
	Name       field.Text `json:"name"`
	Contact    *item      `json:"contact"` // who was attached
}

// A message is the one that a conversation began with.
type message struct {
	Type        string     `json:"type"`
	ID          field.ID   `json:"id"`
	DeliveredAs string     `json:"delivered_as"`
	Body        field.Text `json:"body"`
	Author      person     `json:"author"`
	Redacted    bool       `json:"redacted"`
}

// A part is whatever happened in a conversation after that.
type part struct {
	ID          field.ID   `json:"id"`
	Type        string     `json:"part_type"`
	Body        field.Text `json:"body"`
	CreatedAt   field.Time `json:"created_at"`
	AssignedTo  *person    `json:"assigned_to"`
	Author      person     `json:"author"`
	Attachments []struct{} `json:"attachments"`
	Redacted    bool       `json:"redacted"`
}

// A person is anybody, of any type.
type person struct {
	Type        string     `json:"type"`
	ID          field.ID   `json:"id"`
	UserID      field.ID   `json:"user_id"`     // of a customer in 1.x
	ExternalID  field.ID   `json:"external_id"` // in 2.x
	Name        field.Text `json:"name"`
	Email       field.Text `json:"email"`
	FromAIAgent bool       `json:"from_ai_agent"`
	IsAIAnswer  bool       `json:"is_ai_answer"`
}

func (p person) customer() bool { return p.Type == "user" || p.Type == "lead" || p.Type == "contact" }

// contacts are the customers of a conversation: a list, or an object with one.
type contacts []person

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (c *contacts) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '[':
		return json.UnmarshalDecode(d, (*[]person)(c))
	case '{':
		var list struct {
			Contacts []person `json:"contacts"`
		}
		err := json.UnmarshalDecode(d, &list)
		*c = list.Contacts
		return err
	}
	return d.SkipValue()
}

// find returns the contact with an id, or else a person without.
func (c contacts) find(id field.ID) person {
	for _, p := range c {
		if p.ID == id {
			return p
		}
	}
	return person{}
}

// elements are those that an editor of Intercom begins with. It writes HTML of
// which nothing lies outside elements.
var elements = map[string]bool{
	"p": true, "div": true, "h1": true, "h2": true, "h3": true, "h4": true, "h5": true, "h6": true, "ul": true, "ol": true, "pre": true,
	"blockquote": true, "table": true, "img": true, "video": true, "iframe": true, "figure": true, "hr": true, "br": true, "html": true, "!doctype": true,
}

func markup(body field.Text) bool {
	s := strings.TrimSpace(string(body))
	if !strings.HasPrefix(s, "<") || !strings.HasSuffix(s, ">") {
		return false
	}
	end := strings.IndexAny(s, " \t\r\n/>")
	return elements[strings.ToLower(s[1:end])]
}

// plain reports whether the bodies are plain text, as API 2.15 and later sends
// them, and no HTML. No webhook says which version it follows; but in one that
// does not, every body is HTML.
func (v *item) plain() bool {
	for _, m := range []*message{v.First, v.Source} {
		if m != nil && m.Body != "" && !markup(m.Body) {
			return true
		}
	}
	for _, p := range v.Parts.List {
		if p.Body != "" && !markup(p.Body) {
			return true
		}
	}
	return false
}

// generated is what the ids look like that Intercom itself makes up for leads.
var generated = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
