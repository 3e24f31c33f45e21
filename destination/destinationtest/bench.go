package destinationtest

import (
	"fmt"

	"github.com/parlance-chat/parlance/destination"
)

// Attempts returns n calls for benchmarks, so many in an attempt. Those of an
// attempt are of up to 100 conversations.
func Attempts(n, size int) (list []destination.Attempt) {
	for from := 0; from < n; from += size {
		var a destination.Attempt
		for i := from; i < min(from+size, n); i++ {
			a.Calls = append(a.Calls, destination.Call{
				Workspace: "acme", Source: "desk", MessageID: fmt.Sprint("m", i), Conversation: fmt.Sprint("c", i%100),
				JSON: fmt.Appendf(nil, `{"userId":"u%d","type":"track","event":"Live Chat Message Sent","messageId":"m%d","timestamp":"2026-03-02T09:00:00.000Z","properties":{"conversation_id":"c%d","conversation_duration":%d,"message_id":"%d","message_body":"Where is my order?"}}`, i%100, i, i%100, i, i),
			})
		}
		list = append(list, a)
	}
	return list
}
