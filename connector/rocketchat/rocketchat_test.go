package rocketchat

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"captured.LivechatSessionStart.json":                  "identified in 9etoLPY5JY2gCxBaC",
		"captured.LivechatSessionTaken.json":                  "assigned agent BXpTEyaGjJu7nDMBG in 9etoLPY5JY2gCxBaC",
		"captured.LivechatSessionForwarded.json":              "assigned agent mYBoZL7dqaMc7GXQv in 9etoLPY5JY2gCxBaC",
		"captured.Message.visitor.json":                       "identified in 9etoLPY5JY2gCxBaC; message by customer agent BXpTEyaGjJu7nDMBG GcH4xwp8LCpdqGmgp in 9etoLPY5JY2gCxBaC",
		"captured.Message.agent.json":                         "message by agent agent BXpTEyaGjJu7nDMBG Btfc6y5WkjMZXi7Jj in 9etoLPY5JY2gCxBaC",
		"captured.LivechatSession.closed.json":                "closed by agent agent mYBoZL7dqaMc7GXQv Btfc6y5WkjMZXi7Jj in 9etoLPY5JY2gCxBaC",
		"docs.Message.agent.json":                             "message by agent agent aXjjcPwq4Pcp7xftH 7xjkw8ZFitMSNGmeJ in Tc5SyBZHovD4k8BXv",
		"docs.LivechatSession.closed-by-agent.json":           "closed by agent agent aXjjcPwq4Pcp7xftH y7p77YFfkHJeg5gD9 in Tc5SyBZHovD4k8BXv",
		"source.webhook-test-button.json":                     "",
		"constructed.LivechatOfflineMessage.json":             "",
		"constructed.LivechatSessionQueued.json":              "",
		"constructed.LivechatSession.closed-by-visitor.json":  "closed by customer agent aXjjcPwq4Pcp7xftH mVisitor1 in Tc5SyBZHovD4k8BXv",
		"constructed.Message.agent-edited.json":               "(edited)",
		"constructed.Message.closing-comment-by-visitor.json": "(activity_line)",
		"constructed.Message.visitor-file.json":               "identified in Tc5SyBZHovD4k8BXv; message by customer agent aXjjcPwq4Pcp7xftH mVisitor2 in Tc5SyBZHovD4k8BXv",
		"constructed.Message.visitor.json":                    "identified in Tc5SyBZHovD4k8BXv; message by customer agent aXjjcPwq4Pcp7xftH mVisitor1 in Tc5SyBZHovD4k8BXv",
	})
}

func parse(t *testing.T, o connector.Options, body string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Errorf("%s: %v", body, err)
	}
	return p
}

// Whoever cannot be told apart for sure says nothing.
func TestAuthors(t *testing.T) {
	for message, want := range map[string]string{
		`"u":{"_id":"v1"}`:                                                                              "customer",
		`"username":"guest-1"`:                                                                          "customer",
		`"u":{"_id":"v1"},"editedAt":null`:                                                              "customer",
		`"u":{"_id":"v1"},"navigation":null`:                                                            "customer",
		`"u":{"_id":"v1"},"editedAt":"2026-03-02T09:00:01.000Z"`:                                        "edited",
		`"u":{"_id":"v1"},"navigation":{"page":{}}`:                                                     "activity_line",
		`"u":{"_id":"v1"},"closingMessage":true`:                                                        "activity_line",
		`"u":{"_id":"v1"},"t":"livechat-close"`:                                                         "activity_line",
		`"u":{"_id":"a1"},"agentId":"a1"`:                                                               "agent",
		`"u":{"_id":"a1"},"agentId":"a1","closingMessage":true`:                                         "private_note",
		`"u":{"_id":"rocket.cat","username":"rocket.cat"},"agentId":"rocket.cat"`:                       "bot",
		`"u":{"_id":"rocket.cat","username":"rocket.cat"},"agentId":"rocket.cat","closingMessage":true`: "activity_line",
		`"u":{"_id":"a1"}`:                                                                              "unknown_author",
		`"username":"somebody"`:                                                                         "unknown_author",
		`"u":null`:                                                                                      "unknown_author",
	} {
		p := parse(t, connector.Options{}, `{"type":"Message","_id":"r1","createdAt":"2026-03-02T08:00:00.000Z","lastMessageAt":"2026-03-02T08:30:00.000Z",`+
			`"visitor":{"_id":"v1","username":"guest-1"},"messages":[{"_id":"m1","msg":"hi","ts":"2026-03-02T09:00:00.000Z",`+message+`}]}`)
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", message, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	for body, want := range map[string]string{
		`{"type":"LivechatEdit","messages":7}`:                                        "",
		`{"type":"LeadCapture"}`:                                                      "",
		`{"type":"LivechatSessionOnFire"}`:                                            "(unknown_event)",
		`{"type":"LivechatSessionForwarded","_id":"r1"}`:                              "",
		`{"type":"LivechatSession","_id":"r1","closedAt":"2026-03-02T09:00:00.000Z"}`: "closed in r1",
		`{"type":"LivechatSession","_id":"r1","closedAt":"2026-03-02T09:00:00.000Z","closer":"user","closedBy":{"_id":"x","username":"rocket.cat"}}`: "closed by system in r1",
	} {
		if got := connectortest.Summary(parse(t, connector.Options{}, body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	for _, body := range []string{
		`{"type":"Message","_id":"r1","messages":[]}`,
		`{"type":"Message","_id":"r1","messages":7}`,
		`{"type":"Message","_id":"r1","visitor":{"_id":"v1"},"messages":[{"u":{"_id":"v1"},"msg":"hi"}]}`,
		`{"type":"Message","messages":[]}`,
		`{"type":"LivechatSession","_id":"r1"}`,
		`{"type":"LivechatSessionStart","_id":"r1"}`,
	} {
		if p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

func TestScrub(t *testing.T) {
	body, err := os.ReadFile("testdata/Message.file.json")
	if err != nil {
		t.Fatal(err)
	}
	scrubbed := (&Connector{}).Scrub(body)
	for _, secret := range []string{"visitor-token", "secret.jwt"} {
		if bytes.Contains(scrubbed, []byte(secret)) {
			t.Errorf("%s is left", secret)
		}
	}
}

func TestIdentity(t *testing.T) {
	const body = `{"type":"LivechatSessionStart","_id":"r1","createdAt":"2026-03-02T09:00:00.000Z","customFields":{"anonymous_id":"s2","number":9},"visitor":{"_id":"v1","token":"t","name":%q,"username":"guest-1","email":%s,"customFields":%s}}`
	for _, tt := range []struct {
		o                     connector.Options
		name, email, custom   string
		user, anonymous, mail string
	}{
		{connector.Options{}, "Mia", `[{"address":"mia@example.com"}]`, `{"user_id":"u-1","segment_anonymous_id":"s1"}`, "u-1", "s1", "mia@example.com"},
		{connector.Options{}, "Mia", `null`, `null`, "", "s2", ""},
		{connector.Options{}, "Mia", `"mia@example.com"`, `{}`, "", "s2", "mia@example.com"},
		{connector.Options{}, "guest-1", `[]`, `{}`, "", "s2", ""},
		{connector.Options{UserIDField: "number", AnonymousIDField: "site"}, "Mia", `[]`, `{"user_id":"u-1","site":"s3"}`, "9", "s3", ""},
	} {
		who := parse(t, tt.o, fmt.Sprintf(body, tt.name, tt.email, tt.custom)).Activities[0].Customer
		want := conversation.Person{UserID: tt.user, AnonymousID: tt.anonymous, ContactID: "v1", Email: tt.mail, Name: strings.TrimPrefix(tt.name, "guest-1")}
		if who != want {
			t.Errorf("%+v: got %+v", tt, who)
		}
	}
}

// A room that waited for its first message has had no Started, and what the
// agent remarks in closing it, which the visitor does not see, is not told.
func TestConversation(t *testing.T) {
	var list []conversation.Activity
	for _, file := range []string{"Message.visitor-first", "LivechatSessionTaken", "Message.agent", "Message.edited", "LivechatSession.by-agent", "Message.closing-comment"} {
		body, err := os.ReadFile("testdata/" + file + ".json")
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, parse(t, connector.Options{}, string(body)).Activities...)
	}
	slices.SortFunc(list, conversation.Compare)
	var s conversation.State
	var got []string
	for _, a := range list {
		var o conversation.Output
		s, o = conversation.Step(conversation.Origin{}, conversation.Rules{}, s, a)
		for _, e := range o.Events {
			got = append(got, fmt.Sprintf("%s %ds %s by %s", e.Kind, e.Properties.ConversationDuration, e.Properties.MessageID, e.Properties.AgentUsername))
		}
	}
	want := []string{"Live Chat Conversation Started 0s m1 by ", "Live Chat Message Sent 0s m1 by ", "Live Chat Message Received 57s m2 by ann.lee",
		"Live Chat Conversation Ended 477s m2 by ann.lee"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
