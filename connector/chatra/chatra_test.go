package chatra

import (
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"chatFragment.constructed.json": "message by customer dkmyYPxJyh5rKDhRT in MxhGJAEugdLtS2BBq user 019mr8mf4r; " +
			"message by agent agent bnRzp4CioKudG4aHm dkmyYPxJyh5rKDhRU in MxhGJAEugdLtS2BBq user 019mr8mf4r",
	})
}

func TestKinds(t *testing.T) {
	for body, want := range map[string]string{
		`{"eventName":"chatStarted","client":{"id":"v1","chatId":"c1"},"message":{"id":"m1","type":"client","createdAt":1665578322700}}`: "message by customer m1 in c1",
		`{"eventName":"chatFragment","chatId":"c1","messages":[{"id":"m1","type":"agent","agentId":"a1","createdAt":1665578322700}]}`:    "message by agent agent a1 m1 in c1",
		`{"eventName":"chatFragment","chatId":"c1","messages":[{"id":"m1","type":"visitor","createdAt":1665578322700}]}`:                 "(unknown_author)",
		`{"eventName":"chatTranscript","chatId":"c1","messages":[{"id":"m1","type":"client","createdAt":1665578322700}]}`:                "message by customer m1 in c1; closed in c1",
		`{"event":"chatTranscript","data":{"id":"c1","messages":[{"id":"m1","type":"client","createdAt":1665578322700}]}}`:               "message by customer m1 in c1; closed in c1",
		`{"eventName":"conversationStarted","conversationId":"c1","message":{"id":"m1","type":"visitor","createdAt":1665578322700}}`:     "(unknown_event)",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
		connectortest.Check(t, p)
	}
}
