package papercups

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const docs, chat, message = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "2d1f7f1e-3b5a-4c44-8d5e-6c8f6f1d0002", "00000000-0000-4000-8000-00000000000"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"docs.webhook_verify.json":                      "",
		"docs.message_created.customer.json":            "message by customer " + docs + " in " + docs + " user a1b2c3d4e5",
		"docs.conversation_created.json":                "identified in " + docs,
		"docs.conversation_updated.assigned.json":       "assigned agent 1 in " + docs,
		"constructed.conversation_updated.closed.json":  "closed agent 12 in " + chat + " user 019mr8mf4r",
		"constructed.message_created.agent.json":        "message by agent agent 12 " + message + "2 in " + chat,
		"constructed.message_created.bot.json":          "(private_note)",
		"constructed.message_created.customer.json":     "message by customer " + message + "1 in " + chat + " user 019mr8mf4r",
		"constructed.message_created.private-note.json": "(private_note)",
	})
}

func parse(o connector.Options, body string) (connector.Parsed, error) {
	return Type().New(o).Parse(&connector.Request{Body: []byte(body)})
}

// Papercups wants its challenge back before it saves the address.
func TestChallenge(t *testing.T) {
	p, err := parse(connector.Options{}, `{"event":"webhook:verify","payload":"ABC1WYZ"}`)
	if err != nil || p.Reply != "ABC1WYZ" || len(p.Activities) > 0 {
		t.Errorf("got %+v (%v)", p, err)
	}
	for _, payload := range []string{`""`, `7`, `{}`, `null`, `"` + strings.Repeat("x", maxChallenge+1) + `"`} {
		if p, err := parse(connector.Options{}, `{"event":"webhook:verify","payload":`+payload+`}`); err == nil || p.Reply != "" {
			t.Errorf("%.20s: got %+v (%v), want an error", payload, p, err)
		}
	}
	// No other event is one.
	if p, _ := parse(connector.Options{}, `{"event":"message:created","payload":"ABC1WYZ"}`); p.Reply != "" {
		t.Errorf("a message: got the reply %q", p.Reply)
	}
}

// It signs nothing; a secret, if there is one, stands in the address.
func TestVerify(t *testing.T) {
	for _, tt := range []struct {
		secrets []string
		url     string
		ok      bool
	}{
		{nil, "https://gateway.example.com/in/1f0c", true},
		{[]string{"s"}, "https://gateway.example.com/in/support?token=s", true},
		{[]string{"old", "s"}, "https://gateway.example.com/in/support?x=1&token=old", true},
		{[]string{"s"}, "https://gateway.example.com/in/support?token=x", false},
		{[]string{"s"}, "https://gateway.example.com/in/support", false},
		{[]string{""}, "https://gateway.example.com/in/support?token=", false},
	} {
		err := Type().New(connector.Options{Secrets: tt.secrets}).Verify(&connector.Request{URL: tt.url, Header: http.Header{}})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%q at %s: got %v", tt.secrets, tt.url, err)
		}
	}
}

// Whoever cannot be told apart for sure says nothing.
func TestAuthors(t *testing.T) {
	for message, want := range map[string]string{
		`"type":"reply","private":false,"user_id":null,"customer_id":"c1"`: "customer",
		`"type":"reply","private":false,"customer_id":"c1"`:                "customer",
		`"type":"reply","private":false,"user_id":7,"customer_id":null`:    "agent",
		`"type":"reply","private":true,"user_id":7,"customer_id":null`:     "private_note",
		`"type":"reply","private":null,"user_id":7,"customer_id":null`:     "private_note",
		`"type":"reply","user_id":7,"customer_id":null`:                    "private_note",
		`"type":"note","private":false,"user_id":7,"customer_id":null`:     "private_note",
		`"type":"bot","private":false,"user_id":7,"customer_id":null`:      "bot",
		`"type":"bot","private":true,"user_id":7,"customer_id":null`:       "private_note",
		`"type":"reply","private":false,"user_id":7,"customer_id":"c1"`:    "unknown_author",
		`"type":"reply","private":false,"user_id":null,"customer_id":null`: "unknown_author",
		`"type":"poem","private":false,"user_id":7,"customer_id":null`:     "unknown_kind",
		`"private":false,"user_id":7,"customer_id":null`:                   "unknown_kind",
	} {
		p, err := parse(connector.Options{}, `{"event":"message:created","payload":{"id":"m1","conversation_id":"v1","created_at":"2026-03-02T09:00:00","body":"hi",`+message+`}}`)
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By)
		}
		if got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", message, got, err, want)
		}
		if got == "bot" && p.Activities[0].Agent != (conversation.Agent{}) {
			t.Errorf("a bot's message in a user's name: got the agent %+v", p.Activities[0].Agent)
		}
	}
}

func TestEvents(t *testing.T) {
	const open = `{"event":"conversation:updated","payload":{"id":"v1","created_at":"2026-03-02T09:00:00",`
	for body, want := range map[string]string{
		`{"event":"teapot:boiled","payload":7}`:                         "(unknown_event)",
		open + `"status":"open"}}`:                                      "assigned in v1",
		open + `"status":"snoozed"}}`:                                   "(unknown_status)",
		open + `"status":"closed","closed_at":"2026-03-02T09:03:23Z"}}`: "closed in v1",
	} {
		p, err := parse(connector.Options{}, body)
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{
		open + `"status":"closed"}}`,
		`{"event":"conversation:created","payload":{"id":"v1"}}`,
		`{"event":"message:created","payload":[]}`,
		`{"event":"message:created","payload":{"type":"reply","private":false,"customer_id":"c1"}}`,
	} {
		if p, err := parse(connector.Options{}, body); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

// That a closed conversation was read is told like its closing, and is none.
func TestClosingToldTwice(t *testing.T) {
	const body = `{"event":"conversation:updated","payload":{"id":"v1","created_at":"2026-03-02T09:00:00","status":"closed","closed_at":"2026-03-02T09:03:23Z","read":`
	first, err := parse(connector.Options{}, body+`false}}`)
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(connector.Options{}, body+`true,"last_activity_at":"2026-03-02T09:05:00Z"}}`)
	if err != nil || first.Activities[0].ID != again.Activities[0].ID {
		t.Errorf("got %+v, then %+v (%v)", first, again, err)
	}
}

func TestIdentity(t *testing.T) {
	const body = `{"event":"conversation:created","payload":{"id":"v1","created_at":"2026-03-02T09:00:00","customer_id":"c1","customer":{"external_id":"u-1","metadata":{"anonymous_id":"s1","number":9,"site":"s2"}}}}`
	for _, tt := range []struct {
		o               connector.Options
		user, anonymous string
	}{{connector.Options{}, "u-1", "s1"}, {connector.Options{UserIDField: "number", AnonymousIDField: "site"}, "9", "s2"}} {
		p, err := parse(tt.o, body)
		if err != nil {
			t.Fatal(err)
		}
		if who := p.Activities[0].Customer; who.UserID != tt.user || who.AnonymousID != tt.anonymous || who.ContactID != "c1" {
			t.Errorf("%+v: got %+v", tt, who)
		}
	}
}
