package chatwoot

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// A webhook is the object that something happened to, a message or a
// conversation, with the name of what happened.
type webhook struct {
	Event string `json:"event"`
	chat         // of a conversation; id and created_at also of a message
	text         // of a message

	Conversation chat      `json:"conversation"`       // of a message
	Messages     []message `json:"messages"`           // of a conversation: the last one
	Changed      changes   `json:"changed_attributes"` // of a conversation
}

// A message is one of a conversation's messages.
type message struct {
	ID        id     `json:"id"`
	CreatedAt moment `json:"created_at"`
	text
}

// text is what a message is beside its id. Its type is a word, or a number
// where it is one of a conversation's messages.
type text struct {
	Content              string     `json:"content"`
	ContentType          string     `json:"content_type"`
	ContentAttributes    attributes `json:"content_attributes"`
	AdditionalAttributes attributes `json:"additional_attributes"`
	MessageType          id         `json:"message_type"`
	Private              *bool      `json:"private"`
	Sender               *person    `json:"sender"`
}

// A person is an agent, a bot, or a contact.
type person struct {
	ID               id         `json:"id"`
	Name             string     `json:"name"`
	Email            string     `json:"email"`
	Type             string     `json:"type"`
	Identifier       id         `json:"identifier"`
	CustomAttributes attributes `json:"custom_attributes"`
}

// speaks reports whether the person is one who speaks for the company.
func (p person) speaks() bool { return p.Type != "" && p.Type != "contact" }

// A chat is a conversation.
type chat struct {
	ID           id     `json:"id"`
	Channel      string `json:"channel"`
	Status       string `json:"status"`
	ContactInbox struct {
		SourceID     string `json:"source_id"`
		HMACVerified bool   `json:"hmac_verified"`
	} `json:"contact_inbox"`
	Meta struct {
		Sender       person  `json:"sender"`
		Assignee     *person `json:"assignee"`
		AssigneeType string  `json:"assignee_type"`
		HMACVerified bool    `json:"hmac_verified"`
	} `json:"meta"`
	CustomAttributes attributes `json:"custom_attributes"`
	CreatedAt        moment     `json:"created_at"`
	UpdatedAt        moment     `json:"updated_at"`
	Timestamp        moment     `json:"timestamp"`
	LastActivityAt   moment     `json:"last_activity_at"`
}

// An id is a number or a string, as text.
type id string

func (v *id) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(v))
	}
	if b[0] == '-' || b[0] >= '0' && b[0] <= '9' {
		*v = id(b)
		return nil
	}
	if string(b) == "null" {
		return nil
	}
	return errors.New("an id is a number or a string")
}

// A moment is a time: Unix seconds, also with a fraction, or RFC 3339.
type moment struct{ time.Time }

func (v *moment) UnmarshalJSON(b []byte) (err error) {
	s := strings.Trim(string(b), `"`)
	if s == "null" {
		return nil
	}
	v.Time, err = parseMoment(s)
	return err
}

func parseMoment(s string) (time.Time, error) {
	if s == "" || s == "0" {
		return time.Time{}, nil
	}
	if strings.Contains(s[1:], "-") {
		layout := time.RFC3339
		if strings.Contains(s, " ") {
			layout = "2006-01-02 15:04:05 MST"
		}
		t, err := time.Parse(layout, s)
		return t.UTC(), err
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 253402300799 {
		return time.Time{}, errors.New("a time is Unix seconds or RFC 3339")
	}
	// A double holds microseconds of our age, and no more.
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), nil
}

// attributes are key-value pairs that anybody can set. They are read when they
// are asked for: most webhooks hold none of interest.
type attributes jsontext.Value

func (a *attributes) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	*a = append((*a)[:0], v...)
	return err
}

// get returns a value, or nil. What is not an object holds none.
func (a attributes) get(key string) jsontext.Value {
	if !bytes.Contains(a, []byte(key)) {
		return nil
	}
	var m map[string]jsontext.Value
	if decode(a, &m) != nil {
		return nil
	}
	return m[key]
}

func (a attributes) has(key string) bool {
	v := a.get(key)
	return len(v) > 0 && string(v) != "null"
}

func (a attributes) truthy(key string) bool { return a.has(key) && string(a.get(key)) != "false" }

// text is a string or a number as text, else nothing.
func (a attributes) text(key string) string {
	var s id
	if v := a.get(key); v == nil || decode(v, &s) != nil {
		return ""
	}
	return string(s)
}

// changes are what changed, by attribute: a list of objects, or one object.
type changes map[string]change

type change struct {
	Previous json.RawMessage `json:"previous_value"`
	Current  json.RawMessage `json:"current_value"`
}

func (c *changes) UnmarshalJSON(b []byte) error {
	list := []map[string]json.RawMessage{{}}
	var err error
	switch b[0] {
	case '[':
		err = json.Unmarshal(b, &list)
	case '{':
		err = json.Unmarshal(b, &list[0])
	}
	if err != nil {
		return err
	}
	*c = changes{}
	for _, m := range list {
		for key, raw := range m {
			var v change
			if bytes.HasPrefix(raw, []byte("{")) && json.Unmarshal(raw, &v) == nil {
				(*c)[key] = v
			}
		}
	}
	return nil
}

// to is what an attribute became, as text, if it changed.
func (c changes) to(key string) (string, bool) {
	v, ok := c[key]
	return loose(v.Current), ok
}

// from is what it was.
func (c changes) from(key string) string { return loose(c[key].Previous) }

// loose is a string or a number as text.
func loose(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}
