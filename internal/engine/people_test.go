package engine

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

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

// Promise 2 across conversations: it does not matter which of two webhooks came
// first, the one that tells who an agent is or the one that tells only the ID;
// nor what failed meanwhile. Of two names the later one counts.
func TestPeopleInAnyOrder(t *testing.T) {
	history := []conversation.Activity{
		in("1", by(message(1, conversation.HumanAgent, 0), conversation.Agent{ID: "7", Name: "Ann"})),
		in("2", by(message(2, conversation.HumanAgent, 20), conversation.Agent{ID: "7", Name: "Ann Lee"})),
		in("3", by(message(3, conversation.HumanAgent, 10), conversation.Agent{ID: "7", Username: "ann"})),
		in("4", by(message(4, conversation.HumanAgent, 5), conversation.Agent{ID: "7"})),
		in("5", by(message(5, conversation.HumanAgent, 30), conversation.Agent{ID: "configured"})),
		in("6", by(message(6, conversation.Bot, 15), conversation.Agent{ID: "7", Name: "Botty"})),
	}
	sorted := func(calls string) string {
		return strings.Join(slices.Sorted(strings.Lines(calls)), "")
	}
	want := sorted(run(t, slices.Values(history), nil))
	if n := strings.Count(want, `"agent_name":"Ann Lee"`); n != 3 || strings.Count(want, `"agent_username":"ann"`) != 4 {
		t.Fatalf("got %d by Ann Lee, want 3:\n%s", n, want)
	}
	rapid.Check(t, func(rt *rapid.T) {
		arrived := rapid.Permutation(history).Draw(rt, "arrived")
		stops := rapid.SliceOfN(rapid.IntRange(0, 5000), 0, 4).Draw(rt, "stops")
		if got := sorted(run(t, slices.Values(arrived), stops)); got != want {
			rt.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// What the configuration says of an agent is not remembered as the tool's word,
// whatever step failed; nor do activities change that the caller still has.
func TestConfigurationIsNotRemembered(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			j := openJournal(t, t.TempDir())
			defer j.Close()
			told := []conversation.Activity{by(message(1, conversation.HumanAgent, 0), conversation.Agent{ID: "configured"})}
			stop := start(&flaky{j, rand.New(rand.NewPCG(seed, 0))})
			receive(t, j, told...)
			time.Sleep(10 * time.Minute)
			stop()
			place := (&engine{source: journal.Source{Workspace: "default", Name: "support"}}).place(name{agentRow, "configured"})
			if state, _, err := j.Load(t.Context(), place, nil); state != nil || err != nil {
				t.Errorf("seed %d: remembered %x (%v)", seed, state, err)
			}
			if told[0].Agent.Name != "" {
				t.Errorf("seed %d: the caller's activity became %+v", seed, told[0].Agent)
			}
		})
	}
}

// A customer of whom an activity tells the user's ID has the anonymousId that
// the tool told of the contact.
func TestBothIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer start(j)()
		err := j.Append(t.Context(), &journal.Webhook{Workspace: "default", Source: "support", Contacts: []conversation.Person{{ContactID: "42", AnonymousID: "a-1"}}})
		if err != nil {
			t.Fatal(err)
		}
		a := message(1, conversation.Customer, 0)
		a.Customer = conversation.Person{ContactID: "42", UserID: "u-1"}
		receive(t, j, a)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got := lines(told(t, j)); strings.Count(got, `"userId":"u-1","anonymousId":"a-1"`) != 2 {
			t.Errorf("got %s", got)
		}
	})
}
