package gorgias

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
	const in = " in 551789749 user user-97980cfea0067"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_recommended_template_body.json":       "?" + question + "551789749",
		"constructed_ticket-message-created.agent.json":    "message by agent agent 387654483 90402" + in,
		"constructed_ticket-message-created.customer.json": "message by customer agent 387654483 90400" + in,
		"constructed_ticket-updated.closed.json":           "assigned agent 387654483" + in + "; closed agent 387654483" + in,
		"message.email_agent.json":                         "message by agent agent 387654483 208841467 in 86538298",
		"message.internal_note.json":                       "(private_note)",
		"ticket.json":                                      "message by agent agent 387654483 208822164 in 86538298",
	}, "constructed_api_*")
	// What the API answers to the question that the template leads to.
	files := map[string][]byte{}
	connectortest.Files(t, Type(), func(_ *testing.T, name string, b []byte) { files[name] = b })
	p := says(t, connector.Options{}, string(files["constructed_recommended_template_body.json"]), files["constructed_api_list_messages.chat.json"])
	const want = "message by customer agent 387654483 90400" + in + "; message by automation agent 387654483 90401" + in +
		"; message by agent 90402" + in + "; message by agent 90501" + in + " (private_note)"
	if got := connectortest.Summary(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := p.Activities[3].Channel; got != "email" {
		t.Errorf("the answer by e-mail: got channel %q", got)
	}
}

const question = "/api/messages?limit=100&order_by=created_datetime%3Adesc&ticket_id="

// says parses a body, with an answer of the API if there is one.
func says(t *testing.T, o connector.Options, body string, answer []byte) connector.Parsed {
	t.Helper()
	r := &connector.Request{Header: http.Header{}, Body: []byte(body)}
	p, err := Type().New(o).Parse(r)
	if answer != nil && err == nil && len(p.Lookups) == 1 {
		r.Answers = map[string][]byte{p.Lookups[0].Path: answer}
		p, err = Type().New(o).Parse(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

// Every kind of message by every kind of author.
func TestKinds(t *testing.T) {
	const bot = `,"sender":{"id":900,"name":"Helper"}`
	for _, k := range []struct{ fields, want string }{
		{`"from_agent":false,"public":true,"via":"gorgias_chat"`, "message by customer 5 in 1"},
		{`"from_agent":false,"public":true,"via":"api"`, "message by customer 5 in 1"},
		{`"from_agent":true,"public":true,"via":"helpdesk","sender":{"id":7,"name":"Ann Lee"}`, "message by agent agent 7 5 in 1"},
		{`"from_agent":true,"public":true,"via":"helpdesk","sender":null`, "message by agent 5 in 1"},
		{`"from_agent":true,"public":true,"via":"helpdesk"` + bot, "message by bot agent 900 5 in 1"},
		{`"from_agent":true,"public":true,"via":"api"` + bot, "message by bot agent 900 5 in 1"},
		{`"from_agent":true,"public":true,"via":"gorgias_chat"`, "message by automation 5 in 1"},
		{`"from_agent":true,"public":true,"via":"gorgias_chat"` + bot, "message by automation 5 in 1"},
		{`"from_agent":true,"public":true,"via":"helpdesk","rule_id":3`, "message by automation 5 in 1"},
		{`"from_agent":true,"public":true,"via":"rule"`, "message by automation 5 in 1"},
		{`"from_agent":true,"public":true,"via":"api"`, "(unknown_author)"},
		{`"from_agent":true,"public":true`, "(unknown_author)"},
		{`"public":true,"via":"helpdesk"`, "(unknown_author)"},
		{`"from_agent":true,"public":false,"via":"helpdesk"`, "(private_note)"},
		{`"from_agent":false,"public":false,"via":"gorgias_chat"`, "(private_note)"},
		{`"from_agent":true,"via":"helpdesk"`, "(private_note)"},
		{`"from_agent":true,"public":null,"via":"helpdesk"`, "(private_note)"},
		{`"from_agent":true,"public":true,"via":"internal-note"`, "(private_note)"},
		{`"from_agent":true,"public":true,"channel":"internal-note","via":"helpdesk"`, "(private_note)"},
		{`"from_agent":true,"public":true,"via":"helpdesk","failed_datetime":"2026-03-02T12:00:03Z"`, "(failed)"},
		{`"from_agent":true,"public":true,"via":"helpdesk","deleted_datetime":"2026-03-02T12:00:03Z"`, "(deleted)"},
	} {
		p := says(t, connector.Options{BotIDs: []string{"900"}}, fmt.Sprintf(`{"event":{"type":"ticket-message-created"},"ticket":{"id":1},"message":{"id":5,"stripped_text":"hello","created_datetime":"2026-03-02T12:00:00.5+00:00",%s}}`, k.fields), nil)
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s: got %q, want %q", k.fields, got, k.want)
		}
	}
}

func TestEvents(t *testing.T) {
	const message = `{"id":5,"ticket_id":1,"from_agent":false,"public":true,"created_datetime":"2026-03-02T12:00:00"}`
	for body, want := range map[string]string{
		`{"event":"ticket-message-created","message":` + message + `}`:                                      "message by customer 5 in 1",
		`{"event":{"type":"ticket-created"},"ticket":{"id":1,"messages":[` + message + `]},"message":null}`: "message by customer 5 in 1",
		`{"event":{"type":"ticket-merged"},"ticket":{"id":1},"message":` + message + `}`:                    "(unknown_event)",
		`{"hello":"there"}`: "(unknown_event)",
		`{"ticket":{"id":1,"status":"closed","closed_datetime":"2026-03-02T12:03:23+00:00"}}`:           "closed in 1",
		`{"ticket":{"id":1,"status":"open","closed_datetime":"2026-03-02T12:03:23+00:00"}}`:             "",
		`{"trigger":"ticket-updated","ticket_id":"1","status":"closed","closed":"2026-03-02 12:03:23"}`: "closed in 1",
		`{"trigger":"ticket-updated","ticket_id":1,"channel":"chat","status":"open","closed":"None"}`:   "",
		`{"trigger":"","ticket_id":1,"channel":"chat","status":"open","customer_external_id":"None"}`:   "?" + question + "1",
		`{"trigger":"ticket-message-created","ticket_id":"a&b","channel":"chat","status":"open"}`:       "?" + question + "a%26b",
		`{"trigger":"ticket-message-created","ticket_id":1,"channel":"email","status":"open"}`:          "",
	} {
		if got := connectortest.Summary(says(t, connector.Options{}, body, nil)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

// What a template writes for nothing is nothing.
func TestTemplate(t *testing.T) {
	const ticket = `{"v":1,"trigger":"ticket-message-created","ticket_id":"1","channel":"chat","status":"closed","created":"2026-03-02T12:00:00+00:00","closed":"2026-03-02T12:03:23+00:00",
		"assignee_id":"None","customer_id":"4001","customer_external_id":%q,"customer_name":"Mia Berg","customer_email":"mia@example.com"}`
	answer := []byte(`{"data":[{"id":5,"ticket_id":1,"channel":"chat","via":"gorgias_chat","from_agent":false,"public":true,"body_html":"<div>a &lt; b</div>","created_datetime":"2026-03-02T12:00:00.4Z","sender":null}]}`)
	p := says(t, connector.Options{}, fmt.Sprintf(ticket, "None"), answer)
	if got, want := connectortest.Summary(p), "message by customer 5 in 1; closed in 1"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	a := p.Activities[0]
	if got, want := fmt.Sprintf("%s %v %v %s", a.Message.Body, a.Customer, a.StartedAt, a.Channel), "a < b {  4001 mia@example.com Mia Berg} 2026-03-02 12:00:00 +0000 UTC chat"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// The API knows nothing of the ticket.
	r := &connector.Request{Body: []byte(fmt.Sprintf(ticket, "u-17")), Answers: map[string][]byte{question + "1": nil}}
	p, err := Type().New(connector.Options{}).Parse(r)
	if got, want := connectortest.Summary(p), "closed in 1 user u-17"; got != want || err != nil {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

func TestIdentity(t *testing.T) {
	const body = `{"ticket":{"id":1,"meta":{"anon":"a-1"},"customer":{"id":2,"external_id":"x-1","firstname":"Mia","lastname":"Berg","data":{"crm":17}}},
		"message":{"id":5,"channel":"whatsapp","from_agent":false,"public":true,"created_datetime":"2026-03-02T12:00:00"}}`
	a := says(t, connector.Options{UserIDField: "crm", AnonymousIDField: "anon"}, body, nil).Activities[0]
	if got, want := fmt.Sprintf("%v %s", a.Customer, a.Channel), "{17 a-1 2  Mia Berg} messaging"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A token may come in a header of ours, as a bearer, or in the address.
func TestVerify(t *testing.T) {
	c := Type().New(connector.Options{Secrets: []string{"right"}})
	for _, k := range []struct {
		url, header, value string
		ok                 bool
	}{
		{"https://chat.example.com/in/support?token=right", "", "", true},
		{"https://chat.example.com/in/support", "X-Gateway-Token", "right", true},
		{"https://chat.example.com/in/support", "Authorization", "Bearer right", true},
		{"https://chat.example.com/in/support?token=wrong", "", "", false},
		{"https://chat.example.com/in/support?token=", "", "", false},
		{"https://chat.example.com/in/support", "X-Gateway-Token", "wrong", false},
		{"https://chat.example.com/in/support", "Authorization", "right", false},
		{"https://chat.example.com/in/support", "", "", false},
	} {
		r := &connector.Request{URL: k.url, Header: http.Header{}}
		if k.header != "" {
			r.Header.Set(k.header, k.value)
		}
		if err := c.Verify(r); (err == nil) != k.ok {
			t.Errorf("%+v: got %v", k, err)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"ticket":{"status":"closed"}}`, `{"ticket":{"id":1},"message":{"from_agent":false,"public":true}}`, `{"ticket":"secret words"}`,
		`{"trigger":"","ticket_id":1,"status":"open","created":"secret words"}`, `{"from_agent":false,"ticket_id":1,"public":true}`,
	} {
		_, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without content", body, err)
		}
	}
}
