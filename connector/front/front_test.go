package front

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const chat = " in cnv_yo1kg5q"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_assignee_changed.json":      "assigned agent tea_6r55a" + chat,
		"constructed_chat_inbound_received.json": "message by customer msg_1" + chat,
		"constructed_chat_outbound_ai.json":      "message by automation agent tea_bot msg_1b" + chat,
		"constructed_chat_outbound_sent.json":    "message by agent agent tea_6r55a msg_2" + chat,
		"constructed_conversation_archived.json": "closed by agent agent tea_6r55a" + chat,
		"constructed_conversation_reopened.json": "reopened by agent agent tea_6r55a" + chat,
		"constructed_preview_inbound.json":       "?/messages/msg_1",
		"conversation_archived.json":             "closed by agent agent tea_a0lec in cnv_1033w6l0",
		"inbound_received.2.json":                "message by customer msg_1sagx9sk in cnv_1042nr10",
		"inbound_received.json":                  "message by customer msg_1sagx9sk in cnv_1042nr10",
		"new_comment_added.json":                 "(private_note)",
		"sync_validation.json":                   "",
	})
}

func says(t *testing.T, o connector.Options, body string, answers map[string][]byte) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body), Answers: answers})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return p
}

// Whoever is not known for sure to speak to the customer says nothing.
func TestAuthors(t *testing.T) {
	for _, k := range []struct{ event, message, want string }{
		{"inbound", `"type":"front_chat","is_inbound":true`, "message by customer m in c"},
		{"inbound", `"type":"front_chat","is_inbound":true,"author":{"id":"tea_1","type":"visitor"}`, "message by customer m in c"},
		{"inbound", `"type":"front_chat","is_inbound":true,"author":{"id":"tea_1","type":"user"}`, "(unknown_author)"},
		{"inbound", `"type":"front_chat","is_inbound":false`, "(unknown_author)"},
		{"inbound", `"type":"front_chat"`, "(unknown_author)"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"user"}`, "message by agent agent 7 m in c"},
		{"out_reply", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"user"}`, "message by agent agent 7 m in c"},
		{"outbound_sent", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"ai"}`, "message by bot agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"900","type":"api"}`, "message by bot agent 900 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"api"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"application"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"bulk_reply"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"csat"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"smart_csat"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"integration"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"macro"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"rule"}`, "message by automation agent 7 m in c"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"ghost"}`, "(unknown_author)"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"900","type":"ghost"}`, "(unknown_author)"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7"}`, "(unknown_author)"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":null`, "(unknown_author)"},
		{"outbound", `"type":"front_chat","is_inbound":true,"author":{"id":"7","type":"user"}`, "(unknown_author)"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"user"},"draft_mode":"private"`, "(draft)"},
		{"outbound", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"user"},"is_draft":true`, "(draft)"},
		{"outbound", `"type":"internal","is_inbound":false,"author":{"id":"7","type":"user"}`, "(private_note)"},
		{"outbound", `"is_inbound":false,"author":{"id":"7","type":"user"}`, "(unknown_channel)"},
		{"comment", `"type":"front_chat"`, "(private_note)"},
		{"mention", `"type":"front_chat"`, "(private_note)"},
		{"forward", `"type":"front_chat","is_inbound":false,"author":{"id":"7","type":"user"}`, ""},
		{"tag", `"type":"front_chat"`, ""},
		{"trash", `"type":"front_chat"`, ""},
		{"whisper", `"type":"front_chat","is_inbound":true`, "(unknown_event)"},
		{"", `"type":"front_chat","is_inbound":true`, "(unknown_event)"},
	} {
		body := fmt.Sprintf(`{"type":%q,"id":"e","emitted_at":1772442045.5,"conversation":{"id":"c"},"target":{"data":{"id":"m","text":"hello",%s}}}`, k.event, k.message)
		p := says(t, connector.Options{BotIDs: []string{"900"}}, body, nil)
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s %s: got %q, want %q", k.event, k.message, got, k.want)
		}
	}
}

// A conversation that a rule or a reminder closes was closed by nobody.
func TestStatus(t *testing.T) {
	for _, k := range []struct{ event, more, want string }{
		{"archive", `"source":{"_meta":{"type":"teammate"},"data":{"id":"7","type":"user"}}`, "closed by agent agent 7 in c"},
		{"archive", `"source":{"_meta":{"type":"teammate"},"data":{"id":"7"}}`, "closed by agent agent 7 in c"},
		{"archive", `"source":{"_meta":{"type":"teammate"},"data":{"id":"7","type":"rule"}}`, "closed by system in c"},
		{"archive", `"source":{"_meta":{"type":"teammate"},"data":{"id":"7","type":"ai"}}`, "closed by bot in c"},
		{"archive", `"source":{"_meta":{"type":"rule"},"data":{"id":"7"}}`, "closed by system in c"},
		{"archive", `"source":{"_meta":{"type":"reminder"}}`, "closed by system in c"},
		{"archive", `"source":null`, "closed in c"},
		{"restore", `"source":{"_meta":{"type":"teammate"},"data":{"id":"7","type":"user"}}`, "reopened by agent in c"},
		{"assign", `"target":{"data":{"id":"8","type":"user"}}`, "assigned agent 8 in c"},
		{"unassign", `"target":null`, "assigned in c"},
		{"assignee_changed", `"target":null`, "(unknown_kind)"},
		{"reminder", `"target":null`, ""},
		{"move", `"target":{"data":[{"id":"inb_1"}]}`, ""},
	} {
		body := fmt.Sprintf(`{"type":%q,"id":"e","emitted_at":1772442045.5,"conversation":{"id":"c"},%s}`, k.event, k.more)
		p := says(t, connector.Options{}, body, nil)
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s %s: got %q, want %q", k.event, k.more, got, k.want)
		}
		for _, a := range p.Activities {
			if !a.StartedAt.IsZero() || a.Channel != "" {
				t.Errorf("%s: got channel %q and start %v, which nobody told", k.event, a.Channel, a.StartedAt)
			}
		}
	}
}

// The contact's own custom fields are asked for only where they are wanted.
func TestCustomFields(t *testing.T) {
	const body = `{"type":"inbound","id":"e","emitted_at":1772442045.5,"conversation":{"id":"c","custom_fields":{"segment_anonymous_id":"a-0"},
		"recipient":{"handle":"mia@example.com","_links":{"related":{"contact":"https://example.api.frontapp.com/contacts/crd_42"}}}},
		"target":{"data":{"id":"m","type":"front_chat","is_inbound":true,"text":"hello"}}}`
	if p := says(t, connector.Options{}, body, nil); len(p.Lookups) != 0 || p.Activities[0].Customer.AnonymousID != "a-0" || p.Activities[0].Customer.ContactID != "crd_42" {
		t.Errorf("got %+v", p)
	}
	o := connector.Options{UserIDField: "Customer number", AnonymousIDField: "segment"}
	p := says(t, o, body, nil)
	if len(p.Lookups) != 1 || p.Lookups[0] != (connector.Lookup{Path: "/contacts/crd_42", Keep: time.Hour}) {
		t.Fatalf("got %+v, want the contact asked for", p.Lookups)
	}
	p = says(t, o, body, map[string][]byte{"/contacts/crd_42": []byte(`{"id":"crd_42","custom_fields":{"Customer number":4711,"segment":"a-1"}}`)})
	if c := p.Activities[0].Customer; c.UserID != "4711" || c.AnonymousID != "a-1" {
		t.Errorf("got %+v", c)
	}
	p = says(t, o, body, map[string][]byte{"/contacts/crd_42": nil})
	if len(p.Lookups) != 0 || len(p.Activities) != 1 {
		t.Errorf("an unknown contact: got %+v", p)
	}
}

func TestChannels(t *testing.T) {
	for in, want := range map[string]string{"front_chat": "chat", "email": "email", "sms": "sms", "whatsapp": "messaging", "facebook": "messaging",
		"phone-call": "phone", "custom": "custom", "intercom": "intercom"} {
		if got := channel(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

// Applications and rules sign each in their own way, with one secret or two.
func TestVerify(t *testing.T) {
	at := time.UnixMilli(1700000000123)
	app := &connector.Request{Header: http.Header{}, Body: []byte(`{"type":"sync"}`)}
	rule := &connector.Request{Header: http.Header{}, Body: []byte(`{"type":"inbound"}`)}
	o := connector.Options{Secrets: []string{"signing key", "API secret"}, Now: func() time.Time { return at }}
	appScheme.Sign(connector.Options{Secrets: o.Secrets[:1], Now: o.Now}, app)
	ruleScheme.Sign(connector.Options{Secrets: o.Secrets[1:], Now: o.Now}, rule)
	c := Type().New(o)
	for name, r := range map[string]*connector.Request{"application": app, "rule": rule} {
		if err := c.Verify(r); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
		changed := *r
		changed.Body = append([]byte(" "), r.Body...)
		if err := c.Verify(&changed); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s, changed: got %v, want ErrSignature", name, err)
		}
	}
	at = at.Add(6 * time.Minute)
	if err := c.Verify(app); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("six minutes old: got %v, want ErrSignature", err)
	}
	app.Header.Del("X-Front-Request-Timestamp")
	if err := c.Verify(app); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("without its time: got %v, want ErrSignature", err)
	}
}

func TestUnreadable(t *testing.T) {
	for body, answer := range map[string]string{
		`{"type":"inbound_received"}`: "",
		`{"type":"inbound","emitted_at":1772442045,"conversation":{"id":"c"},"target":{"data":{"text":"secret"}}}`:                        "",
		`{"type":"inbound","conversation":{"id":"c"},"target":{"data":{"id":"m","type":"front_chat","is_inbound":true,"text":"secret"}}}`: "",
		`{"type":"archive","emitted_at":1772442045}`:                                                        "",
		`{"type":"archive","conversation":{"id":"c"}}`:                                                      "",
		`{"type":"archive","conversation":"secret"}`:                                                        "",
		`{"type":"inbound","emitted_at":1772442045,"conversation":{"id":"c"},"target":{"data":{"id":"m"}}}`: `["secret"]`,
	} {
		_, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body), Answers: map[string][]byte{"/messages/m": []byte(answer)}})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without content", body, err)
		}
	}
}
