package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"github.com/parlance-chat/parlance/livechat"
)

// line tells one call in one line, without what anybody wrote.
func line(paint painter, source string, call []byte) string {
	var c struct {
		Type, Event, UserID, AnonymousID, Timestamp string
		Properties                                  livechat.Properties
	}
	if err := json.Unmarshal(call, &c); err != nil {
		return source + " a call that is not JSON"
	}
	at := c.Timestamp
	if _, clock, ok := strings.Cut(at, "T"); ok {
		at = strings.TrimSuffix(clock, "Z")
	}
	name, colour := c.Event, dim
	switch livechat.Kind(c.Event) {
	case livechat.Started:
		colour = green
	case livechat.Sent:
		colour = cyan
	case livechat.Received:
		colour = blue
	case livechat.Ended:
		colour = yellow
	case "":
		name = c.Type
	}
	p := c.Properties
	rest := fmt.Sprintf("%-10s", source)
	if p.ConversationID != "" {
		rest += fmt.Sprintf(" conversation %-8s %4ds", p.ConversationID, p.ConversationDuration)
	}
	if p.AgentID != "" {
		rest += " agent " + p.AgentID
	}
	if who := cmp.Or(c.UserID, c.AnonymousID); p.ConversationID == "" && who != "" {
		rest += " " + who
	}
	name, rest, at = printable(name, ""), printable(rest, ""), printable(at, "")
	return fmt.Sprintf("%s  %s  %s", paint.paint(dim, at), paint.paint(colour, fmt.Sprintf("%-30s", name)), rest)
}

// printable keeps strangers' control characters away from the terminal, but for
// those to keep.
func printable(s, keep string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && !strings.ContainsRune(keep, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
