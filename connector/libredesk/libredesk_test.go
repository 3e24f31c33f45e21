package libredesk

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"slices"
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
	const first = "91c95b28-4bc6-4034-9185-a1f929f93401"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"webhook.test.json":                          "",
		"message.created.first-visitor-message.json": "message by customer 14e2f9b9-7ab9-49b3-9d74-9917f9f823c2 in " + first,
		"message.created.visitor-second.json":        "message by customer 13a26dbb-40f8-4c85-b95c-e19ef940c748 in " + first,
		"message.created.agent.json":                 "message by agent agent 2 f8d0ada7-f6dd-419f-ac92-71340a362f85 in " + first,
		"message.updated.agent-status-sent.json":     "",
		"message.created.attachment.json":            "message by customer bc0c76a5-6c30-4c8c-8ed5-e535e19eb205 in 9e8b8187-7d6d-4434-b071-35f1165238d7",
		"message.created.activity-assigned.json":     "(activity_line)",
		"message.created.activity-closed.json":       "(activity_line)",
		"message.created.activity-reopened.json":     "(activity_line)",
		"message.created.activity-resolved.json":     "(activity_line)",
		"message.created.activity-snoozed.json":      "(activity_line)",
		"conversation.created.visitor.json":          "identified in " + first,
		"conversation.assigned.json":                 "assigned agent 2 in " + first,
		"conversation.unassigned.json":               "assigned in " + first,
		"conversation.tags_changed.json":             "",
		"conversation.status_changed.snoozed.json":   "",
		"conversation.status_changed.resolved.json":  "closed by agent agent 2 in " + first,
		"conversation.status_changed.closed.json":    "closed by agent agent 2 in " + first,
		// These are older than states of a category, and authors.
		"docs.message.created.json":             "(unknown_author)",
		"docs.message.updated.json":             "",
		"docs.conversation.created.json":        "identified in 550e8400-e29b-41d4-a716-446655440000",
		"docs.conversation.assigned.json":       "assigned agent 789 in 550e8400-e29b-41d4-a716-446655440000",
		"docs.conversation.unassigned.json":     "assigned in 550e8400-e29b-41d4-a716-446655440000",
		"docs.conversation.tags_changed.json":   "",
		"docs.conversation.status_changed.json": "(unknown_status)",
	})
}

// Whoever cannot be told apart for sure says nothing.
func TestAuthors(t *testing.T) {
	for message, want := range map[string]string{
		`"type":"outgoing","private":false,"author":{"id":7,"type":"agent"}`:                                  "agent",
		`"type":"outgoing","private":true,"author":{"id":7,"type":"agent"}`:                                   "private_note",
		`"type":"outgoing","private":null,"author":{"id":7,"type":"agent"}`:                                   "private_note",
		`"type":"outgoing","author":{"id":7,"type":"agent"}`:                                                  "private_note",
		`"type":"activity","private":false,"author":{"id":7,"type":"agent"}`:                                  "activity_line",
		`"type":"outgoing","private":false,"author":{"id":1,"type":"agent"}`:                                  "automation",
		`"type":"outgoing","private":false,"author":{"id":7,"type":"agent"},"meta":{"is_automated":true}`:     "automation",
		`"type":"outgoing","private":false,"author":{"id":7,"type":"agent"},"meta":{"is_automated":false}`:    "agent",
		`"type":"outgoing","private":false,"author":{"id":7,"type":"agent"},"meta":{"is_csat":true}`:          "automation",
		`"type":"outgoing","private":false,"author":{"id":1,"type":"agent"},"meta":{"continuity_email":true}`: "continuity_email",
		`"type":"outgoing","private":false,"author":{"id":7,"type":"agent"},"meta":[]`:                        "agent",
		`"type":"outgoing","private":false,"author":{"id":12,"type":"ai_assistant"}`:                          "bot",
		`"type":"outgoing","private":false,"author":{"id":9,"type":"ghost"}`:                                  "unknown_author",
		`"type":"outgoing","private":false,"sender_type":"agent"`:                                             "unknown_author",
		`"type":"incoming","private":false,"author":{"id":3,"type":"visitor"}`:                                "customer",
		`"type":"incoming","private":false,"author":{"id":3,"type":"contact"}`:                                "customer",
		`"type":"incoming","private":false,"sender_type":"contact"`:                                           "customer",
		`"type":"incoming","private":true,"author":{"id":3,"type":"contact"}`:                                 "private_note",
		`"type":"incoming","private":false,"author":{"id":7,"type":"agent"}`:                                  "unknown_author",
		`"type":"whisper","private":false,"author":{"id":7,"type":"agent"}`:                                   "unknown_kind",
	} {
		body := `{"event":"message.created","payload":{"uuid":"m1","conversation_uuid":"c1","created_at":"2026-03-02T09:00:00Z",` + message + `}}`
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By)
		}
		if got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", message, got, err, want)
		}
	}
}

func TestEvents(t *testing.T) {
	for body, want := range map[string]string{
		`{"event":"my_rule","payload":["anything"]}`:                                                                      "(unknown_event)",
		`{"event":"conversation.tags_changed","payload":7}`:                                                               "",
		`{"event":"conversation.status_changed","payload":{"conversation_uuid":"c1"},"timestamp":"2026-03-02T09:00:00Z"}`: "(unknown_status)",
		// The conversation could not be fetched.
		`{"event":"conversation.assigned","payload":{"conversation_uuid":"c1","assigned_to":7,"conversation":{"uuid":"","updated_at":"0001-01-01T00:00:00Z"}},"timestamp":"2026-03-02T09:00:00Z"}`:           "assigned agent 7 in c1",
		`{"event":"conversation.status_changed","payload":{"actor_id":3,"conversation":{"uuid":"c1","contact_id":3,"assigned_user_id":7,"status_category":"resolved","updated_at":"2026-03-02T09:00:00Z"}}}`: "closed by customer agent 7 in c1",
		`{"event":"conversation.status_changed","payload":{"conversation":{"uuid":"c1","contact_id":3,"status_category":"resolved","updated_at":"2026-03-02T09:00:00Z"}}}`:                                   "closed in c1",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{`{"event":"message.created","payload":7}`, `{"event":"message.created","payload":{"type":"incoming","private":false,"sender_type":"contact"}}`} {
		if _, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got no error", body)
		}
	}
}

// What was signed long ago passes: webhooks that somebody kept are sent again.
func TestAge(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	options := connector.Options{Secrets: []string{"x"}, Now: func() time.Time { return at }}
	c := &Connector{options}
	r := c.sign(conversation.Activity{Time: at.AddDate(0, -1, 0)}, "webhook.test", obj{})
	if err := c.Verify(&r); err != nil {
		t.Errorf("a month old: got %v", err)
	}
	r = connector.Request{Header: http.Header{}, Body: []byte("not JSON")}
	scheme.Sign(options, &r)
	if err := c.Verify(&r); err != nil {
		t.Errorf("signed, but unreadable: got %v", err)
	}
}

func TestScrub(t *testing.T) {
	body, err := os.ReadFile("testdata/message.created.attachment.json")
	if err != nil {
		t.Fatal(err)
	}
	if scrubbed := (&Connector{}).Scrub(body); bytes.Contains(scrubbed, []byte("sig=")) {
		t.Errorf("a signed address is left: %s", scrubbed)
	}
}

// told plays webhooks, in order of arrival, and returns what becomes of them
// once they are in order.
func told(t *testing.T, bodies ...string) (kinds []string) {
	var list []conversation.Activity
	for _, body := range bodies {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, p.Activities...)
	}
	slices.SortFunc(list, conversation.Compare)
	var s conversation.State
	for _, a := range list {
		var o conversation.Output
		s, o = conversation.Step(conversation.Origin{}, conversation.Rules{}, s, a)
		for _, e := range o.Events {
			kinds = append(kinds, fmt.Sprintf("%s %ds %s %s", strings.TrimPrefix(string(e.Kind), "Live Chat "), e.Properties.ConversationDuration, e.Properties.MessageID, e.UserID))
		}
	}
	return kinds
}

func said(event, id, at, rest string) string {
	return fmt.Sprintf(`{"event":%q,"payload":{"uuid":%q,"conversation_uuid":"c1","created_at":"2026-03-02T09:%sZ","private":false,%s}}`, event, id, at, rest)
}

func resolved(name, at string) string {
	return fmt.Sprintf(`{"event":"conversation.status_changed","payload":{"actor_id":7,"conversation":{"uuid":"c1","inbox_channel":"livechat","created_at":"2026-03-02T09:00:00Z",`+
		`"updated_at":"2026-03-02T09:%sZ","resolved_at":"2026-03-02T09:02:00Z","status":%q,"status_category":"resolved"},"new_status":%q}}`, at, name, name)
}

const (
	customer = `"type":"incoming","author":{"id":3,"type":"contact"}`
	agent    = `"type":"outgoing","author":{"id":7,"type":"agent"}`
	created  = `{"event":"conversation.created","payload":{"uuid":"c1","inbox_channel":%q,"created_at":"2026-03-02T09:00:00Z","updated_at":"2026-03-02T09:00:01Z","contact":{"id":3,"external_user_id":"u-1"}}}`
)

// The first message comes before its conversation, updates before what they
// update, and a burst in any order.
func TestOutOfOrder(t *testing.T) {
	got := told(t, said("message.created", "m1", "00:00.05", customer), fmt.Sprintf(created, "livechat"),
		said("message.updated", "m3", "00:20", agent), said("message.created", "m3", "00:20", agent), said("message.created", "m2", "00:10", agent),
		said("message.updated", "m2", "00:10", agent))
	want := []string{"Conversation Started 0s m1 u-1", "Message Sent 0s m1 u-1", "Message Received 9s m2 u-1", "Message Received 19s m3 u-1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := told(t, said("message.created", "m1", "00:00.05", customer), fmt.Sprintf(created, "email")); len(got) > 0 {
		t.Errorf("an e-mail: got %q, want nothing", got)
	}
}

// A customer who writes after the end reopens it, of which only an activity
// line tells. Resolved and then Closed is one end.
func TestReopened(t *testing.T) {
	got := told(t, fmt.Sprintf(created, "livechat"), said("message.created", "m1", "00:00", customer), resolved("Resolved", "02:00"),
		resolved("Closed", "02:10"), said("message.created", "m2", "03:00", customer),
		said("message.created", "m3", "03:00.03", `"type":"activity","meta":{"activity_type":"status_change"}`), resolved("Closed", "04:00"))
	want := []string{"Conversation Started 0s m1 u-1", "Message Sent 0s m1 u-1", "Conversation Ended 120s m1 u-1", "Message Sent 180s m2 u-1", "Conversation Ended 240s m2 u-1"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
