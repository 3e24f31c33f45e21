package zohosalesiq

import (
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"conversation.completed.constructed.json":       "closed agent 30102333033335 in 17000000004021",
		"conversation.visitor.replied.constructed.json": "message by customer agent 30102333033335 f313f56cd40c4a3380a8cbd9 in 17000000004021",
	}, "conversation.completed.entity.json")
}

const (
	began = `"entity_id":"c1","entity":{"opened_time":"1556866331533","visitor":{"id":"v1","channel":"website"},"owner":{"id":"a1","name":"Ann Lee","email_id":"ann@example.com"}`
	wrote = began + `,"message":{"msgid":"m1","text":"hello","sender":{"id":"a1","name":"Ann Lee"`
)

func parse(t *testing.T, body string) connector.Parsed {
	t.Helper()
	p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body), Received: time.UnixMilli(1556866399000)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

func TestKinds(t *testing.T) {
	for _, test := range []struct{ event, rest, want string }{
		{"conversation.created", began + `}`, "identified agent a1 in c1"},
		{"conversation.visitor.replied", wrote + `}}}`, "message by customer agent a1 m1 in c1"},
		{"conversation.visitor.replied", wrote + `,"type":"lead"}}}`, "message by customer agent a1 m1 in c1"},
		{"conversation.visitor.replied", wrote + `,"type":"operator"}}}`, "(unknown_author)"},
		{"conversation.operator.replied", wrote + `}}}`, "message by agent agent a1 m1 in c1"},
		{"conversation.operator.replied", wrote + `,"type":"operator"}}}`, "message by agent agent a1 m1 in c1"},
		{"conversation.operator.replied", wrote + `,"type":"bot"}}}`, "message by bot agent a1 m1 in c1"},
		{"conversation.operator.replied", wrote + `,"type":"visitor"}}}`, "(unknown_author)"},
		{"conversation.operator.replied", wrote + `,"type":"supervisor"}}}`, "(unknown_author)"},
		{"conversation.operator.replied", wrote + `},"type":"note"}}`, "(private_note)"},
		{"conversation.operator.replied", wrote + `},"type":"whisper"}}`, "(unknown_kind)"},
		{"conversation.attender.updated", began + `,"attender":{"id":"a2"}}`, "assigned agent a2 in c1"},
		{"conversation.attender.updated", began + `}`, "assigned agent a1 in c1"},
		{"conversation.completed", began + `,"end_time":"1556866391533"}`, "closed agent a1 in c1"},
		{"conversation.missed", began + `}`, "closed by system agent a1 in c1"},
		{"conversation.rated", `"entity":[]`, ""},
		{"conversation.transfer.accepted", began + `}`, ""},
		{"conversation.participants.added", began + `}`, ""},
		{"conversation.supervisor.added", began + `}`, ""},
		{"conversation.message.edited", wrote + `}}}`, ""},
		{"conversation.message.deleted", wrote + `}}}`, ""},
		{"visitor.updated", `"entity":[]`, ""},
		{"conversation.whispered", wrote + `}}}`, "(unknown_event)"},
		{"weather.changed", `"entity":[]`, "(unknown_event)"},
	} {
		if got := connectortest.Summary(parse(t, `{"event":"`+test.event+`",`+test.rest+`}`)); got != test.want {
			t.Errorf("%s {%s}: got %q, want %q", test.event, test.rest, got, test.want)
		}
	}
}

// The question that begins a conversation is the visitor's first message, also
// if it is told again as a reply.
func TestQuestion(t *testing.T) {
	p := parse(t, `{"event":"conversation.created",`+began+`,"question":"hello"}}`)
	again := parse(t, `{"event":"conversation.visitor.replied",`+began+`,"message":{"text":"hello","time":"1556866331533"}}}`)
	if len(p.Activities) != 2 || len(again.Activities) != 1 || p.Activities[1].ID != again.Activities[0].ID {
		t.Fatalf("got %+v and %+v, want the same message", p, again)
	}
	a := p.Activities[1]
	if a.By != conversation.Customer || a.Message.Body != "hello" || !a.Time.Equal(time.UnixMilli(1556866331533)) {
		t.Errorf("got %+v", a)
	}
}

func TestTimes(t *testing.T) {
	for rest, want := range map[string]int64{
		`"event_time":"1556866340000",` + wrote + `}}}`:                        1556866340000,
		`"event_time":"1556866340000",` + wrote + `},"time":"1556866339000"}}`: 1556866339000,
		wrote + `}}}`: 1556866399000, // when it came: there is no other
	} {
		if got := parse(t, `{"event":"conversation.operator.replied",`+rest+`}`).Activities[0].Time.UnixMilli(); got != want {
			t.Errorf("%s: got %d, want %d", rest, got, want)
		}
	}
	_, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"event":"conversation.operator.replied",` + wrote + `}}}`)})
	if err == nil {
		t.Error("no time at all: got no error")
	}
}

func TestAgents(t *testing.T) {
	p := parse(t, `{"event":"conversation.operator.replied",`+began+`,"message":{"msgid":"m1","sender":{"id":"a2","name":"Bo Chen"}}}}`)
	if want := (conversation.Agent{ID: "a2", Name: "Bo Chen"}); p.Activities[0].Agent != want {
		t.Errorf("got %+v, want %+v", p.Activities[0].Agent, want)
	}
	p = parse(t, `{"event":"conversation.operator.replied",`+began+`,"message":{"msgid":"m1","sender":{"name":"Ann Lee"}}}}`)
	if want := (conversation.Agent{ID: "a1", Name: "Ann Lee", Username: "ann@example.com"}); p.Activities[0].Agent != want {
		t.Errorf("got %+v, want %+v", p.Activities[0].Agent, want)
	}
}
