package lint_test

import (
	"os"
	"strings"

	"github.com/parlance-chat/parlance/livechat/lint"
)

func ExampleCheck() {
	calls := `{"anonymousId": "a-1", "type": "track", "event": "Live Chat Conversation Started", "messageId": "e-1", "properties": {"conversation_id": "c-1", "message_id": "m-1", "message_body": "Hello?"}}
{"anonymousId": "a-1", "type": "track", "event": "Live Chat Message Received", "messageId": "e-2", "properties": {"conversation_id": "c-1", "message_id": "m-2", "agentId": "7"}}
`
	report, err := lint.Check(strings.NewReader(calls))
	if err != nil {
		panic(err)
	}
	if err := report.WriteText(os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// conversation c-1
	//   line 2, call 2: Live Chat Message Received, messageId e-2
	//     error: properties.agentId: the specification says agent_id [camel-case-property]
	//       the specification writes names in snake_case
	//
	// 2 calls, 2 Live Chat events in 1 conversation: 1 finding
	//      1 camel-case-property
}
