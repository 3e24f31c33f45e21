package ada

import (
	"net/http"
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
		"v1.conversation.message.constructed.json": "message by customer 5df263b7db5a7e6ea03fae9c in 5df263b7db5a7e6ea03fae9b",
		"v1.conversation.ended.constructed.json":   "closed by system in 5df263b7db5a7e6ea03fae9b",
	})
}

// Both families of header names are read, one of several signatures is enough,
// and the id is signed, too.
func TestSignature(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	c := &Connector{connector.Options{Secrets: []string{"whsec_c2VjcmV0MQ=="}, Now: func() time.Time { return now }}}
	for _, names := range [][]string{{"svix-id", "svix-timestamp", "svix-signature"}, {"webhook-id", "webhook-timestamp", "webhook-signature"}} {
		from := c.sign("msg_1", []byte("{}"))
		r := &connector.Request{Header: http.Header{}, Body: from.Body}
		for i, name := range []string{"svix-id", "svix-timestamp", "svix-signature"} {
			r.Header.Set(names[i], from.Header.Get(name))
		}
		r.Header.Set(names[2], "v1,AAAA v2,x "+r.Header.Get(names[2]))
		if err := c.Verify(r); err != nil {
			t.Errorf("%s: %v", names[0], err)
		}
		r.Header.Set(names[0], "msg_2")
		if err := c.Verify(r); err == nil {
			t.Errorf("%s: another id passed", names[0])
		}
	}
}

func parse(t *testing.T, o connector.Options, kind, data string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(`{"type":"` + kind + `","timestamp":"2026-08-14T10:05:01.123Z","data":` + data + `}`)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

func TestKinds(t *testing.T) {
	message := func(role, content string) string {
		return `{"message_id":"m1","conversation_id":"c1","created_at":"2026-08-14T10:05:01.000000+00:00","author":{"id":"x","role":"` + role + `"},"content":` + content + `}`
	}
	const text = `{"type":"text","body":"hello"}`
	for _, test := range []struct{ kind, data, want string }{
		{"v1.conversation.message", message("end_user", text), "message by customer m1 in c1"},
		{"v1.conversation.message", message("human_agent", text), "message by agent agent x m1 in c1"},
		{"v1.conversation.message", message("ai_agent", text), "message by bot agent x m1 in c1"},
		{"v1.conversation.message", message("system", text), "(unknown_author)"},
		{"v1.conversation.message", message("supervisor", text), "(unknown_author)"},
		{"v1.conversation.message", message("", text), "(unknown_author)"},
		{"v1.conversation.message", message("ai_agent", `{"type":"file","url":"https://x.example.com"}`), "message by bot agent x m1 in c1"},
		{"v1.conversation.message", message("ai_agent", `{"type":"note","body":"x"}`), "(unknown_kind)"},
		{"v1.conversation.message", message("ai_agent", `null`), "(unknown_kind)"},
		{"v1.conversation.created", `{"conversation_id":"c1","metadata":{"user_id":"u-1"}}`, "identified in c1 user u-1"},
		{"v1.conversation.ended", `{"conversation_id":"c1","ended_by":{"id":"e","role":"end_user"}}`, "closed by customer in c1"},
		{"v1.conversation.ended", `{"conversation_id":"c1","ended_by":{"id":"h","role":"human_agent"}}`, "closed by agent agent h in c1"},
		{"v1.conversation.ended", `{"conversation_id":"c1","ended_by":{"id":"b","role":"ai_agent"}}`, "closed by bot in c1"},
		{"v1.conversation.ended", `{"conversation_id":"c1","ended_by":{"role":"system"}}`, "closed by system in c1"},
		{"v1.conversation.ended", `{"conversation_id":"c1","ended_by":null}`, "closed in c1"},
		{"v1.conversation.handoff.ended", `[]`, ""},
		{"v1.conversation.whispered", `{}`, "(unknown_event)"},
	} {
		if got := connectortest.Summary(parse(t, connector.Options{}, test.kind, test.data)); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.kind, test.data, got, test.want)
		}
	}
}

func TestBodies(t *testing.T) {
	for in, want := range map[string]string{
		`{"type":"text","body":"1 < 2"}`:                                         "1 < 2",
		`{"type":"link","url":"https://x.example.com","link_text":"Rate us"}`:    "Rate us (https://x.example.com)",
		`{"type":"link","url":"https://x.example.com"}`:                          "https://x.example.com",
		`{"type":"file","url":"https://x.example.com/a.png","filename":"a.png"}`: "",
	} {
		p := parse(t, connector.Options{}, "v1.conversation.message", `{"message_id":"m1","conversation_id":"c1","author":{"role":"ai_agent"},"content":`+in+`}`)
		if got := p.Activities[0].Message.Body; got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestPeople(t *testing.T) {
	p := parse(t, connector.Options{UserIDField: "number"}, "v1.end_user.updated",
		`{"end_user_id":"e1","external_id":"x","profile":{"email":"mia@example.com","first_name":"Mia","last_name":"Berg","metadata":{"number":"77","anonymous_id":"anon"}}}`)
	if want := (conversation.Person{ContactID: "e1", Email: "mia@example.com", Name: "Mia Berg", UserID: "77", AnonymousID: "anon"}); len(p.Contacts) != 1 || p.Contacts[0] != want {
		t.Errorf("got %+v, want %+v", p.Contacts, want)
	}
}
