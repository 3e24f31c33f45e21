package intercom

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const dana, bob = " in 215468 user user-97980cfea0067", " in 137324500000000 user 234523452345345"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_ping.json": "",
		"constructed_v2_15_plaintext_conversation.user.replied.json": "message by customer 14" + dana,
		"constructed_v2_conversation.admin.assigned.json":            "assigned agent 991267715" + dana,
		"constructed_v2_conversation.admin.closed.json":              "message by agent agent 991267715 16" + dana + "; closed by agent agent 991267715 16" + dana,
		"constructed_v2_conversation.admin.noted.json":               "(private_note)",
		"constructed_v2_conversation.admin.replied.json":             "message by agent agent 991267715 13" + dana,
		"constructed_v2_conversation.operator.replied.json":          "message by bot agent 991267700 11" + dana,
		"constructed_v2_conversation.user.created.json":              "message by customer 403918330" + dana,
		"constructed_v2_conversation.user.created.lead.json":         "message by customer 403918330 in 215469",
		"constructed_v2_conversation.user.replied.json":              "message by customer agent 991267715 14" + dana,
		"v1_conversation.admin.assigned.json":                        "assigned agent 3330619" + bob,
		"v1_conversation.admin.assigned.to_unknown.json":             "assigned agent 3330619" + bob,
		"v1_conversation.admin.closed.json":                          "closed by agent agent 3330619" + bob,
		"v1_conversation.admin.noted.json":                           "(private_note)",
		"v1_conversation.admin.opened.json":                          "reopened by agent agent 3330619" + bob,
		"v1_conversation.admin.opened.no_admin.json":                 "assigned" + bob + "; reopened by agent agent 3330619" + bob,
		"v1_conversation.admin.replied.json":                         "message by agent agent 3330619 6073780765" + bob + "; reopened by agent agent 3330619" + bob,
		"v1_conversation.admin.single.created.json":                  "message by agent agent 3330619 608953158" + bob,
		"v1_conversation.admin.single.created.lead.json":             "message by agent agent 3197195 612553981 in 15494800000000",
		"v1_conversation.admin.snoozed.json":                         "",
		"v1_conversation.admin.unsnoozed.json":                       "",
		"v1_conversation_part.redacted.json":                         "",
		"v1_conversation_part.tag.created.json":                      "",
		"v2_contact.user.updated.json":                               "",
		"v2_conversation.contact.attached.json":                      "",
		"v2_conversation.deleted.2.json":                             "",
		"v2_conversation.deleted.json":                               "",
		"v2_conversation.read.json":                                  "",
		"v2_conversation.updated.json":                               "",
	}, "api_*")
}

func says(t *testing.T, o connector.Options, body string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

// Every kind of part by every kind of author.
func TestKinds(t *testing.T) {
	for _, k := range []struct{ topic, kind, author, more, want string }{
		{"user.replied", "comment", `"type":"user"`, ``, "message by customer 5 in 1"},
		{"user.replied", "comment", `"type":"lead"`, ``, "message by customer 5 in 1"},
		{"user.replied", "comment", `"type":"contact"`, ``, "message by customer 5 in 1"},
		{"user.replied", "open", `"type":"user"`, ``, "message by customer 5 in 1; reopened by customer in 1"},
		{"user.replied", "quick_reply", `"type":"user"`, ``, "message by customer 5 in 1"},
		{"admin.replied", "comment", `"type":"admin"`, ``, "message by agent agent 7 5 in 1"},
		{"admin.replied", "comment", `"type":"team"`, ``, "message by agent agent 7 5 in 1"},
		{"admin.replied", "comment", `"type":"admin","from_ai_agent":true`, ``, "message by bot agent 7 5 in 1"},
		{"admin.replied", "comment", `"type":"admin","email":"operator+abc12345@intercom.io"`, ``, "message by bot agent 7 5 in 1"},
		{"operator.replied", "comment", `"type":"bot"`, ``, "message by bot agent 7 5 in 1"},
		{"operator.replied", "comment", `"type":"admin"`, ``, "message by bot agent 7 5 in 1"},
		{"admin.assigned", "assignment", `"type":"admin"`, `,"assigned_to":{"type":"admin","id":"8"}`, "assigned agent 8 in 1 (private_note)"},
		{"admin.assigned", "assignment", `"type":"admin"`, `,"body":null,"attachments":[{}],"assigned_to":{"type":"admin","id":"8"}`, "assigned agent 8 in 1 (private_note)"},
		{"admin.open.assigned", "assign_and_reopen", `"type":"admin"`, ``, "reopened by agent agent 7 in 1 (private_note)"},
		{"admin.assigned", "assignment", `"type":"admin"`, `,"body":null,"assigned_to":{"type":"nobody_admin","id":null}`, "assigned in 1"},
		{"admin.assigned", "assignment", `"type":"admin"`, `,"body":"","assigned_to":{"type":"team","id":"3"}`, ""},
		{"admin.assigned", "away_mode_assignment", `"type":"bot"`, `,"assigned_to":{"type":"admin","id":"8"}`, "assigned agent 8 in 1"},
		{"admin.closed", "close", `"type":"admin"`, `,"body":null`, "closed by agent agent 7 in 1"},
		{"admin.closed", "close", `"type":"bot"`, `,"body":null`, "closed by bot agent 7 in 1"},
		{"admin.closed", "close", `"type":"ghost"`, ``, "(unknown_author)"},
		{"admin.closed", "snoozed", `"type":"admin"`, ``, "closed in 1"},
		{"admin.opened", "assign_and_reopen", `"type":"admin"`, `,"body":null`, "reopened by agent agent 7 in 1"},
		{"admin.noted", "note", `"type":"admin"`, ``, "(private_note)"},
		{"admin.noted", "comment", `"type":"admin"`, ``, "(private_note)"},
		{"admin.noted", "open", `"type":"admin"`, ``, "(private_note)"},
		{"admin.noted", "note_and_reopen", `"type":"admin"`, ``, "(private_note)"},
		{"admin.replied", "operator_note", `"type":"bot"`, ``, "(private_note)"},
		{"admin.snoozed", "snoozed", `"type":"admin"`, ``, ""},
		{"admin.replied", "conversation_attribute_updated_by_admin", `"type":"bot"`, ``, ""},
		{"admin.replied", "ticket_state_updated_by_admin", `"type":"admin"`, ``, ""},
		{"admin.replied", "whisper", `"type":"admin"`, ``, "(unknown_kind)"},
		{"admin.replied", "", `"type":"admin"`, ``, "(unknown_kind)"},
		{"user.replied", "comment", `"type":"visitor_bot"`, ``, "(unknown_author)"},
		{"user.replied", "comment", `"name":"Mia"`, ``, "(unknown_author)"},
		{"user.replied", "comment", `"type":"user"`, `,"redacted":true`, "(deleted)"},
		{"rating.added", "comment", `"type":"user"`, ``, ""},
		{"admin.replied.translated", "comment", `"type":"admin"`, ``, ""},
		{"whispered", "comment", `"type":"user"`, ``, "(unknown_event)"},
	} {
		body := `"body":"<p>hello</p>"`
		if strings.Contains(k.more, `"body"`) {
			body = `"external_id":null`
		}
		p := says(t, connector.Options{}, fmt.Sprintf(`{"topic":"conversation.%s","data":{"item":{"type":"conversation","id":"1","created_at":1772452800,"updated_at":1772452900,
			"conversation_parts":{"conversation_parts":[{"id":"5","part_type":%q,%s,"created_at":1772452860,"author":{"id":"7",%s}%s}]}}}}`, k.topic, k.kind, body, k.author, k.more))
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s %s by %s %s: got %q, want %q", k.topic, k.kind, k.author, k.more, got, k.want)
		}
	}
}

// What is written with an assignment is a response in 2.x, and a note in 1.x.
func TestWrittenWithAssignment(t *testing.T) {
	for first, want := range map[string]string{
		`"source":{"type":"conversation","id":"4","author":{"type":"user","id":"9"}}`:              "assigned agent 8 in 1; message by agent agent 7 5 in 1",
		`"conversation_message":{"type":"conversation_message","id":"4","author":{"type":"user"}}`: "assigned agent 8 in 1 (private_note)",
	} {
		p := says(t, connector.Options{}, fmt.Sprintf(`{"topic":"conversation.admin.assigned","data":{"item":{"type":"conversation","id":"1","created_at":1772452800,%s,
			"conversation_parts":{"conversation_parts":[{"id":"5","part_type":"assignment","body":"<p>hello</p>","created_at":1772452860,
			"author":{"id":"7","type":"admin"},"assigned_to":{"type":"admin","id":"8"}}]}}}}`, first))
		if got := connectortest.Summary(p); got != want {
			t.Errorf("%s: got %q, want %q", first, got, want)
		}
	}
}

// What a conversation begins with is an agent's only if they wrote to one
// customer.
func TestOpening(t *testing.T) {
	for _, k := range []struct{ topic, delivered, author, want string }{
		{"user.created", "customer_initiated", "user", "message by customer 4 in 1"},
		{"user.created", "customer_initiated", "lead", "message by customer 4 in 1"},
		{"admin.single.created", "admin_initiated", "admin", "message by agent agent 7 4 in 1"},
		{"admin.single.created", "campaigns_initiated", "admin", "message by automation 4 in 1"},
		{"user.created", "admin_initiated", "admin", "message by automation 4 in 1"},
		{"user.created", "automated", "admin", "message by automation 4 in 1"},
		{"user.created", "operator_initiated", "bot", "message by automation 4 in 1"},
		{"user.created", "", "", "(unknown_author)"},
	} {
		p := says(t, connector.Options{}, fmt.Sprintf(`{"topic":"conversation.%s","data":{"item":{"type":"conversation","id":"1","created_at":1772452800,
			"source":{"type":"conversation","id":"4","delivered_as":%q,"body":"<p>hello</p>","author":{"type":%q,"id":"7"}}}}}`, k.topic, k.delivered, k.author))
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s %s by %s: got %q, want %q", k.topic, k.delivered, k.author, got, k.want)
		}
	}
}

// Tags are removed only where the body is HTML, and ids count only where they
// are the company's own.
func TestBodyAndUser(t *testing.T) {
	const uuid = "b7f1d9a0-5f0c-4c6d-9b1e-0c2d5a9e7f11"
	for _, k := range []struct{ source, author, external, body, user string }{
		{`<p>a &lt; b &amp; c</p>`, "user", "u-17", "a < b & c", "u-17"},
		{`<h1>Hi</h1>\n<p>there</p>`, "user", uuid, "Hi\nthere", uuid},
		{`a < b & <b>c</b> &lt;`, "lead", uuid, "a < b & <b>c</b> &lt;", ""},
		{`<b>bold</b>`, "lead", "u-17", "<b>bold</b>", ""},
		{`<p>and</p> more`, "contact", "u-17", "<p>and</p> more", "u-17"},
		{`<p><img src=\"https://files.example.com/a.png\"></p>`, "contact", uuid, "", ""},
	} {
		p := says(t, connector.Options{}, fmt.Sprintf(`{"topic":"conversation.user.created","data":{"item":{"id":1,"created_at":1772452800,
			"source":{"type":"whatsapp","id":4,"body":"%s","author":{"type":%q,"id":"c1"}},"contacts":[{"id":"c1","type":"contact","external_id":%q}]}}}`, k.source, k.author, k.external))
		a := p.Activities[0]
		if a.Message.Body != k.body || a.Customer.UserID != k.user || a.Customer.ContactID != "c1" || a.Channel != "messaging" {
			t.Errorf("%s: got %+v", k.source, a)
		}
	}
}

func TestCustomAttributes(t *testing.T) {
	body := `{"topic":"conversation.user.created","data":{"item":{"id":"1","created_at":1772452800,"custom_attributes":{"crm id":42,"anon":"a-1"},
		"source":{"type":"conversation","id":"4","author":{"type":"user","id":"c1"}},"contacts":{"contacts":[{"id":"c1","external_id":"u-17"}]}}}}`
	a := says(t, connector.Options{UserIDField: "crm id", AnonymousIDField: "anon"}, body).Activities[0]
	if a.Customer.UserID != "42" || a.Customer.AnonymousID != "a-1" {
		t.Errorf("got %+v", a.Customer)
	}
}

// People are known from webhooks about them, too.
func TestPeople(t *testing.T) {
	for body, want := range map[string]string{
		`{"topic":"contact.user.created","data":{"item":{"type":"contact","id":"c1","role":"user","external_id":"u-17","name":"Mia Berg","email":"mia@example.com"}}}`:                    "[] [{u-17  c1 mia@example.com Mia Berg}]",
		`{"topic":"contact.lead.created","data":{"item":{"type":"contact","id":"c1","role":"lead","external_id":"b7f1","custom_attributes":{"anonymous_id":"a-1"}}}}`:                     "[] [{ a-1 c1  }]",
		`{"topic":"user.created","data":{"item":{"type":"user","id":"c1","user_id":"u-17","name":null}}}`:                                                                                 "[] [{u-17  c1  }]",
		`{"topic":"conversation.contact.attached","data":{"item":{"conversation":{"model":{"id":1886}},"contact":{"type":"contact","id":"c1","role":"lead","email":"mia@example.com"}}}}`: "[] [{  c1 mia@example.com }]",
		`{"topic":"admin.added_to_workspace","data":{"item":{"type":"admin","id":"7","name":"Ann Lee","email":"ann@example.com"}}}`:                                                       "[{7 Ann Lee ann@example.com}] []",
		`{"topic":"admin.activity_log_event.created","data":{"item":{"type":"activity_log","id":"7"}}}`:                                                                                   "[] []",
	} {
		p := says(t, connector.Options{}, body)
		if got := fmt.Sprint(p.Agents, p.Contacts); got != want || len(p.Activities) > 0 {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"topic":"conversation.user.created","data":{"item":{"id":"1"}}}`,
		`{"topic":"conversation.user.created","data":{"item":{"id":"1","created_at":1772452800}}}`,
		`{"topic":"conversation.user.replied","data":{"item":{"id":"1","created_at":1772452800,"conversation_parts":{"conversation_parts":[{"id":"5"}]}}}}`,
		`{"topic":"conversation.user.replied","data":{"item":"secret words"}}`,
	} {
		_, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without content", body, err)
		}
	}
}
