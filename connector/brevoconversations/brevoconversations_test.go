package brevoconversations

import (
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"conversationStarted.json": "message by agent agent bnRzp4CioKudG4aHm dkmyYPxJyh5rKDhRT in MxhGJAEugdLtS2BBq",
		"conversationTranscript.constructed.json": "message by customer dkmyYPxJyh5rKDhRT in MxhGJAEugdLtS2BBq; " +
			"message by agent agent bnRzp4CioKudG4aHm dkmyYPxJyh5rKDhRU in MxhGJAEugdLtS2BBq; closed in MxhGJAEugdLtS2BBq",
	})
}

func parse(t *testing.T, o connector.Options, body string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

func TestKinds(t *testing.T) {
	for rest, want := range map[string]string{
		`"type":"visitor"`:                               "message by customer m1 in c1",
		`"type":"agent","agentId":"a1"`:                  "message by agent agent a1 m1 in c1",
		`"type":"agent","agentId":"a1","isBot":true`:     "message by bot agent a1 m1 in c1",
		`"type":"agent","agentId":"bot-1"`:               "message by bot agent bot-1 m1 in c1",
		`"type":"agent","agentId":"a1","isTrigger":true`: "message by automation m1 in c1",
		`"type":"agent","agentId":"a1","isPushed":true`:  "message by automation m1 in c1",
		`"type":"agent","isSentViaJsApi":true`:           "message by automation m1 in c1",
		`"type":"note","agentId":"a1"`:                   "(unknown_author)",
		`"agentId":"a1"`:                                 "(unknown_author)",
	} {
		p := parse(t, connector.Options{BotIDs: []string{"bot-*"}},
			`{"eventName":"conversationFragment","conversationId":"c1","messages":[{"id":"m1","text":"hello","createdAt":1665578322700,`+rest+`}]}`)
		if got := connectortest.Summary(p); got != want {
			t.Errorf("%s: got %q, want %q", rest, got, want)
		}
	}
	for body, want := range map[string]string{
		`{"eventName":"conversationStarted","conversationId":"c1"}`:                  "",
		`{"eventName":"conversationTranscript","conversationId":"c1","messages":[]}`: "(no_time)",
		`{"eventName":"conversationRated","conversationId":"c1"}`:                    "(unknown_event)",
		`{"eventName":"chatStarted","chatId":"c1"}`:                                  "(unknown_event)",
	} {
		if got := connectortest.Summary(parse(t, connector.Options{}, body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestBodies(t *testing.T) {
	for rest, want := range map[string]string{
		`"text":"1 < 2","html":"1 &lt; 2"`:                           "1 < 2",
		`"html":"<p>one</p><p>two</p>"`:                              "one\ntwo",
		`"text":"a.png","file":{"name":"a.png"}`:                     "",
		`"text":"a.png","attachments":[{"name":"a.png"}]`:            "",
		`"text":"look","attachments":[{"name":"a.png"}],"file":null`: "look",
	} {
		p := parse(t, connector.Options{}, `{"eventName":"conversationFragment","conversationId":"c1","messages":[{"id":"m1","type":"visitor","createdAt":1665578322700,`+rest+`}]}`)
		if got := p.Activities[0].Message.Body; got != want {
			t.Errorf("%s: got %q, want %q", rest, got, want)
		}
	}
}

func TestPeople(t *testing.T) {
	p := parse(t, connector.Options{}, `{"eventName":"conversationFragment","conversationId":"c1",
		"agents":[{"id":"a1","name":"Ann Lee","email":"ann@example.com"}],
		"visitor":{"id":"v1","displayedName":"Mia Berg","source":"facebook","contactAttributes":{"EXT_ID":"u-1","EMAIL":"mia@example.com"},"integrationAttributes":{"SEGMENT_ANONYMOUS_ID":"anon"}},
		"messages":[{"id":"m1","type":"agent","agentId":"a1","createdAt":1665578322700}]}`)
	a := p.Activities[0]
	if want := (conversation.Person{ContactID: "v1", Name: "Mia Berg", Email: "mia@example.com", UserID: "u-1", AnonymousID: "anon"}); a.Customer != want {
		t.Errorf("got %+v, want %+v", a.Customer, want)
	}
	ann := conversation.Agent{ID: "a1", Name: "Ann Lee", Username: "ann@example.com"}
	if a.Agent != ann || len(p.Agents) != 1 || p.Agents[0] != ann || a.Channel != "messaging" {
		t.Errorf("got %+v, %+v, %q", a.Agent, p.Agents, a.Channel)
	}
	p = parse(t, connector.Options{}, `{"eventName":"conversationFragment","conversationId":"c1","messages":[{"id":"m1","type":"visitor","createdAt":1665578322700,"subject":"Hello"}]}`)
	if got := p.Activities[0].Channel; got != "email" {
		t.Errorf("an e-mail: got channel %q", got)
	}
}
