package jivochat

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"chat_accepted.json":   "",
		"offline_message.json": "",
		"chat_finished.json":   "message by customer a1b1348ef1e48f2a5ef45a19 in 7607; message by agent agent 1 cb5b0e36ae92b2bea1f9b95c in 7607; closed in 7607",
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func request(t *testing.T, name string) *connector.Request {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return &connector.Request{Body: b}
}

// The agent wrote first, and all in two seconds: the order is JivoChat's.
func TestLifecycle(t *testing.T) {
	const whole = `Received 0s May I help you? at 09:00:00 by 2016 Ann Lee
Started 0s Yes at 09:00:00 by 2016 Ann Lee
Sent 0s Yes at 09:00:00 by 2016 Ann Lee
Sent 45s ok at 09:00:45 by 2016 Ann Lee
Sent 45s ok at 09:00:45 by 2016 Ann Lee
Received 45s Done, I think. at 09:00:45 by 2016 Ann Lee
Ended 45s Done, I think. at 09:00:45 by 2016 Ann Lee
`
	accepted, finished := request(t, "chat_accepted"), request(t, "chat_finished")
	if got := connectortest.Story(t, Type(), accepted, finished, accepted, finished); got != whole {
		t.Errorf("got\n%swant\n%s", got, whole)
	}
	longer := strings.Replace(string(finished.Body), `],"blacklisted"`, `,{"message":"ok","timestamp":1772442100,"type":"visitor"}],"blacklisted"`, 1)
	const rest = `Sent 100s ok at 09:01:40 by 2016 Ann Lee
Ended 100s ok at 09:01:40 by 2016 Ann Lee
`
	if got := connectortest.Story(t, Type(), finished, &connector.Request{Body: []byte(longer)}); got != whole+rest {
		t.Errorf("a longer one: got\n%swant\n%s", got, whole+rest)
	}
	head, tail, _ := strings.Cut(longer, `{"message":"May I`)
	_, tail, _ = strings.Cut(tail, `},`)
	if got := connectortest.Story(t, Type(), finished, &connector.Request{Body: []byte(head + tail)}); got != whole+rest {
		t.Errorf("a longer one without its beginning: got\n%swant\n%s", got, whole+rest)
	}
}

func TestMessages(t *testing.T) {
	for in, want := range map[string]string{
		`"type":"visitor","timestamp":1772442000,"message":"x"`:                                    "customer x",
		`"type":"agent","timestamp":1772442000,"message":"x","agent_id":1`:                         "agent x 1 Ann Lee ann@example.com",
		`"type":"agent","timestamp":1772442000,"message":"x","agent_id":"9"`:                       "agent x 9  ",
		`"type":"visitor","timestamp":1772442000,"message":"<Message text is not displayed here>"`: "customer ",
		`"type":"visitor","timestamp":1772442000,"message":null`:                                   "customer ",
		`"type":"agent","timestamp":1772442000,"message":"x","agent_id":2`:                         "bot x",
		`"type":"bot","timestamp":1772442000,"message":"x"`:                                        "(unknown_author)",
		`"type":"note","timestamp":1772442000,"message":"x","agent_id":1`:                          "(unknown_author)",
		`"timestamp":1772442000,"message":"x","agent_id":1`:                                        "(unknown_author)",
		`"type":"visitor","message":"x"`:                                                           "(no_time)",
	} {
		p, err := Type().New(connector.Options{BotIDs: []string{"2"}}).Parse(&connector.Request{Body: []byte(`{"event_name":"chat_finished","chat_id":1,"agents":[{"id":"1","name":"Ann Lee","email":"ann@example.com"}],"chat":{"messages":[{` + in + `}]}}`)})
		if err != nil {
			t.Fatal(err)
		}
		got := "(" + strings.Join(p.Dropped, ",") + ")"
		if len(p.Activities) > 0 {
			a := p.Activities[0]
			if got = string(a.By) + " " + a.Message.Body; a.By == conversation.HumanAgent {
				got += " " + a.Agent.ID + " " + a.Agent.Name + " " + a.Agent.Username
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	c := Type().New(connector.Options{})
	for in, want := range map[string]string{
		`{"event_name":"call_event","chat_id":[]}`: "", `{"event_name":"offline_message","chat_id":[]}`: "", `{"event_name":"x","chat_id":[]}`: "(unknown_event)",
		`{"event_name":"chat_finished","chat_id":1,"chat":{"messages":[]}}`: "", `{"event_type":"contact_added"}`: "(unknown_event)",
	} {
		if p, err := c.Parse(&connector.Request{Body: []byte(in)}); err != nil || connectortest.Summary(p) != want {
			t.Errorf("%s: got %+v (%v), want %q", in, p, err, want)
		}
	}
	for in, want := range map[string]string{
		`{"event_name":"chat_finished"}`: "chat_id", `{"event_name":"chat_finished","chat_id":[]}`: "/chat_id", `[]`: "JSON",
	} {
		if _, err := c.Parse(&connector.Request{Body: []byte(in)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that says %q", in, err, want)
		}
	}
}

// JivoChat signs nothing, but calls an address that carries a token.
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
