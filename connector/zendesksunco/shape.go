package zendesksunco

import (
	"regexp"
	"strings"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

type webhook struct {
	Events []event `json:"events"`
}

type event struct {
	Type      string       `json:"type"`
	CreatedAt field.Time   `json:"createdAt"`
	Payload   field.Object `json:"payload"`
}

// A payload is what the events of interest hold.
type payload struct {
	Conversation struct {
		ID       field.ID     `json:"id"`
		Metadata field.Object `json:"metadata"`
	} `json:"conversation"`
	Message message    `json:"message"`
	User    user       `json:"user"`
	Reason  field.Text `json:"reason"`
	Source  source     `json:"source"`
	Merged  struct {
		Surviving user `json:"surviving"`
		Discarded user `json:"discarded"`
	} `json:"mergedUsers"`
}

type source struct {
	Type string `json:"type"`
}

type message struct {
	ID       field.ID   `json:"id"`
	Received field.Time `json:"received"`
	Author   struct {
		Type        string   `json:"type"`
		Subtypes    []string `json:"subtypes"`
		UserID      field.ID `json:"userId"`
		DisplayName string   `json:"displayName"`
		User        user     `json:"user"`
	} `json:"author"`
	Content  content      `json:"content"`
	Source   source       `json:"source"`
	Metadata field.Object `json:"metadata"`
	Activity activity     `json:"activity"`
	Deleted  bool         `json:"deleted"`
}

type content struct {
	Type     string     `json:"type"`
	Text     field.Text `json:"text"`
	HTMLText field.Text `json:"htmlText"`
}

// plain is what the customer reads. The tool makes text of HTML itself, and
// leaves the HTML beside it.
func (c content) plain() string {
	if c.Text == "" {
		return connector.PlainText(string(c.HTMLText))
	}
	return strings.TrimSpace(string(c.Text))
}

// An activity is what a line of the tool itself reports.
type activity struct {
	Type string `json:"type"`
}

// end reports whether the conversation ended, and who ended it.
func (a activity) end() (by conversation.Author, ended bool) {
	switch a.Type {
	case "conversation:endedByUser":
		return conversation.Customer, true
	case "ticket:closed":
		return "", true
	case "ticket:transfer:email":
		return conversation.System, true
	}
	return "", false
}

type user struct {
	ID            field.ID     `json:"id"`
	ExternalID    field.ID     `json:"externalId"`
	Authenticated bool         `json:"authenticated"`
	Metadata      field.Object `json:"metadata"`
	Profile       struct {
		GivenName string `json:"givenName"`
		Surname   string `json:"surname"`
		Email     string `json:"email"`
	} `json:"profile"`
}

// anonymous is what the tool calls those who gave no name.
var anonymous = regexp.MustCompile(`^(Web|iOS|Android|Unity) User( [0-9a-f]+)?$`)

// agentID is the agent of Zendesk who wrote a message, or "__trigger".
func (m *message) agentID() string { return m.Metadata.Text("__zendesk_msg.agent.id") }

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
