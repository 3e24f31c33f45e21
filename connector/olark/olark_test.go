package olark

import (
	"errors"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const docs, test = " in EV695BI2930A6XMO32886MPT899443414", " in NOTAREALTRANSCRIPT5LGcbVTa3hKBRB"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"conversation.json":      "message by agent agent 6208911878914048 26300677bc5e754515684656" + test + "; message by customer 224566d916a1ce1a4a70a20e" + test + "; closed" + test,
		"conversation.docs.json": "message by agent agent 1234 336ee192f0e7059691dd8011" + docs + "; message by customer 95ed35baf92626cc5e85041e" + docs + "; closed" + docs,
		"offline_message.json":   "",
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func request(t *testing.T, name string) *connector.Request {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".form")
	if err != nil {
		t.Fatal(err)
	}
	return &connector.Request{Body: b}
}

func data(json string) *connector.Request {
	return &connector.Request{Body: []byte(url.Values{"data": {json}}.Encode())}
}

// An agent sends the transcript in the middle of the chat, and Olark sends it
// when the chat is over. The agent wrote first; the clock starts with the
// customer.
func TestLifecycle(t *testing.T) {
	const sofar = `
Received 0s Hi there. May I help? at 09:00:00.263 by 4711 Ann Lee
Started 0s Yes, with my order. at 09:00:02.411 by 4711 Ann Lee
Sent 0s Yes, with my order. at 09:00:02.411 by 4711 Ann Lee
Received 45s One moment, please. at 09:00:47.5 by 4711 Ann Lee
Sent 47s ok at 09:00:50.1 by 4711 Ann Lee
Sent 47s ok at 09:00:50.1 by 4711 Ann Lee
`
	const whole = sofar + `Received 118s Done, I think. at 09:02:00.75 by 4711 Ann Lee
Sent 127s Thank you! at 09:02:10 by 4711 Ann Lee
Ended 127s Thank you! at 09:02:10 by 4711 Ann Lee
`
	lead, finished := request(t, "lead"), request(t, "finished")
	for want, requests := range map[string][]*connector.Request{
		sofar:       {lead, lead},
		whole:       {lead, finished, finished, lead},
		whole + " ": {finished},
	} {
		if got := connectortest.Story(t, Type(), requests...); got != strings.TrimSpace(want)+"\n" {
			t.Errorf("got\n%swant%s", got, want)
		}
	}
}

// One that lost its beginning tells only what is new.
func TestShifted(t *testing.T) {
	whole := connectortest.Story(t, Type(), request(t, "finished"))
	form, err := url.ParseQuery(string(request(t, "finished").Body))
	if err != nil {
		t.Fatal(err)
	}
	before, items, _ := strings.Cut(form.Get("data"), `{"kind": "MessageToVisitor"`)
	_, rest, _ := strings.Cut(items, `}, `)
	if got := connectortest.Story(t, Type(), request(t, "lead"), data(before+rest)); got != whole {
		t.Errorf("got\n%swant\n%s", got, whole)
	}
}

func TestItems(t *testing.T) {
	for in, want := range map[string]string{
		`"kind":"MessageToOperator","timestamp":"1772442000.1","body":"x"`:                 "customer",
		`"kind":"MessageToVisitor","timestamp":"1772442000.1","body":"x","operatorId":"1"`: "agent 1 Ann Lee ann",
		`"kind":"MessageToVisitor","timestamp":1772442000,"body":"x","nickname":"Bo"`:      "agent  Bo ",
		`"kind":"MessageToVisitor","timestamp":1772442000,"body":"x","operatorId":"2"`:     "bot",
		`"kind":"OfflineMessage","timestamp":"1772442000.1","body":"x"`:                    "()",
		`"kind":"MessageToEverybody","timestamp":"1772442000.1","body":"x"`:                "(unknown_kind)",
		`"timestamp":"1772442000.1","body":"x"`:                                            "(unknown_kind)",
		`"kind":"MessageToVisitor","body":"x"`:                                             "(no_time)",
	} {
		p, err := Type().New(connector.Options{BotIDs: []string{"2"}}).Parse(data(`{"kind":"Conversation","id":"1","items":[{` + in + `}],"operators":{"1":{"nickname":"Ann Lee","username":"ann"}}}`))
		if err != nil {
			t.Fatal(err)
		}
		got := "(" + strings.Join(p.Dropped, ",") + ")"
		if len(p.Activities) > 0 {
			a := p.Activities[0]
			if got = string(a.By); a.By == conversation.HumanAgent {
				got += " " + a.Agent.ID + " " + a.Agent.Name + " " + a.Agent.Username
			}
			if len(p.Activities) != 2 || p.Activities[1].Type != conversation.Closed {
				t.Errorf("%s: got %+v, want that it is over", in, p.Activities)
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestBodies(t *testing.T) {
	c := Type().New(connector.Options{})
	for in, want := range map[string]string{
		`{"kind":"VisitorCame","id":{}}`: "(unknown_event)", `{"kind":"conversation","id":"1","items":[]}`: "",
	} {
		if p, err := c.Parse(data(in)); err != nil || connectortest.Summary(p) != want {
			t.Errorf("%s: got %+v (%v), want %q", in, p, err, want)
		}
	}
	for in, want := range map[string]string{
		`{"kind":"Conversation","items":[]}`: "id", `{"kind":"Conversation","id":"1","items":{}}`: "/items", `[]`: "JSON",
	} {
		if _, err := c.Parse(data(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that says %q", in, err, want)
		}
	}
	for _, form := range []string{"datum=1", "data=%7", "data=%zz", "", "data"} {
		if _, err := c.Parse(&connector.Request{Body: []byte(form)}); err == nil {
			t.Errorf("%q: got no error", form)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, tt := range []struct {
		o          connector.Options
		user, site string
	}{
		{connector.Options{}, "4711", "site-1"},
		{connector.Options{UserIDField: "favoriteColor", AnonymousIDField: "user_id"}, "blue", "4711"},
		{connector.Options{UserIDField: "none"}, "", "site-1"},
	} {
		p, err := Type().New(tt.o).Parse(request(t, "finished"))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Activities[0].Customer; got.UserID != tt.user || got.AnonymousID != tt.site || got.ContactID != "V7QK2M9ZP4X1" || got.Email != "mia@example.com" {
			t.Errorf("%+v: got %+v", tt, got)
		}
	}
}

// Olark signs nothing, but calls an address that carries a token.
func TestToken(t *testing.T) {
	c := Type().New(connector.Options{Secrets: []string{"s3cret"}})
	for address, ok := range map[string]bool{
		"https://gw.example.com/in/shop?token=s3cret": true, "https://gw.example.com/in/shop?token=other": false, "https://gw.example.com/in/shop": false,
	} {
		if err := c.Verify(&connector.Request{URL: address}); (err == nil) != ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s: got %v", address, err)
		}
	}
	if err := Type().New(connector.Options{}).Verify(&connector.Request{}); err != nil {
		t.Errorf("without a secret: got %v", err)
	}
}
