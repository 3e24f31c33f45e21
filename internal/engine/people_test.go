package engine

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"encoding/json"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// agents tells who each Received is said to be from, and users whose each Sent.
func agents(t *testing.T, events []journal.Event) (agents, users []string) {
	for _, e := range events {
		var call livechat.Event
		if err := json.Unmarshal(e.JSON, &call); err != nil {
			t.Fatal(err)
		}
		switch call.Kind {
		case livechat.Received:
			agents = append(agents, call.Properties.AgentID+" "+call.Properties.AgentName+" "+call.Properties.AgentUsername)
		case livechat.Sent:
			users = append(users, call.UserID)
		}
	}
	return agents, users
}

func in(c string, a conversation.Activity) conversation.Activity {
	a.Conversation = c
	return a
}

// What one webhook tells of a person completes what another leaves out, also
// in another conversation, and after a restart.
func TestPeopleAreRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		j := openJournal(t, dir)
		stop := start(j)
		receive(t, j, in("1", by(message(1, conversation.HumanAgent, 0), conversation.Agent{ID: "7", Name: "Ann Lee"})))
		if err := j.Append(t.Context(), &journal.Webhook{Workspace: "default", Source: "support",
			Agents:   []conversation.Agent{{ID: "7", Username: "ann"}, {ID: "8", Name: "Bo Chen"}},
			Contacts: []conversation.Person{{ContactID: "42", UserID: "u-1"}}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		stop()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		j = openJournal(t, dir)
		defer j.Close()
		defer start(j)()
		receive(t, j, in("2", by(message(2, conversation.HumanAgent, 1), conversation.Agent{ID: "7"})))
		receive(t, j, in("2", by(message(3, conversation.HumanAgent, 2), conversation.Agent{ID: "8"})))
		receive(t, j, in("2", by(message(4, conversation.Bot, 3), conversation.Agent{ID: "7"})))
		receive(t, j, in("2", by(message(5, conversation.HumanAgent, 4), conversation.Agent{ID: "configured"})))
		from := message(6, conversation.Customer, 5)
		from.Customer.ContactID = "42"
		receive(t, j, in("2", from))
		stranger := message(7, conversation.Customer, 6)
		stranger.Customer.ContactID = "43"
		receive(t, j, in("3", stranger))
		time.Sleep(time.Minute)
		synctest.Wait()
		gotAgents, gotUsers := agents(t, told(t, j))
		// The username came a moment after the first message, and within the
		// settle time.
		want := []string{"7 Ann Lee ann", "7 Ann Lee ann", "8 Bo Chen ", "7  ", "configured Carla Rossi carla"}
		if !slices.Equal(gotAgents, want) {
			t.Errorf("agents: got %q, want %q", gotAgents, want)
		}
		if want := []string{"u-1", ""}; !slices.Equal(gotUsers, want) {
			t.Errorf("users: got %q, want %q", gotUsers, want)
		}
	})
}

func by(a conversation.Activity, agent conversation.Agent) conversation.Activity {
	a.Agent = agent
	return a
}
