package kustomer

import (
	"net/http"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const id = "67dd47dfbc632c1804db1bf1"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"message.create.json":                       "message by agent agent " + id + " " + id + " in " + id,
		"message.create.chat_in.constructed.json":   "message by customer 6717c2b1e5b1f00012ab3500 in 6717c2a4e5b1f00012ab3499",
		"conversation.update.json":                  "",
		"conversation.update.done.constructed.json": "closed agent 5f8481c6a22ab5b9d5f2dd90 in 6717c2a4e5b1f00012ab3499",
	})
}

func parse(t *testing.T, o connector.Options, header, body string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Header: http.Header{eventHeader: {header}}, Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

func TestKinds(t *testing.T) {
	const at, people = `"createdAt":"2026-10-21T15:00:02Z"`, `"relationships":{"conversation":{"data":{"id":"c1"}},"createdBy":{"data":{"type":"user","id":"a1"}}}`
	message := func(attributes, relationships string) string {
		return `{"name":"kustomer.message.create",` + at + `,"data":{"id":"m1","attributes":{"channel":"chat","preview":"hello",` + attributes + `},` + relationships + `}}`
	}
	update := func(changes string) string {
		return `{"name":"kustomer.conversation.update",` + at + `,"data":{"id":"c1","attributes":{"assignedUsers":["a1"]}},"changes":{"attributes":` + changes + `}}`
	}
	for body, want := range map[string]string{
		message(`"direction":"in"`, people):                                                                 "message by customer m1 in c1",
		message(`"direction":"out","auto":false`, people):                                                   "message by agent agent a1 m1 in c1",
		message(`"direction":"out","auto":true`, people):                                                    "message by automation m1 in c1",
		message(`"direction":"in","auto":true`, people):                                                     "(unknown_author)",
		message(`"direction":"sideways"`, people):                                                           "(unknown_author)",
		message(`"auto":false`, people):                                                                     "(unknown_author)",
		message(`"direction":"in","redacted":true`, people):                                                 "(deleted)",
		message(`"direction":"out"`, `"relationships":{}`):                                                  "(unknown_author)",
		message(`"direction":"out"`, `"relationships":{"createdBy":{"data":{"type":"machine","id":"a1"}}}`): "(unknown_author)",
		update(`{"status":{"before":"open","after":"done"}}`):                                               "closed agent a1 in c1",
		update(`{"status":{"before":"snoozed","after":"done"}}`):                                            "closed agent a1 in c1",
		update(`{"status":{"before":"done","after":"open"}}`):                                               "reopened agent a1 in c1",
		update(`{"status":{"before":"open","after":"snoozed"}}`):                                            "",
		update(`{"status":{"before":"snoozed","after":"open"}}`):                                            "",
		update(`{"assignedUsers":{"before":[],"after":["a1"]}}`):                                            "assigned agent a1 in c1",
		update(`{"tags":{"before":[],"after":["a1"]}}`):                                                     "",
		update(`null`): "",
		`{"name":"kustomer.conversation.create",` + at + `,"data":{"id":"c1"}}`: "identified in c1",
		`{"name":"kustomer.message.update","data":{"id":"m1"}}`:                 "",
		`{"name":"kustomer.tag.create","data":{"id":"t1"}}`:                     "",
		`{"name":"kustomer.note.create","data":{"id":"n1"}}`:                    "(unknown_event)",
		`{"data":{"id":"n1"}}`: "(unknown_event)",
	} {
		if got := connectortest.Summary(parse(t, connector.Options{}, "", body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	bots := connector.Options{BotIDs: []string{"a1"}}
	if got := connectortest.Summary(parse(t, bots, "", message(`"direction":"out","auto":true`, people))); got != "message by bot agent a1 m1 in c1" {
		t.Errorf("a bot: got %q", got)
	}
	if got := connectortest.Summary(parse(t, connector.Options{}, "kustomer.conversation.create", `{`+at+`,"data":{"id":"c1"}}`)); got != "identified in c1" {
		t.Errorf("named in the header alone: got %q", got)
	}
}

// People are told beside the conversations.
func TestPeople(t *testing.T) {
	const customer = `{"name":"kustomer.customer.update","data":{"id":"k1","attributes":{"displayName":"Mia Berg","externalId":"u-1",
		"emails":[{"email":"mia@example.com"}],"custom":{"segmentAnonymousIdStr":"anon","memberNumberStr":"77"}}}}`
	mia := conversation.Person{ContactID: "k1", UserID: "u-1", AnonymousID: "anon", Email: "mia@example.com", Name: "Mia Berg"}
	if p := parse(t, connector.Options{}, "", customer); len(p.Contacts) != 1 || p.Contacts[0] != mia {
		t.Errorf("got %+v, want %+v", p.Contacts, mia)
	}
	mia.UserID = "77"
	if p := parse(t, connector.Options{UserIDField: "memberNumberStr"}, "", customer); p.Contacts[0] != mia {
		t.Errorf("got %+v, want %+v", p.Contacts, mia)
	}
	p := parse(t, connector.Options{}, "", `{"name":"kustomer.user.update","data":{"id":"a1","attributes":{"name":"Ann Lee","email":"ann@example.com"}}}`)
	if want := (conversation.Agent{ID: "a1", Name: "Ann Lee", Username: "ann@example.com"}); len(p.Agents) != 1 || p.Agents[0] != want {
		t.Errorf("got %+v, want %+v", p.Agents, want)
	}
}

func TestChannels(t *testing.T) {
	for in, want := range map[string]string{"chat": "chat", "whatsapp": "messaging", "email": "email", "sms": "sms", "voice": "phone", "form": "form"} {
		p := parse(t, connector.Options{}, "", `{"name":"kustomer.conversation.create","createdAt":"2026-10-21T15:00:02Z","data":{"id":"c1","attributes":{"channels":["`+in+`"]}}}`)
		if got := p.Activities[0].Channel; got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
