package helpscout

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const in = " in 2b1d6a52-1b5c-4d0e-8f07-5f0b9f2b1a77"
	const e = "e0000000-0000-4000-8000-00000000000"
	created := "message by customer " + e + "1" + in
	answered := created + "; assigned agent 4440" + in + "; message by agent agent 4440 " + e + "3" + in
	// The files come without the header, by which alone others than chats are known.
	connectortest.Corpus(t, Type(), connectortest.Says{
		"api_chat_object.json":                          "message by agent agent 1 f0b9a6f4-6a1e-4b7e-9a5a-000000000001 in 8ac6a3a6-8f38-45e5-9b0c-1f4f6b1f2f10",
		"constructed_beacon.chat.created.json":          created,
		"constructed_beacon.chat.agent.replied.json":    answered,
		"constructed_beacon.chat.customer.replied.json": answered + "; message by customer agent 4440 " + e + "4" + in,
		"constructed_convo.created.from_chat.json":      "(unknown_event)",
		"convo.customer.reply.created.pipedream.json":   "(unknown_event)",
		"convo.deleted.json":                            "(unknown_event)",
		"convo.status.closed.json":                      "(unknown_event)",
		"convo.status.v1_shape.json":                    "(unknown_event)",
		"helpscout.test.json":                           "(unknown_event)",
	})
	connectortest.Files(t, Type(), func(t *testing.T, name string, b []byte) {
		for _, event := range []string{"convo.created", "convo.customer.reply.created", "convo.deleted", "convo.status", "helpscout.test"} {
			if strings.Contains(name, event) {
				if p := says(t, connector.Options{}, event, string(b)); len(p.Activities)+len(p.Dropped) > 0 {
					t.Errorf("got %s, want nothing", connectortest.Summary(p))
				}
			}
		}
	})
}

func says(t *testing.T, o connector.Options, event, body string) connector.Parsed {
	t.Helper()
	r := &connector.Request{Header: http.Header{}, Body: []byte(body)}
	if event != "" {
		r.Header.Set(header, event)
	}
	p, err := Type().New(o).Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

// Every kind of event by every kind of author.
func TestKinds(t *testing.T) {
	for _, k := range []struct{ kind, action, author, want string }{
		{"message", "message-added", `{"id":2,"type":"customer"}`, "message by customer 5 in 1"},
		{"message", "message-added", `{"id":7,"type":"user"}`, "message by agent agent 7 5 in 1"},
		{"message", "message-added", `{"id":7,"type":"agent"}`, "message by agent agent 7 5 in 1"},
		{"message", "message-added", `{"id":7,"type":"bot"}`, "(unknown_author)"},
		{"message", "message-added", `{"id":7}`, "(unknown_author)"},
		{"message", "message-added", `null`, "(unknown_author)"},
		{"message", "message-removed", `{"id":7,"type":"user"}`, "(unknown_kind)"},
		{"message", "", `{"id":7,"type":"user"}`, "(unknown_kind)"},
		{"note", "note-added", `{"id":7,"type":"user"}`, "(private_note)"},
		{"note", "message-added", `{"id":7,"type":"user"}`, "(private_note)"},
		{"line_item", "chat-accepted", `{"id":7,"type":"user"}`, "assigned agent 7 in 1"},
		{"line_item", "chat-accepted", `null`, ""},
		{"line_item", "message-added", `{"id":2,"type":"customer"}`, ""},
		{"attachment", "message-added", `{"id":2,"type":"customer"}`, "(unknown_kind)"},
		{"", "message-added", `{"id":2,"type":"customer"}`, "(unknown_kind)"},
	} {
		for _, event := range []string{"beacon.chat.customer.replied", "beacon.chat.agent.replied", "beacon.chat.whatever", ""} {
			p := says(t, connector.Options{}, event, fmt.Sprintf(`{"id":"1","beaconId":"b","createdAt":"2026-03-02T12:00:00Z","_embedded":{"events":[
				{"id":"5","type":%q,"action":%q,"author":%s,"createdAt":"2026-03-02T12:00:00.5Z","body":"hello"}]}}`, k.kind, k.action, k.author))
			if got := connectortest.Summary(p); got != k.want {
				t.Errorf("%s %s by %s: got %q, want %q", k.kind, k.action, k.author, got, k.want)
			}
		}
	}
}

func TestEvents(t *testing.T) {
	const chat = `{"id":"1","beaconId":"b","createdAt":"2026-03-02T12:00:00Z","endedAt":%s,"assignee":%s}`
	for _, k := range []struct{ event, ended, assignee, want string }{
		{"beacon.chat.created", "null", "null", ""},
		{"beacon.chat.assigned", "null", `{"id":7,"type":"user","first":"Ann","last":"Lee"}`, "assigned agent 7 in 1"},
		{"beacon.chat.assigned", "null", "null", ""},
		{"beacon.chat.whatever", `"2026-03-02T12:03:23Z"`, "null", "closed in 1"},
		{"convo.created", `"2026-03-02T12:03:23Z"`, "null", ""},
		{"satisfaction.ratings", "null", "null", ""},
		{"helpscout.test", "null", "null", ""},
		{"beacon.docs.viewed", "null", "null", "(unknown_event)"},
	} {
		p := says(t, connector.Options{}, k.event, fmt.Sprintf(chat, k.ended, k.assignee))
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s: got %q, want %q", k.event, got, k.want)
		}
	}
}

// What was told before is told in the same way again, though more has become
// known since.
func TestRepeatsItself(t *testing.T) {
	const first = `{"id":"5","type":"message","action":"message-added","author":{"id":2,"type":"customer"},"createdAt":"2026-03-02T12:00:01Z","body":"a <b> c & 1 < 2"}`
	const chat = `{"id":"1","createdAt":"2026-03-02T12:00:00Z","assignee":%s,"_embedded":{"events":[%s]}}`
	one := says(t, connector.Options{}, "beacon.chat.created", fmt.Sprintf(chat, "null", first)).Activities[0]
	two := says(t, connector.Options{}, "beacon.chat.assigned", fmt.Sprintf(chat, `{"id":7,"type":"user"}`, first)).Activities[0]
	if one != two {
		t.Errorf("got %+v, then %+v", one, two)
	}
}

func TestIdentity(t *testing.T) {
	o := connector.Options{UserIDField: "123"}
	p := says(t, o, "beacon.chat.created", `{"id":"1","createdAt":"2026-03-02T12:00:00Z","customFields":[{"id":123,"value":"u-17"},{"id":124,"name":"anonymous_id","value":"a-1"}],
		"customer":{"id":2,"type":"customer","first":"Mia","last":"Berg","email":"mia@example.com"},"_embedded":{"events":[
		{"id":"5","type":"message","action":"message-added","author":{"id":2,"type":"customer"},"createdAt":"2026-03-02T12:00:01Z","body":"<p>a &lt; b</p>"}]}}`)
	if got, want := fmt.Sprint(p.Activities[0].Customer, p.Activities[0].Message.Body), "{u-17 a-1 2 mia@example.com Mia Berg}a < b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	o.UserIDField = "crm-id"
	p = says(t, o, "customer.updated", `{"id":2,"firstName":"Mia","lastName":"Berg","_embedded":{"emails":[{"id":1,"value":"mia@example.com","type":"home"}],
		"properties":[{"type":"text","slug":"crm-id","name":"CRM","value":"u-17"},{"slug":"segment_anonymous_id","value":"a-1"}]}}`)
	if got, want := fmt.Sprint(p.Contacts), "[{u-17 a-1 2 mia@example.com Mia Berg}]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{`{"id":"1"}`, `{"id":"1","createdAt":"2026-03-02T12:00:00Z","_embedded":{"events":[{"id":"5"}]}}`, `{"id":"1","createdAt":"secret words"}`} {
		_, err := Type().New(connector.Options{}).Parse(&connector.Request{Header: http.Header{header: {"beacon.chat.created"}, "X-Helpscout-Event": {"beacon.chat.created"}}, Body: []byte(body)})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without content", body, err)
		}
	}
}
