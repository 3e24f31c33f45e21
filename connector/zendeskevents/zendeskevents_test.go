package zendeskevents

import (
	"errors"
	"net/http"
	"strings"
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
		"constructed_messaging_ticket.message_added.agent.json":    "message by agent agent 8447388090495 67ab60aa0000000000000001 in 141",
		"constructed_messaging_ticket.message_added.end_user.json": "message by customer 67ab60000000000000000004 in 141",
		"constructed_messaging_ticket.message_added.trigger.json":  "message by automation 67ab5f600000000000000003 in 141",
		"constructed_ticket.status_changed.reopened.json":          "reopened agent 8447388090494 in 5158",
		"constructed_trigger_template_body.json":                   "(unknown_event)", // a trigger's, which has any shape and no time
		"messaging_ticket.message_added.json":                      "message by bot agent zd:answerBot 67ab5f55155becd183e284cb in 141",
		"ticket.agent_assignment_changed.json":                     "assigned agent 8447388090496 in 5158",
		"ticket.comment_added.json":                                "message by agent agent 8447388090495 9876543210 in 5158",
		"ticket.created.json":                                      "identified agent 8447388090494 in 5158",
		"ticket.status_changed.json":                               "closed agent 8447388090494 in 5158",
	})
}

func parse(t *testing.T, kind, detail, event string) connector.Parsed {
	t.Helper()
	body := `{"type":"zen:event-type:` + kind + `","time":"2026-03-02T09:00:00.000000001Z","detail":{"id":"17",` + detail + `},"event":{` + event + `}}`
	p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatalf("%s %s %s: %v", kind, detail, event, err)
	}
	return p
}

// says is what a webhook says in a line: types, authors and reasons.
func says(p connector.Parsed) string {
	var words []string
	for _, a := range p.Activities {
		words = append(words, strings.TrimSpace(string(a.Type)+" "+string(a.By)))
	}
	return strings.Join(append(words, p.Dropped...), ",")
}

// Whoever cannot be told apart for sure says nothing.
func TestAuthors(t *testing.T) {
	for actor, want := range map[string]string{
		`{"id":"1","type":"end_user"}`:             "message customer",
		`{"id":"1","type":"agent"}`:                "message agent",
		`{"id":"1","type":"trigger"}`:              "message automation",
		`{"id":"zd:answerBot","type":"system"}`:    "message bot",
		`{"id":"zd:surveyWriter","type":"system"}`: "message automation",
		`{"id":"1","type":"bot"}`:                  "unknown_author",
		`{"id":"1"}`:                               "unknown_author",
		`null`:                                     "unknown_author",
	} {
		p := parse(t, "messaging_ticket.message_added", `"x":1`, `"actor":`+actor+`,"message":{"id":"m","body":"hello"}`)
		if got := says(p); got != want {
			t.Errorf("%s: got %q, want %q", actor, got, want)
		}
	}
}

// What is written into a ticket is private unless Zendesk says otherwise, and
// none of the messages where there are messages.
func TestComments(t *testing.T) {
	tests := []struct{ detail, comment, want string }{
		{`"via":{"channel":"email"}`, `"is_public":true,"author":{"id":"1","is_staff":true}`, "message agent"},
		{`"via":{"channel":"email"}`, `"is_public":true,"author":{"id":"1","is_staff":false}`, "message customer"},
		{`"via":{"channel":"email"}`, `"is_public":true,"author":{"id":"1"}`, "unknown_author"},
		{`"via":{"channel":"email"}`, `"is_public":false,"author":{"id":"1","is_staff":true}`, "private_note"},
		{`"via":{"channel":"email"}`, `"is_public":null,"author":{"id":"1","is_staff":true}`, "private_note"},
		{`"via":{"channel":"email"}`, `"author":{"id":"1","is_staff":true}`, "private_note"},
		{`"via":{"channel":"native_messaging"}`, `"is_public":true,"author":{"id":"1","is_staff":true}`, "ticket_comment"},
		{`"via":{"channel":"native_messaging"}`, `"is_public":false,"author":{"id":"1","is_staff":true}`, "private_note"},
		{`"via":{"channel":"chat"}`, `"is_public":true,"author":{"id":"1","is_staff":true}`, "ticket_comment"},
	}
	for _, tt := range tests {
		p := parse(t, "ticket.comment_added", tt.detail, `"comment":{"id":"m","body":"hello",`+tt.comment+`}`)
		if got := says(p); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.detail, tt.comment, got, tt.want)
		}
	}
	// A ticket that a program made is no chat.
	p := parse(t, "ticket.comment_added", `"via":{"channel":"web_service"}`, `"comment":{"id":"m","body":"hello","is_public":true,"author":{"id":"1","is_staff":true}}`)
	if got := p.Activities[0].Channel; got != "ticket" {
		t.Errorf("channel: got %q, want ticket", got)
	}
}

func TestStatus(t *testing.T) {
	const people = `"requester_id":"c","assignee_id":"a","actor_id":`
	tests := []struct{ actor, from, to, want string }{
		{`"a"`, "OPEN", "SOLVED", "closed agent"},
		{`"c"`, "OPEN", "SOLVED", "closed customer"},
		{`"t"`, "PENDING", "SOLVED", "closed"},
		{`"-1"`, "HOLD", "SOLVED", "closed system"},
		{`null`, "new", "closed", "closed"},
		{`"-1"`, "SOLVED", "CLOSED", ""},
		{`"c"`, "SOLVED", "OPEN", "reopened"},
		{`"a"`, "SOLVED", "PENDING", "reopened"},
		{`"a"`, "OPEN", "PENDING", ""},
		{`"a"`, "NEW", "OPEN", ""},
		{`"a"`, "OPEN", "DELETED", ""},
		{`"a"`, "SOLVED", "ARCHIVED", ""},
	}
	for _, tt := range tests {
		if got := says(parse(t, "ticket.status_changed", people+tt.actor, `"previous":"`+tt.from+`","current":"`+tt.to+`"`)); got != tt.want {
			t.Errorf("%+v: got %q", tt, got)
		}
	}
}

func TestAssigned(t *testing.T) {
	for current, want := range map[string]string{`8447388090496`: "8447388090496", `"8447388090496"`: "8447388090496", `null`: "", `0`: "", `"0"`: "", `{}`: ""} {
		if got := parse(t, "ticket.agent_assignment_changed", `"x":1`, `"current":`+current).Activities[0].Agent.ID; got != want {
			t.Errorf("%s: got %q, want %q", current, got, want)
		}
	}
}

func TestPeople(t *testing.T) {
	p := parse(t, "user.created", `"role":"end-user","external_id":"u-1","email":"mia@example.com"`, ``)
	if want := (conversation.Person{ContactID: "17", UserID: "u-1", Email: "mia@example.com"}); len(p.Contacts) != 1 || p.Contacts[0] != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	p = parse(t, "user.name_changed", `"role":"admin","external_id":"","email":"ann@example.com"`, `"current":"Ann Lee"`)
	if want := (conversation.Agent{ID: "17", Name: "Ann Lee", Username: "ann@example.com"}); len(p.Agents) != 1 || p.Agents[0] != want {
		t.Errorf("got %+v, want %+v", p, want)
	}
	if p = parse(t, "user.role_changed", `"role":"robot"`, `"current":true`); len(p.Agents)+len(p.Contacts) > 0 {
		t.Errorf("got %+v, want nobody", p)
	}
}

func TestOtherEvents(t *testing.T) {
	for kind, want := range map[string]string{"ticket.tags_changed": "", "ticket.comment_made_private": "", "article.published": "",
		"messaging_ticket.message_redacted": "unknown_event", "weather.changed": "unknown_event"} {
		if got := says(parse(t, kind, `"via":17`, `"message":"x"`)); got != want { // and may have any shape
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"type":"zen:event-type:messaging_ticket.message_added","detail":{"id":"17"},"event":{"message":{"id":"m"}}}`,
		`{"type":"zen:event-type:messaging_ticket.message_added","time":"2026-03-02T09:00:00Z","event":{"message":{"id":"m"}}}`,
		`{"type":"zen:event-type:messaging_ticket.message_added","time":"2026-03-02T09:00:00Z","detail":17}`,
		`{"type":"zen:event-type:ticket.status_changed","detail":{"id":"17"},"event":{"current":"SOLVED","previous":"OPEN"}}`,
		`{"type":"zen:event-type:ticket.comment_added","time":"2026-03-02T09:00:00Z","detail":{"id":"17"},"event":{"comment":{"is_public":true}}}`,
	} {
		if p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

// Zendesk signs time and body together, and tests of unsaved webhooks with a
// secret that everybody knows.
func TestVerify(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for secret, ok := range map[string]bool{"right": true, testSecret: false} {
		o := connector.Options{Secrets: []string{secret}, Now: func() time.Time { return at }}
		r := &connector.Request{Header: http.Header{}, Body: []byte("{}")}
		scheme.Sign(o, r)
		if err := Type().New(o).Verify(r); (err == nil) != ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%q: got %v", secret, err)
		}
		r.Header.Set(scheme.Time, "2026-03-02T09:00:01Z")
		if err := Type().New(o).Verify(r); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("another time: got %v, want ErrSignature", err)
		}
	}
}

// The signature is one that another program made.
func TestVector(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c := Type().New(connector.Options{Secrets: []string{"a-signing-secret"}, Now: func() time.Time { return at }})
	r := &connector.Request{Header: http.Header{}, Body: []byte(`{"type":"zen:event-type:ticket.created"}`)}
	r.Header.Set("X-Zendesk-Webhook-Signature-Timestamp", "2026-03-02T09:00:00Z")
	r.Header.Set("X-Zendesk-Webhook-Signature", "5aKRWnC96SarlR60UQEh/BiPb58REWlStvOI07dGVLY=")
	if err := c.Verify(r); err != nil {
		t.Error(err)
	}
}
