package all

import (
	"fmt"
	"strings"

	"github.com/parlance-chat/parlance/connector"
)

// A Column is one of the table of chat tools.
type Column struct {
	Name string
	Of   func(connector.Type) string
}

// Columns returns the columns of the table of chat tools, after the tools' own
// names.
func Columns() []Column {
	cell := func(name string, of func(connector.Gives) connector.Cell) Column {
		return Column{name, func(t connector.Type) string { return string(of(t.Gives)) }}
	}
	return []Column{
		cell("Started", func(g connector.Gives) connector.Cell { return g.Started }),
		cell("Sent", func(g connector.Gives) connector.Cell { return g.Sent }),
		cell("Received", func(g connector.Gives) connector.Cell { return g.Received }),
		cell("Ended", func(g connector.Gives) connector.Cell { return g.Ended }),
		cell("bots told apart", func(g connector.Gives) connector.Cell { return g.Bots }),
		cell("agent_id", func(g connector.Gives) connector.Cell { return g.AgentID }),
		cell("agent_name", func(g connector.Gives) connector.Cell { return g.AgentName }),
		cell("agent_username", func(g connector.Gives) connector.Cell { return g.AgentUsername }),
		cell("conversation_duration", func(g connector.Gives) connector.Cell { return g.Duration }),
		cell("conversation_id", func(g connector.Gives) connector.Cell { return g.ConversationID }),
		cell("message_body", func(g connector.Gives) connector.Cell { return g.Body }),
		cell("message_id", func(g connector.Gives) connector.Cell { return g.Message }),
		cell("userId", func(g connector.Gives) connector.Cell { return g.UserID }),
		cell("the site's anonymousId", func(g connector.Gives) connector.Cell { return g.AnonymousID }),
		cell("e-mail", func(g connector.Gives) connector.Cell { return g.Email }),
		{"signature", func(t connector.Type) string { return t.Gives.Signature }},
		{"retries", func(t connector.Type) string { return t.Gives.Retries }},
	}
}

// Markdown returns the table of chat tools for the documentation.
func Markdown() string {
	var b strings.Builder
	columns := Columns()
	b.WriteString("| tool | type |")
	for _, c := range columns {
		b.WriteString(" " + c.Name + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, t := range Types() {
		fmt.Fprintf(&b, "| [%s](%s.md) | `%s` |", t.Title, t.Name, t.Name)
		for _, c := range columns {
			b.WriteString(" " + strings.ReplaceAll(c.Of(t), "|", `\|`) + " |")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
