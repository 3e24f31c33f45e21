package smartsupp

import (
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"conversation.created.json":    "identified in conv-001",
		"message.created.bot.json":     "message by bot msg-bot-001 in conv-001",
		"message.created.contact.json": "message by customer msg-001 in conv-001",
		"message.created.agent.json":   "message by agent agent agent-001 msg-002 in conv-001",
		"conversation.closed.json":     "closed in conv-001",
	})
}

// parse reads an event about conversation c1, which began at ten.
func parse(t *testing.T, o connector.Options, event, data string) connector.Parsed {
	t.Helper()
	body := `{"event":"` + event + `","timestamp":"2026-05-15T10:05:00Z","data":{"conversation":{"id":"c1","visitor_id":"v1","contact_id":"k1",
		"created_at":"2026-05-15T10:00:00Z","variables":{"plan":"a","customerNumber":{"label":"No","value":77}}},` + data + `}}`
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

func TestKinds(t *testing.T) {
	const from = `"message":{"id":"m1","conversation_id":"c1","created_at":"2026-05-15T10:05:00Z","content":{"type":"text","text":"hello"},`
	for _, test := range []struct{ event, data, want string }{
		{"conversation.contact_replied", from + `"sub_type":"contact"}`, "message by customer m1 in c1"},
		{"conversation.contact_replied", from + `"sub_type":null}`, "message by customer m1 in c1"},
		{"conversation.agent_replied", from + `"sub_type":"agent","agent_id":"a1"}`, "message by agent agent a1 m1 in c1"},
		{"conversation.bot_replied", from + `"sub_type":"bot","trigger_id":"t1"}`, "message by bot m1 in c1"},
		{"conversation.bot_replied", from + `"sub_type":"trigger","trigger_id":"t1"}`, "message by automation m1 in c1"},
		{"conversation.agent_replied", from + `"sub_type":"system"}`, "(activity_line)"},
		{"conversation.agent_replied", from + `"sub_type":"supervisor"}`, "(unknown_author)"},
		{"message.created", `"id":"m1","conversation_id":"c1"`, "(unknown_author)"},
		{"conversation.agent_replied", from + `"sub_type":"agent","type":"note"}`, "(private_note)"},
		{"conversation.agent_replied", from + `"sub_type":"agent","type":"event"}`, "(unknown_kind)"},
		{"conversation.contact_replied", `"message":{"id":"m1","created_at":"2026-05-15T10:05:00Z","content":{"type":"rating"}}`, "(unknown_kind)"},
		{"conversation.contact_replied", `"message":{"id":"m1","created_at":"2026-05-15T10:05:00Z","content":{"type":"upload"},"attachments":[{}]}`, "message by customer m1 in c1"},
		{"conversation.opened", `"x":1`, "reopened in c1"},
		{"conversation.closed", `"close_type":"agent","agent_id":"a1"`, "closed by agent agent a1 in c1"},
		{"conversation.closed", `"close_type":null`, "closed in c1"},
		{"conversation.closed", `"close_type":"contact"`, "closed by customer in c1"},
		{"conversation.closed_by_contact", `"agent_id":"a1"`, "closed by customer in c1"},
		{"conversation.agent_assigned", `"assigned":"a1"`, "assigned agent a1 in c1"},
		{"conversation.agent_unassigned", `"x":1`, "assigned in c1"},
		{"conversation.rated", `"rating_value":5`, ""},
		{"conversation.message_delivered", `"message":[]`, ""},
		{"visitor.typing", `"message":"h"`, ""},
		{"app.installed", `"message":7`, ""},
		{"contact.banned", `"id":"k1"`, ""},
		{"conversation.moved", `"x":1`, "(unknown_event)"},
		{"news", `"message":[]`, "(unknown_event)"},
	} {
		if strings.Contains(test.data, `"message":[]`) || test.event == "app.installed" || test.event == "visitor.typing" {
			p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"event":"` + test.event + `","data":{` + test.data + `}}`)})
			if got := connectortest.Summary(p); err != nil || got != test.want {
				t.Errorf("%s: got %q (%v), want %q", test.event, got, err, test.want)
			}
			continue
		}
		if got := connectortest.Summary(parse(t, connector.Options{}, test.event, test.data)); got != test.want {
			t.Errorf("%s {%s}: got %q, want %q", test.event, test.data, got, test.want)
		}
	}
}

func TestWhoAndWhat(t *testing.T) {
	p := parse(t, connector.Options{UserIDField: "customerNumber", AnonymousIDField: "plan"}, "conversation.agent_replied",
		`"message":{"id":"m1","created_at":"2026-05-15T10:05:00Z","content":{"html":"<p>one</p><p>two</p>"},"author_name":"Ann Lee","agent_id":"a1"}`)
	a := p.Activities[0]
	if want := (conversation.Person{UserID: "77", AnonymousID: "a", ContactID: "v1"}); a.Customer != want {
		t.Errorf("got %+v, want %+v", a.Customer, want)
	}
	if want := (conversation.Agent{ID: "a1", Name: "Ann Lee"}); a.Agent != want || a.Message.Body != "one\ntwo" {
		t.Errorf("got %+v %q, want %+v", a.Agent, a.Message.Body, want)
	}
	p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(
		`{"event":"contact.updated","timestamp":"2026-05-15T10:05:00Z","data":{"id":"k1","email":"mia@example.com","name":"Mia Berg","properties":{"user_id":"u-1"}}}`)})
	if err != nil || len(p.Contacts) != 1 || p.Contacts[0] != (conversation.Person{ContactID: "k1", Email: "mia@example.com", Name: "Mia Berg", UserID: "u-1"}) {
		t.Errorf("got %+v (%v)", p, err)
	}
}
