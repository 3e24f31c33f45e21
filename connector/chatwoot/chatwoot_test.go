package chatwoot

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

// Every webhook that a real Chatwoot is known to have sent is read, and
// nothing private comes out.
func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), func(t *testing.T, file string, b []byte) {
		if strings.Contains(file, "signature") {
			vector(t, b)
			return
		}
		c := Type().New(connector.Options{})
		p, err := c.Parse(http.Header{}, b)
		if err != nil {
			t.Fatal(err)
		}
		connectortest.Check(t, p)
		if slices.Contains(p.Dropped, "unknown_event") || slices.Contains(p.Dropped, "unknown_kind") {
			t.Errorf("dropped: %v", p.Dropped)
		}
		var m struct {
			Event   string
			Private bool
			Content string
		}
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		if m.Private && (len(p.Activities) > 0 || !slices.Contains(p.Dropped, "private_note")) {
			t.Error("a private note became an activity")
		}
		if m.Event == "message_created" && !m.Private && len(p.Activities) != 1 {
			t.Errorf("got %d activities, want 1", len(p.Activities))
		}
		if scrubbed := (&Connector{}).Scrub(slices.Clone(b)); bytes.Contains(scrubbed, []byte("pubsub-token")) || bytes.Contains(scrubbed, []byte("PubsubToken")) {
			t.Error("a token is left after scrubbing")
		}
	})
}

// vector checks a recorded signature.
func vector(t *testing.T, b []byte) {
	var v struct {
		Secret  string
		Headers map[string]string
		Body    string
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	for name, value := range v.Headers {
		h.Set(name, value)
	}
	seconds, err := strconv.ParseInt(h.Get(timestampHeader), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	at := func(age time.Duration) error {
		now := func() time.Time { return time.Unix(seconds, 0).Add(age) }
		return Type().New(connector.Options{Secrets: []string{v.Secret}, Now: now}).Verify(h, []byte(v.Body))
	}
	if err := at(0); err != nil {
		t.Error(err)
	}
	for _, age := range []time.Duration{connector.ReplayWindow + time.Second, -connector.ReplayWindow - time.Second} {
		if at(age) == nil {
			t.Errorf("%v old: got no error", age)
		}
	}
}

func TestUnsigned(t *testing.T) {
	c := Type().New(connector.Options{Unsigned: true})
	if err := c.Verify(http.Header{}, []byte("{}")); err != nil {
		t.Errorf("without signature: got %v", err)
	}
	if err := c.Verify(http.Header{signatureHeader: {"sha256=00"}, timestampHeader: {"1"}}, []byte("{}")); err == nil {
		t.Error("with a wrong signature: got no error")
	}
}

// Whoever cannot be told apart for sure says nothing.
func TestAuthors(t *testing.T) {
	tests := []struct {
		message string // what differs from a plain message of an agent
		want    string // its author, or why it is dropped
	}{
		{``, "agent"},
		{`"private":true`, "private_note"},
		{`"private":null`, "private_note"},
		{`"message_type":"incoming","sender":{"id":1}`, "customer"},
		{`"message_type":"incoming","sender":{"id":1,"type":"contact"}`, "customer"},
		{`"message_type":"incoming","sender":null`, "customer"},
		{`"message_type":"incoming","sender":{"id":1,"type":"user"}`, "unknown_author"},
		{`"message_type":0,"sender":{"id":1}`, "customer"},
		{`"message_type":"template"`, "automation"},
		{`"message_type":"activity"`, "activity_line"},
		{`"message_type":"whisper"`, "unknown_author"},
		{`"message_type":null`, "unknown_author"},
		{`"sender":{"id":1,"type":"agent_bot"}`, "bot"},
		{`"sender":{"id":1,"type":"captain_assistant"}`, "bot"},
		{`"sender":{"id":1,"type":"ghost"}`, "unknown_author"},
		{`"sender":null`, "automation"},
		{`"sender":null,"content_attributes":{"external_echo":true}`, "agent"},
		{`"content_attributes":{"automation_rule_id":9}`, "automation"},
		{`"additional_attributes":{"campaign_id":9}`, "automation"},
		{`"content_attributes":{"deleted":true}`, "deleted"},
		{`"content_attributes":"{}"`, "agent"},
		{`"content_type":"voice_call"`, "unknown_kind"},
		{`"content_type":"hologram"`, "unknown_kind"},
	}
	for _, tt := range tests {
		fields := map[string]json.RawMessage{}
		plain := `{"event":"message_created","id":1,"content":"hello","content_type":"text","message_type":"outgoing","private":false,"created_at":1,"sender":{"id":7,"type":"user"},"conversation":{"id":17}}`
		for _, part := range []string{plain, "{" + tt.message + "}"} {
			if err := json.Unmarshal([]byte(part), &fields); err != nil {
				t.Fatal(err)
			}
		}
		body, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Type().New(connector.Options{}).Parse(nil, body)
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By)
		}
		if got != tt.want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", tt.message, got, err, tt.want)
		}
	}
}

// A conversation that is told twice, in two forms, ends once.
func TestClosingToldTwice(t *testing.T) {
	c := &Connector{connector.Options{Secrets: []string{"x"}}}
	a := conversation.Activity{Type: conversation.Closed, Conversation: "17", Time: time.Date(2026, 3, 2, 9, 0, 0, 123e6, time.UTC)}
	ids := map[string]bool{}
	for _, w := range c.Fake(a) {
		p, err := c.Parse(nil, w.Body)
		if err != nil || len(p.Activities) != 1 || p.Activities[0].Type != conversation.Closed {
			t.Fatalf("got %+v (%v), want a closing", p, err)
		}
		ids[p.Activities[0].ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("got %d ids, want 1", len(ids))
	}
}

func TestIdentity(t *testing.T) {
	body := []byte(`{"event":"conversation_created","id":17,"created_at":1,"meta":{"sender":{"id":42,"identifier":"u-1","custom_attributes":{"segment_anonymous_id":"site-1"}},"hmac_verified":false}}`)
	for unverified, want := range map[bool]string{false: "", true: "u-1"} {
		p, err := Type().New(connector.Options{UnverifiedIDs: unverified}).Parse(nil, body)
		if err != nil {
			t.Fatal(err)
		}
		if c := p.Activities[0].Customer; c.UserID != want || c.ContactID != "42" || c.AnonymousID != "site-1" {
			t.Errorf("unverified ids %v: got %+v, want user id %q", unverified, c, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	c := &Connector{connector.Options{Secrets: []string{"x"}}}
	for _, a := range []conversation.Type{conversation.Message, conversation.Closed, conversation.Assigned, conversation.Identified} {
		for _, w := range c.Fake(conversation.Activity{Type: a, By: conversation.Customer, Conversation: "17", Time: time.Unix(1e9, 0), Message: conversation.Text{ID: "1", Body: "hello"}}) {
			f.Add(w.Body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := c.Parse(nil, body)
		if err == nil {
			connectortest.Check(t, p)
		}
		if scrubbed := c.Scrub(slices.Clone(body)); json.Valid(body) && !json.Valid(scrubbed) {
			t.Error("scrubbing broke the JSON")
		}
	})
}
