package tiledesk

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const request, agent = "support-group-5e2c35c8f0dbc10017bb3aac-27df7cbf39464ca49b17dc16114108f1", "5e2c357af0dbc10017bb3aa7"
	opened := "assigned agent " + agent + " in " + request
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed.message.create.visitor.json":     "message by customer agent " + agent + " 66700000000000000000cc01 in " + request,
		"constructed.message.create.bot.json":         "message by bot agent bot_5e2c35c8f0dbc10017bb3b01 66700000000000000000cc02 in " + request,
		"constructed.message.create.private.json":     "(private_note)",
		"constructed.message.create.info-system.json": "(activity_line)",
		"constructed.request.create.json":             "identified in " + request + "; " + opened,
		"constructed.request.update.reopened.json":    "identified in " + request + "; " + opened,
		"constructed.request.close.json":              "closed by agent agent " + agent + " 66700000000000000000cc05 in " + request,
		// The documentation leaves out the request, and cuts one off.
		"docs.message.create.agent.json":    "(unknown_author)",
		"docs.request.close.truncated.json": "(unknown_status)",
	})
}

func parse(o connector.Options, body string) (connector.Parsed, error) {
	return Type().New(o).Parse(&connector.Request{Body: []byte(body)})
}

// Whoever cannot be told apart for sure says nothing.
func TestAuthors(t *testing.T) {
	for message, want := range map[string]string{
		`"sender":"v1"`:                                          "customer",
		`"sender":"v1","attributes":null`:                        "customer",
		`"sender":"v1","attributes":{"client":"x"}`:              "customer",
		`"sender":"a1"`:                                          "agent",
		`"sender":"a2"`:                                          "agent",
		`"sender":"a3"`:                                          "unknown_author",
		`"sender":"bot_b1"`:                                      "bot",
		`"sender":"system"`:                                      "activity_line",
		`"sender":"a1","attributes":{"subtype":"private"}`:       "private_note",
		`"sender":"bot_b1","attributes":{"subtype":"private"}`:   "private_note",
		`"sender":"v1","attributes":{"subtype":"info"}`:          "activity_line",
		`"sender":"a1","attributes":{"subtype":"info/support"}`:  "activity_line",
		`"sender":"a1","attributes":{"subtype":"secret"}`:        "unknown_kind",
		`"sender":"a1","attributes":{"subtype":{}}`:              "unknown_kind",
		`"sender":"a1","attributes":"{\"subtype\":\"private\"}"`: "unknown_kind",
		`"sender":"a1","attributes":[{"subtype":"private"}]`:     "unknown_kind",
		`"sender":"a1","attributes":{"subtype":null}`:            "agent",
		`"sender":"a1","type":"image"`:                           "agent",
		`"sender":"a1","type":"hologram"`:                        "unknown_kind",
	} {
		body := `{"timestamp":1772442000700,"hook":{"event":"message.create"},"payload":{"_id":"m1","recipient":"r1","createdAt":"2026-03-02T09:00:00.600Z",` + message +
			`,"request":{"request_id":"r1","lead":{"lead_id":"v1"},"participantsAgents":["a1"],"participatingAgents":[{"_id":"a2"}]}}}`
		p, err := parse(connector.Options{}, body)
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By)
		}
		if got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", message, got, err, want)
		}
	}
}

func TestClosers(t *testing.T) {
	for closer, want := range map[string]string{
		`"closed_by":"a1"`:                "closed by agent agent a1 in r1",
		`"closed_by":"v1"`:                "closed by customer agent a1 in r1",
		`"closed_by":"l1"`:                "closed by customer agent a1 in r1",
		`"closed_by":"bot_b1"`:            "closed by bot agent a1 in r1",
		`"closed_by":"b1"`:                "closed by bot agent a1 in r1",
		`"closed_by":"_trigger"`:          "closed by system agent a1 in r1",
		`"closed_by":"_bot_unresponsive"`: "closed by system agent a1 in r1",
		`"closed_by":"somebody"`:          "closed agent a1 in r1",
		`"closed_by":null`:                "closed agent a1 in r1",
	} {
		body := `{"hook":{"event":"request.close"},"payload":{"request_id":"r1","status":1000,"createdAt":"2026-03-02T09:00:00.500Z","closed_at":"2026-03-02T09:03:23.000Z","duration":202500,` + closer +
			`,"lead":{"_id":"l1","lead_id":"v1"},"participantsAgents":["a1"],"participantsBots":["b1"]}}`
		p, err := parse(connector.Options{}, body)
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", closer, got, err, want)
		}
	}
}

func TestEvents(t *testing.T) {
	for body, want := range map[string]string{
		`{"hook":{"event":"department.update"},"payload":{"_id":"d1","name":"Sales"}}`: "",
		`{"hook":{"event":"project_user.update"},"payload":["anything"]}`:              "",
		`{"hook":{"event":"operator.select"},"payload":{}}`:                            "",
		`{"hook":{"event":"teapot.boil"},"payload":{}}`:                                "(unknown_event)",
		`{"hook":{"event":"request.update"},"payload":{"request_id":"r1"}}`:            "(unknown_status)",
		`{"hook":{"event":"request.update"},"payload":{"request_id":"r1","lead":"l1","status":100,"createdAt":"2026-03-02T09:00:00.500Z","updatedAt":"2026-03-02T09:00:01.000Z"}}`: "identified in r1; assigned in r1",
		// A closing is one whatever the hook is called, and its time counts, not Tiledesk's milliseconds.
		`{"timestamp":1772442999999,"hook":{"event":"request.update"},"payload":{"request_id":"r1","status":1000,"createdAt":1772442000500,"closed_at":1772442203000,"duration":202500}}`: "closed in r1",
	} {
		p, err := parse(connector.Options{}, body)
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{
		`{"hook":{"event":"message.create"},"payload":7}`,
		`{"hook":{"event":"message.create"},"payload":{}}`,
		`{"hook":{"event":"message.create"},"payload":{"sender":"bot_b1","recipient":"r1","text":"hi"}}`,
		`{"hook":{"event":"request.close"},"payload":{"request_id":"r1","status":1000,"createdAt":1772442000500}}`,
	} {
		if p, err := parse(connector.Options{}, body); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, tt := range []struct {
		o               connector.Options
		lead, request   string
		user, anonymous string
	}{
		{connector.Options{}, `{}`, `{}`, "", ""},
		{connector.Options{}, `{"user_id":"u-1"}`, `{"anonymous_id":"s1"}`, "u-1", "s1"},
		{connector.Options{}, `null`, `{"user_id":7}`, "7", ""},
		{connector.Options{UserIDField: "lead_id"}, `{"user_id":"u-1"}`, `{}`, "v1", ""},
		{connector.Options{UserIDField: "number", AnonymousIDField: "site"}, `{"user_id":"u-1","number":9}`, `{"site":"s3"}`, "9", "s3"},
	} {
		p, err := parse(tt.o, `{"payload":{"request_id":"r1","status":100,"createdAt":"2026-03-02T09:00:00.500Z","updatedAt":"2026-03-02T09:00:01.000Z","attributes":`+tt.request+
			`,"lead":{"_id":"l1","lead_id":"v1","attributes":`+tt.lead+`}}}`)
		if err != nil {
			t.Fatal(err)
		}
		if who := p.Activities[0].Customer; who.UserID != tt.user || who.AnonymousID != tt.anonymous || who.ContactID != "v1" {
			t.Errorf("%+v: got %+v", tt, who)
		}
	}
}

func TestScrub(t *testing.T) {
	body, err := os.ReadFile("testdata/request.close.json")
	if err != nil {
		t.Fatal(err)
	}
	if scrubbed := (&Connector{}).Scrub(body); bytes.Contains(scrubbed, []byte("secret-jwt")) {
		t.Error("the token is left")
	}
}

func TestChannels(t *testing.T) {
	for name, want := range map[string]string{`"chat21"`: "chat", `"whatsapp"`: "messaging", `"messenger"`: "messaging", `"telegram"`: "messaging", `"email"`: "email", `"form"`: "form", `""`: ""} {
		p, err := parse(connector.Options{}, `{"payload":{"request_id":"r1","status":100,"createdAt":1772442000500,"updatedAt":1772442000500,"channel":{"name":`+name+`}}}`)
		if err != nil || p.Activities[0].Channel != want {
			t.Errorf("%s: got %+v (%v), want %q", name, p, err, want)
		}
	}
}
