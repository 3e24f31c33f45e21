package livechat_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/parlance-chat/parlance/livechat"
)

// An Event marshals to what the specification's examples show.
func ExampleEvent() {
	e := livechat.Event{
		UserID: "019mr8mf4r",
		Kind:   livechat.Sent,
		Properties: livechat.Properties{
			AgentID:              "bce89acdd11901",
			AgentName:            "Peter Gibbons",
			AgentUsername:        "pgibbons",
			ConversationDuration: 45,
			ConversationID:       "abd627dbecffc",
			MessageBody:          "But then they switched from the Swingline to the Boston stapler!",
			MessageID:            "beaffc193618cbe",
		},
		MessageID: "1f0c1b5e-7f1e-5a53-9a2e-6a1f5f3f0d11",
		Timestamp: time.Date(2026, 3, 1, 9, 0, 45, 0, time.UTC),
	}
	b, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Validate() == nil)
	fmt.Println(string(b))
	// Output:
	// true
	// {
	//   "userId": "019mr8mf4r",
	//   "type": "track",
	//   "event": "Live Chat Message Sent",
	//   "properties": {
	//     "agent_id": "bce89acdd11901",
	//     "agent_name": "Peter Gibbons",
	//     "agent_username": "pgibbons",
	//     "conversation_duration": 45,
	//     "conversation_id": "abd627dbecffc",
	//     "message_body": "But then they switched from the Swingline to the Boston stapler!",
	//     "message_id": "beaffc193618cbe"
	//   },
	//   "messageId": "1f0c1b5e-7f1e-5a53-9a2e-6a1f5f3f0d11",
	//   "timestamp": "2026-03-01T09:00:45.000Z"
	// }
}

func ExampleValidateJSON() {
	call := `{"type": "track", "event": "Live Chat Message Sent", "properties": {"conversation_id": 17, "agent_name": null}}`
	for _, p := range livechat.ValidateJSON([]byte(call)) {
		fmt.Println(p)
	}
	// Output:
	// userId: missing, and so is anonymousId: one of them is required (Segment: no_user_anon_id)
	// properties.agent_name: null: leave out what is not known
	// properties.conversation_id: a number: want a string
	// properties.message_id: missing
}
