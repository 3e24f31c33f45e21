package connectortest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/livechat"
)

// note is what private notes say; nothing of it may ever come out.
const note = "this is between us"

// history makes up what happens in one conversation: the same for ever for the
// same number. Times are whole seconds, and grow.
func history(number int) []conversation.Activity {
	random := rand.New(rand.NewPCG(1, uint64(number)))
	agents := []conversation.Agent{{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}, {ID: "8", Name: "Bo Chen", Username: "bo@example.com"}}
	customer := conversation.Person{ContactID: fmt.Sprint(4000 + number), Email: "mia@example.com", Name: "Mia Berg"}
	if random.IntN(2) == 0 {
		customer.UserID = fmt.Sprintf("u-%d", number)
	}
	began := noon.Add(-time.Hour)
	at, closed := began, false
	var list []conversation.Activity
	add := func(t conversation.Type, by conversation.Author, agent conversation.Agent, body string) {
		a := conversation.Activity{Type: t, By: by, Conversation: fmt.Sprint(1000 + number), Time: at, StartedAt: began,
			Channel: "chat", Customer: customer, Agent: agent}
		if t == conversation.Message {
			a.Message = conversation.Text{ID: fmt.Sprint(1000*(1000+number) + len(list)), Body: body}
		}
		a.ID = fmt.Sprintf("%s:%d", t, len(list))
		list = append(list, a)
	}
	agent := agents[random.IntN(2)]
	add(conversation.Message, conversation.Customer, conversation.Agent{}, "Hello, is anybody there?")
	for range random.IntN(8) {
		at = at.Add(time.Duration(1+random.IntN(90)) * time.Second)
		switch random.IntN(8) {
		case 0, 1:
			add(conversation.Message, conversation.Customer, conversation.Agent{}, pick(random, "ok", "ok", "Thank you & good <night>, 1 < 2", "Grüße \"aus\" Köln 👋"))
		case 2, 3:
			add(conversation.Message, conversation.HumanAgent, agent, pick(random, "ok", "One moment, please.", "Done, I think."))
		case 4:
			add(conversation.Message, conversation.Bot, conversation.Agent{ID: "900", Name: "Helper"}, "I am a bot.")
		case 5:
			add(conversation.Message, conversation.System, agent, note)
			continue
		case 6:
			agent = agents[random.IntN(2)]
			add(conversation.Assigned, "", agent, "")
			continue
		case 7:
			if !closed {
				add(conversation.Closed, conversation.HumanAgent, agent, "")
				closed = true
			}
			continue
		}
		closed = false
	}
	if !closed {
		at = at.Add(time.Minute)
		add(conversation.Closed, conversation.HumanAgent, agent, "")
	}
	return list
}

func pick(random *rand.Rand, texts ...string) string { return texts[random.IntN(len(texts))] }

// played plays random conversations through the tool, and compares their
// events with those of the conversations themselves, but for what the tool
// cannot say.
func played(t *testing.T, typ connector.Type, f connector.Faker) {
	for number := range 1000 {
		all := history(number)
		want := steps(typ, sayable(typ, all))
		got := steps(typ, heard(t, f, all))
		if len(got) != len(want) {
			t.Fatalf("conversation %d: got %d events, want %d\ngot  %v\nwant %v", number, len(got), len(want), kinds(got), kinds(want))
		}
		for i := range want {
			if problem := differ(typ.Gives, got[i], want[i]); problem != "" {
				t.Fatalf("conversation %d, event %d of %v: %s\ngot  %+v\nwant %+v", number, i, kinds(want), problem, got[i], want[i])
			}
		}
	}
}

// heard returns the activities that the tool's webhooks report, in order and
// each once.
func heard(t *testing.T, f connector.Faker, all []conversation.Activity) (list []conversation.Activity) {
	known := map[string]bool{}
	for n := range all {
		for _, r := range f.Fake(all[:n+1]) {
			if err := f.Verify(&r); err != nil {
				t.Fatalf("%s: not signed well: %v", all[n].Type, err)
			}
			p := asked(t, f, all[:n+1], own(&r))
			Check(t, p)
			for _, a := range p.Activities {
				if !known[a.ID] {
					list = append(list, a)
				}
				known[a.ID] = true
			}
		}
	}
	slices.SortStableFunc(list, conversation.Compare)
	return list
}

// asked is what a webhook says once every Lookup is answered, as the gateway
// has it.
func asked(t *testing.T, f connector.Faker, history []conversation.Activity, r *connector.Request) connector.Parsed {
	t.Helper()
	r.Answers = map[string][]byte{}
	for range 8 {
		p := parse(t, f, own(r))
		if len(p.Lookups) == 0 {
			return p
		}
		api, ok := f.(connector.Answerer)
		if !ok {
			t.Fatalf("got Lookups %v, want a Faker that answers them", p.Lookups)
		}
		for _, l := range p.Lookups {
			r.Answers[l.Path] = api.Answer(history, l.Path)
		}
	}
	t.Fatal("asks without end")
	return connector.Parsed{}
}

// sayable is what the tool can say of a history.
func sayable(typ connector.Type, all []conversation.Activity) (list []conversation.Activity) {
	for _, a := range all {
		bot := a.By == conversation.Bot
		if a.Type == conversation.Message && (a.By == conversation.System || bot && typ.Gives.Bots == connector.No) ||
			a.Type == conversation.Message && a.By == conversation.HumanAgent && typ.Gives.Received == connector.No {
			continue
		}
		if a.Type == conversation.Closed && (typ.Gives.Ended == connector.No || typ.Gives.Ended == connector.Silent) {
			continue
		}
		list = append(list, a)
	}
	return list
}

func steps(typ connector.Type, list []conversation.Activity) (events []livechat.Event) {
	var s conversation.State
	for _, a := range list {
		var o conversation.Output
		s, o = conversation.Step(conversation.Origin{Source: "test"}, conversation.Rules{Reopen: typ.Reopen, Inactivity: typ.Inactivity}, s, a)
		events = append(events, o.Events...)
	}
	return events
}

func kinds(events []livechat.Event) (list []string) {
	for _, e := range events {
		list = append(list, fmt.Sprintf("%s %ds", e.Kind, e.Properties.ConversationDuration))
	}
	return list
}

// differ says what of an event is not as it should be, as far as the tool
// promises it.
func differ(g connector.Gives, got, want livechat.Event) string {
	p, q := got.Properties, want.Properties
	received := want.Kind == livechat.Received
	// Some tools do not tell when it ended. Then it did by the last message.
	exact := want.Kind != livechat.Ended || g.Ended == connector.Yes
	switch {
	case got.Kind != want.Kind:
		return "kind"
	case p.ConversationID != q.ConversationID && g.ConversationID == connector.Yes, p.ConversationID == "":
		return "conversation_id"
	case g.Duration == connector.Yes && (exact && p.ConversationDuration != q.ConversationDuration || p.ConversationDuration > q.ConversationDuration):
		return "conversation_duration"
	case exact && !got.Timestamp.Truncate(time.Second).Equal(want.Timestamp), got.Timestamp.Sub(want.Timestamp) >= time.Second:
		return "timestamp"
	case p.MessageBody != q.MessageBody && g.Body == connector.Yes && want.Kind != livechat.Ended:
		return "message_body"
	case p.MessageID == "" && g.Message == connector.Yes || p.MessageID != "" && g.Message == connector.No:
		return "message_id"
	case received && p.AgentID != q.AgentID && g.AgentID == connector.Yes, p.AgentID != "" && g.AgentID == connector.No:
		return "agent_id"
	case received && p.AgentName != q.AgentName && g.AgentName == connector.Yes, p.AgentName != "" && g.AgentName == connector.No:
		return "agent_name"
	case received && got.Context.LiveChat.AgentType == "human" && p.AgentUsername != q.AgentUsername && g.AgentUsername == connector.Yes,
		p.AgentUsername != "" && g.AgentUsername == connector.No:
		return "agent_username"
	case received && got.Context.LiveChat.AgentType != want.Context.LiveChat.AgentType:
		return "agent_type"
	case got.UserID != want.UserID && g.UserID == connector.Yes, got.UserID != "" && g.UserID == connector.No:
		return "userId"
	}
	return ""
}
