package gateway

import (
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// A reader tells what the gateway would, people of whom other webhooks told
// included, and each activity once.
func TestReader(t *testing.T) {
	c := &Config{Version: "1.2.3", Sources: []Source{{Name: "shop", Type: "api", Tokens: []Secret{"token"}}}}
	r, err := c.Reader("default", "shop")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	r.Meet(connector.Parsed{Agents: []conversation.Agent{{ID: "7", Name: "Ann Lee"}, {ID: "7", Username: "ann"}}, Contacts: []conversation.Person{{ContactID: "42", UserID: "u-1"}}})
	activities := []conversation.Activity{
		{ID: "2", Type: conversation.Message, By: conversation.HumanAgent, Conversation: "1", Time: at.Add(time.Second), Message: conversation.Text{ID: "2"}, Agent: conversation.Agent{ID: "7"}},
		{ID: "1", Type: conversation.Message, By: conversation.Customer, Conversation: "1", Time: at, Message: conversation.Text{ID: "1"}, Customer: conversation.Person{ContactID: "42"}},
	}
	list := r.Tell(activities...)
	if len(list) != 2 || len(list[0].Events) != 2 || len(list[1].Events) != 1 {
		t.Fatalf("got %+v", list)
	}
	if e := list[1].Events[0]; e.UserID != "u-1" || e.Properties.AgentName != "Ann Lee" || e.Properties.AgentUsername != "ann" || e.Context.Library.Version != "1.2.3" {
		t.Errorf("got %+v", e)
	}
	if again := r.Tell(activities...); len(again) != 0 {
		t.Errorf("told again: got %+v, want nothing", again)
	}
	if activities[0].Agent.Name != "" {
		t.Error("the caller's activities were changed")
	}
}
