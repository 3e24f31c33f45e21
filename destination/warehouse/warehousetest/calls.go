// Package warehousetest holds what every warehouse in SQL must pass.
package warehousetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/livechat"
)

// Nine is when everything begins. Attempts are made an hour later.
var Nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// Attempt makes one of calls that lack nothing but sentAt, and perhaps a
// messageId, which is then id-0, id-1 and so on.
func Attempt(calls ...string) destination.Attempt {
	a := destination.Attempt{SentAt: Nine.Add(time.Hour)}
	for i, c := range calls {
		id := fmt.Sprintf("id-%d", i)
		if _, after, ok := strings.Cut(c, `"messageId":"`); ok {
			id, _, _ = strings.Cut(after, `"`)
		}
		c = strings.TrimSuffix(c, "}") + `,"sentAt":"` + livechat.FormatTime(a.SentAt) + `"}`
		a.Calls = append(a.Calls, destination.Call{MessageID: id, JSON: []byte(c)})
	}
	return a
}

// Started is a call with about everything that a column can be filled from.
const Started = `{"userId":"u1","anonymousId":"a1","type":"track","event":"Live Chat Conversation Started","properties":{"agent_id":"7","agent_name":"Ann Lee",
"agent_username":"ann","conversation_duration":0,"conversation_id":"17","message_body":"2024-05-01","message_id":"m1","campaign":"spring","user_id":"x"},
"messageId":"e1","timestamp":"2026-03-02T09:00:00.250Z","context":{"integration":{"name":"Chatwoot","version":"4"},"library":{"name":"parlance"},
"live_chat":{"agent_type":"human","channel":"chat","source":"support","further":1},"userAgent":"Mozilla","page":{"url":"https://example.com/a"},"os":{"name":"x"}}}`

// Identify is what is said of a user at a second after Nine. Its messageId is
// the user's id, -, and the second.
func Identify(second int, id, traits string) string {
	return fmt.Sprintf(`{"type":"identify","messageId":"%s-%d","userId":"%s","timestamp":"2026-03-02T09:00:%02dZ","traits":%s}`, id, second, id, second, traits)
}

// Numbered returns an attempt with n events from the given one on.
func Numbered(from, n int) destination.Attempt {
	var calls []string
	for i := from; i < from+n; i++ {
		calls = append(calls, fmt.Sprintf(`{"type":"track","event":"Live Chat Message Sent","messageId":"m%d","userId":"u%d","timestamp":"2026-03-02T09:00:00Z",
"properties":{"conversation_id":"%d","conversation_duration":%d,"message_id":"%d","message_body":"Where is my order?"},"context":{"live_chat":{"source":"support"}}}`, i, i%7, i%50, i, i))
	}
	return Attempt(calls...)
}
