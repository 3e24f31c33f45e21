package conversation_test

import (
	"fmt"
	"time"

	"github.com/parlance-chat/parlance/conversation"
)

// A customer writes, an agent answers, and closes the conversation.
func ExampleStep() {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	ann := conversation.Agent{ID: "7", Name: "Ann Lee"}
	happened := []conversation.Activity{
		{ID: "1", Type: conversation.Message, By: conversation.Customer, Conversation: "17", Time: at, Message: conversation.Text{ID: "m1", Body: "Where is my order?"}},
		{ID: "2", Type: conversation.Message, By: conversation.HumanAgent, Conversation: "17", Time: at.Add(45 * time.Second), Agent: ann, Message: conversation.Text{ID: "m2", Body: "On its way."}},
		{ID: "3", Type: conversation.Closed, By: conversation.HumanAgent, Conversation: "17", Time: at.Add(time.Minute), Agent: ann},
	}
	origin := conversation.Origin{Workspace: "default", Source: "support", Tool: "chatwoot"}
	var state conversation.State
	var out conversation.Output
	for _, a := range happened {
		state, out = conversation.Step(origin, conversation.Rules{}, state, a)
		for _, e := range out.Events {
			fmt.Printf("%s %ds %s with agent %q\n", e.Kind, e.Properties.ConversationDuration, e.Properties.MessageID, e.Properties.AgentName)
		}
	}
	// Output:
	// Live Chat Conversation Started 0s m1 with agent ""
	// Live Chat Message Sent 0s m1 with agent ""
	// Live Chat Message Received 45s m2 with agent "Ann Lee"
	// Live Chat Conversation Ended 60s m2 with agent "Ann Lee"
}
