package line

import (
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"message.text.json": "message by customer 100001 in uabcdefghij; message by customer 100002 in uabcdefghij",
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestKinds(t *testing.T) {
	const from = `"timestamp":1772442045207,"source":{"type":"user","userId":"U1"}`
	for event, want := range map[string]string{
		`"type":"message",` + from + `,"message":{"id":"1","type":"text","text":"hi"}`:                                          "message by customer 1 in U1",
		`"type":"message","mode":"standby",` + from + `,"message":{"id":"1","type":"text","text":"hi"}`:                         "message by customer 1 in U1",
		`"type":"message",` + from + `,"message":{"id":"1","type":"file","fileName":"a.pdf"}`:                                   "message by customer 1 in U1",
		`"type":"message",` + from + `,"message":{"id":"1","type":"hologram"}`:                                                  "(unknown_kind)",
		`"type":"message",` + from + `,"message":{"type":"text"}`:                                                               "(no_id)",
		`"type":"message","source":{"type":"user","userId":"U1"},"message":{"id":"1","type":"text"}`:                            "(no_time)",
		`"type":"message","timestamp":1772442045207,"source":{"type":"user"},"message":{"id":"1","type":"text"}`:                "(no_contact)",
		`"type":"message","timestamp":1772442045207,"source":{"type":"group","userId":"U1"},"message":{"id":"1","type":"text"}`: "(group)",
		`"type":"message","timestamp":1772442045207,"source":{"type":"room","userId":"U1"},"message":{"id":"1","type":"text"}`:  "(group)",
		`"type":"message","timestamp":1772442045207,"source":{"type":"star","userId":"U1"},"message":{"id":"1","type":"text"}`:  "(unknown_author)",
		`"type":"unsend",` + from + `,"unsend":{"messageId":"1"}`:                                                               "(deleted)",
		`"type":"follow",` + from:   "",
		`"type":"postback",` + from: "",
		`"type":"teleport",` + from: "(unknown_event)",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"destination":"U0","events":[{` + event + `}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		connectortest.Check(t, p)
		if got := connectortest.Summary(p); got != want {
			t.Errorf("%s: got %q, want %q", event, got, want)
		}
	}
}

// The console tries an address with a webhook without events.
func TestVerification(t *testing.T) {
	p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"destination":"U0","events":[]}`)})
	if err != nil || len(p.Activities)+len(p.Dropped) > 0 {
		t.Errorf("got %+v (%v), want nothing", p, err)
	}
}
