package crisp

import (
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
)

type webhook struct {
	Event     string       `json:"event"`
	Data      field.Object `json:"data"`
	Timestamp field.Time   `json:"timestamp"`
}

// data is a message, or what changed in a session.
type data struct {
	SessionID field.ID `json:"session_id"`

	Type        string       `json:"type"`
	From        string       `json:"from"`
	Origin      string       `json:"origin"`
	Content     field.Object `json:"content"`
	Fingerprint field.ID     `json:"fingerprint"`
	Timestamp   field.Time   `json:"timestamp"`
	Automated   bool         `json:"automated"`
	Stealth     bool         `json:"stealth"` // not shown to the other side
	Stealthed   bool         `json:"stealthed"`
	User        struct {
		UserID   field.ID `json:"user_id"`
		Nickname string   `json:"nickname"`
	} `json:"user"`

	State     field.Text   `json:"state"`
	RoutingID field.ID     `json:"routing_id"`
	Email     field.Text   `json:"email"`
	Nickname  field.Text   `json:"nickname"`
	Data      field.Object `json:"data"`
}

// unread says why a message is none that both sides read, or "".
func (d data) unread() string {
	switch {
	case d.Type == "note" || d.Stealth || d.Stealthed:
		return "private_note"
	case d.Type == "event":
		return "activity_line"
	}
	switch d.Type {
	case "text", "file", "animation", "audio", "picker", "field", "carousel":
		return ""
	}
	return "unknown_kind"
}

// text is what is written: the content itself, or above the choices in it.
func (d data) text() string {
	var s field.Text
	if len(d.Content) > 0 && d.Content[0] == '"' && s.UnmarshalJSON(d.Content) == nil {
		return strings.TrimSpace(string(s))
	}
	return strings.TrimSpace(d.Content.Text("text"))
}

// plain is what an operator or a bot wrote, without Markdown's marks.
func (d data) plain() string { return connector.PlainMarkdown(d.text()) }
