package livehelperchat

import (
	"regexp"
	"strings"

	"github.com/parlance-chat/parlance/connector/field"
)

// A webhook is what our template makes. What Live Helper Chat does not know is null.
type webhook struct {
	Event  string     `json:"event"`
	SentAt field.Time `json:"sent_at"`
	Chat   struct {
		ID         field.ID   `json:"id"`
		Status     field.ID   `json:"status"`
		StatusSub  field.ID   `json:"status_sub"` // 3: the visitor closed it
		Time       field.Time `json:"time"`
		ClosedAt   field.Time `json:"cls_time"`
		LeftAt     field.Time `json:"user_closed_ts"`
		OwnerID    field.ID   `json:"user_id"`
		BotID      field.ID   `json:"gbot_id"`
		IncomingID field.ID   `json:"iwh_id"`
	} `json:"chat"`
	Operator struct { // the chat's owner
		ID          field.ID `json:"id"`
		Username    string   `json:"username"`
		Name        string   `json:"name"`
		Surname     string   `json:"surname"`
		NameSupport string   `json:"name_support"`
	} `json:"operator"`
	ClosedBy struct {
		ID       field.ID `json:"id"`
		Username string   `json:"username"`
	} `json:"closed_by"`
	Visitor visitor `json:"visitor"`
	Message message `json:"message"`
}

type visitor struct {
	ID    string     `json:"vid"`
	Nick  string     `json:"nick"`
	Email string     `json:"email"`
	Data  field.Text `json:"additional_data"` // JSON in a string
}

type message struct {
	ID     field.ID   `json:"id"`
	UserID field.ID   `json:"user_id"`
	Time   field.Time `json:"time"`
	Name   string     `json:"name_support"`
	Meta   *string    `json:"meta_msg"` // JSON in a string
	Text   string     `json:"msg"`
}

// whisper reports whether a message is not, or perhaps not, for the visitor.
// What a visitor wrote needs no such mark.
func (m message) whisper() bool {
	if m.Meta == nil {
		return m.UserID != "0"
	}
	if *m.Meta == "" {
		return false
	}
	var meta struct {
		Content field.Object `json:"content"`
	}
	return field.Decode([]byte(*m.Meta), &meta) != nil || meta.Content.Truthy("whisper")
}

// fields are what the page or the start form tells of a visitor.
type fields []struct {
	Identifier string   `json:"identifier"`
	Value      field.ID `json:"value"`
	Secure     bool     `json:"secure"` // it came encrypted by the site's server
}

// fields reads additional_data. What is not like that tells nothing.
func (v visitor) fields() (list fields) {
	if v.Data == "" || field.Decode([]byte(v.Data), &list) != nil {
		return nil
	}
	return list
}

func (list fields) text(identifier string, secure bool) string {
	for _, f := range list {
		if f.Identifier == identifier && (f.Secure || !secure) {
			return string(f.Value)
		}
	}
	return ""
}

// The marks of BBCode, as Live Helper Chat writes it.
var (
	file  = regexp.MustCompile(`\[file=[^\]]*\]|\[img\][^\[]*\[/img\]`)
	link  = regexp.MustCompile(`\[url=([^\]]+)\]([^\[]*)\[/url\]`)
	marks = regexp.MustCompile(`\[/?(b|i|u|s|url|code|quote|color|fs\d+|h|level|strike)(=[^\]]*)?\]`)
)

// plain is the text that the visitor saw; empty for a file alone.
func plain(text string) string {
	if !strings.Contains(text, "[") {
		return text
	}
	text = link.ReplaceAllString(file.ReplaceAllString(text, ""), "$2 ($1)")
	return strings.TrimSpace(marks.ReplaceAllString(text, ""))
}
