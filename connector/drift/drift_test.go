package drift

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

var _ connector.Answerer = (*Connector)(nil)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_new_message.contact.json":         "message by customer 9123456 in 445566 ?/contacts/8811",
		"constructed_new_message.user.json":            "message by agent agent 2165 9123457 in 445566 ?/users/2165",
		"constructed_new_message.bot.json":             "message by bot agent 2000 9123455 in 445566 ?/users/2000",
		"constructed_new_message.private_note.json":    "(private_note)",
		"constructed_conversation_status_updated.json": "closed in 445566",
	})
}

func says(t *testing.T, o connector.Options, r *connector.Request) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(r)
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

// Every kind of message by every kind of author.
func TestKinds(t *testing.T) {
	for _, k := range []struct{ event, fields, want string }{
		{"new_message", `"type":"chat","author":{"id":2,"type":"contact","bot":false}`, "message by customer 5 in 1"},
		{"new_message", `"type":"chat","author":{"type":"contact"}`, "message by customer 5 in 1"},
		{"new_message", `"type":"chat","author":{"id":7,"type":"user","bot":false}`, "message by agent agent 7 5 in 1"},
		{"new_message", `"type":"chat","author":{"id":9,"type":"user","bot":true}`, "message by bot agent 9 5 in 1"},
		{"new_message", `"type":"chat","author":{"id":7,"type":"user"}`, "(unknown_author)"},
		{"new_message", `"type":"chat","author":{"id":7,"type":"team","bot":false}`, "(unknown_author)"},
		{"new_message", `"type":"chat"`, "(unknown_author)"},
		{"new_message", `"type":"private_note","author":{"id":7,"type":"user","bot":false}`, "(private_note)"},
		{"new_message", `"type":"private_note","author":{"id":2,"type":"contact","bot":false}`, "(private_note)"},
		{"new_message", `"author":{"id":7,"type":"user","bot":false}`, "(private_note)"},
		{"new_message", `"type":"private_prompt","author":{"id":7,"type":"user","bot":false}`, "(unknown_kind)"},
		{"new_command_message", `"type":"private_note","author":{"id":7,"type":"user","bot":false}`, ""},
		{"button_clicked", `"type":"chat","author":{"id":2,"type":"contact","bot":false}`, ""},
		{"contact_identified", `"type":"chat"`, ""},
		{"conversation_push", `"type":"chat"`, ""},
		{"conversation_status_updated", `"status":"closed","changedAt":1772452800000`, "closed in 1"},
		{"conversation_status_updated", `"status":"open","changedAt":1772452800000`, ""},
		{"conversation_status_updated", `"status":"pending"`, ""},
		{"conversation_imagined", `"type":"chat"`, "(unknown_event)"},
	} {
		p := says(t, connector.Options{}, &connector.Request{Body: fmt.Appendf(nil, `{"type":%q,"data":{"id":5,"conversationId":1,"createdAt":1772452800123,"body":"hello",%s}}`, k.event, k.fields)})
		p.Lookups = nil
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s %s: got %q, want %q", k.event, k.fields, got, k.want)
		}
	}
}

// The API tells who somebody is, if it can be asked and knows them.
func TestAnswers(t *testing.T) {
	const body = `{"type":"new_message","data":{"id":5,"conversationId":1,"createdAt":1772452800123,"type":"chat","body":"<p>1 &lt; 2</p>","author":{"id":2,"type":%q,"bot":false}}}`
	customer := &connector.Request{Body: fmt.Appendf(nil, body, "contact"), Answers: map[string][]byte{
		"/contacts/2": []byte(`{"data":{"id":2,"attributes":{"email":"mia@example.com","name":"Mia Berg","externalId":"u-17","crm":17,"ajs_anonymous_id":"a-1"}}}`)}}
	for _, k := range []struct{ field, want string }{{"", "{u-17 a-1 2 mia@example.com Mia Berg}"}, {"crm", "{17 a-1 2 mia@example.com Mia Berg}"}} {
		p := says(t, connector.Options{UserIDField: k.field}, customer)
		if got := fmt.Sprint(p.Activities[0].Customer); got != k.want || len(p.Lookups) > 0 {
			t.Errorf("got %s, want %s", got, k.want)
		}
	}
	agent := &connector.Request{Body: fmt.Appendf(nil, body, "user"), Answers: map[string][]byte{"/users/2": []byte(`{"data":{"id":2,"name":"Ann Lee","email":"ann@example.com"}}`)}}
	if got, want := fmt.Sprint(says(t, connector.Options{}, agent).Activities[0].Agent), "{2 Ann Lee ann@example.com}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	agent.Answers["/users/2"] = nil
	p := says(t, connector.Options{}, agent)
	if got, want := fmt.Sprint(p.Activities[0].Agent), "{2  }"; got != want || len(p.Lookups) > 0 || p.Activities[0].Message.Body != "1 < 2" {
		t.Errorf("nobody known: got %+v", p)
	}
}

func TestToken(t *testing.T) {
	c := Type().New(connector.Options{Secrets: []string{"right"}}).(*Connector)
	for _, k := range []struct {
		header, body string
		ok           bool
	}{
		{"", `{"token":"right"}`, true}, {"right", `{}`, true}, {"wrong", `{"token":"right"}`, false},
		{"", `{"token":"wrong"}`, false}, {"", `{"token":null}`, false}, {"", `{}`, false}, {"", `right`, false},
	} {
		r := &connector.Request{Header: http.Header{}, Body: []byte(k.body)}
		if k.header != "" {
			r.Header.Set("X-Verification-Token", k.header)
		}
		if err := c.Verify(r); (err == nil) != k.ok {
			t.Errorf("%+v: got %v", k, err)
		}
	}
	if got := string(c.Scrub([]byte(`{"orgId":1,"token":"right","data":{"body":"the \"token\":\"x\""}}`))); strings.Contains(got, "right") || !strings.Contains(got, `x\"`) {
		t.Errorf("scrubbed: got %s", got)
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"type":"new_message","data":{"type":"chat"}}`, `{"type":"new_message","data":"secret words"}`, `{"type":"conversation_status_updated","data":{"status":"closed"}}`,
	} {
		_, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without content", body, err)
		}
	}
}
