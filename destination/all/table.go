package all

import (
	"fmt"
	"strings"

	"github.com/parlance-chat/parlance/destination"
)

// A Column is one of the table of destinations.
type Column struct {
	Name string
	Of   func(destination.Gives) string
}

// Columns returns the columns of the table of destinations, after the
// receivers' own names.
func Columns() []Column {
	return []Column{
		{"repetition", func(g destination.Gives) string { return g.Repetition }},
		{"order", func(g destination.Gives) string { return g.Order }},
		{"batch", func(g destination.Gives) string { return g.Batch }},
		{"limits", func(g destination.Gives) string { return g.Limits }},
		{"retries", func(g destination.Gives) string { return g.Retries }},
	}
}

// Markdown returns the table of destinations for the documentation.
func Markdown() string {
	var b strings.Builder
	columns := Columns()
	b.WriteString("| destination | type |")
	for _, c := range columns {
		b.WriteString(" " + c.Name + " |")
	}
	b.WriteString("\n|---|---|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, t := range Types() {
		fmt.Fprintf(&b, "| [%s](%s.md) | `%s` |", t.Title, t.Name, t.Name)
		for _, c := range columns {
			b.WriteString(" " + strings.ReplaceAll(c.Of(t.Gives), "|", `\|`) + " |")
		}
		b.WriteByte('\n')
	}
	return b.String()
}
