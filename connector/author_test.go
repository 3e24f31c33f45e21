package connector

import (
	"testing"

	"github.com/parlance-chat/parlance/conversation"
)

// Where the tool does not tell who somebody is, nothing is guessed.
func TestAuthor(t *testing.T) {
	named := Options{AgentIDs: []string{"ann", "agent-*"}, BotIDs: []string{"agent-bot", "bot-*"}}
	for id, want := range map[string]conversation.Author{
		"ann": conversation.HumanAgent, "agent-7": conversation.HumanAgent, "agent-bot": conversation.Bot, "bot-1": conversation.Bot,
		"mia": conversation.Customer, "anna": conversation.Customer, "": "",
	} {
		if got := named.Author(id); got != want {
			t.Errorf("%q: got %q, want %q", id, got, want)
		}
	}
	for id, want := range map[string]conversation.Author{"bot-1": conversation.Bot, "mia": "", "agent-7": ""} {
		if got := (Options{BotIDs: []string{"bot-*"}}).Author(id); got != want {
			t.Errorf("without agents, %q: got %q, want %q", id, got, want)
		}
	}
}
