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
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

// Every webhook that a real Chatwoot is known to have sent is read, and
// nothing private comes out.
func TestCorpus(t *testing.T) {
	connectortest.Files(t, Type(), func(t *testing.T, file string, b []byte) {
		if strings.Contains(file, "signature") {
			vector(t, b)
			return
		}
		c := Type().New(connector.Options{})
		p, err := c.Parse(&connector.Request{Body: b})
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
	seconds, err := strconv.ParseInt(h.Get(scheme.Time), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	at := func(age time.Duration) error {
		now := func() time.Time { return time.Unix(seconds, 0).Add(age) }
		return Type().New(connector.Options{Secrets: []string{v.Secret}, Now: now}).Verify(&connector.Request{Header: h, Body: []byte(v.Body)})
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
	signature := http.Header{scheme.Header: {"sha256=00"}, scheme.Time: {"1"}}
	tests := []struct {
		name    string
		options connector.Options
		header  http.Header
		ok      bool
	}{
		{"without signature", connector.Options{Unsigned: true}, nil, true},
		{"signed after an upgrade, with nothing to check it by", connector.Options{Unsigned: true}, signature, true},
		{"with a wrong signature", connector.Options{Unsigned: true, Secrets: []string{"x"}}, signature, false},
		{"not allowed", connector.Options{}, nil, false},
	}
	for _, tt := range tests {
		if err := Type().New(tt.options).Verify(&connector.Request{Header: tt.header, Body: []byte("{}")}); (err == nil) != tt.ok {
			t.Errorf("%s: got %v", tt.name, err)
		}
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
		{`"sender":{"id":42},"content_attributes":{"external_echo":true}`, "agent"},
		{`"content_type":"integrations"`, "agent"},
		{`"content_type":"input_csat"`, "automation"},
		{`"content_type":"voice_call"`, "unknown_kind"},
		{`"content_type":"hologram"`, "unknown_kind"},
	}
	for _, tt := range tests {
		plain := `{"event":"message_created","id":1,"content":"hello","content_type":"text","message_type":"outgoing","private":false,"created_at":1,"sender":{"id":7,"type":"user"},"conversation":{"id":17}}`
		body := merged(t, plain, "{"+tt.message+"}")
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By)
		}
		if got != tt.want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", tt.message, got, err, tt.want)
		}
	}
}

// merged is a JSON object with the fields of several, the last of which counts.
func merged(t *testing.T, objects ...string) string {
	fields := map[string]json.RawMessage{}
	for _, o := range objects {
		if err := json.Unmarshal([]byte(o), &fields); err != nil {
			t.Fatal(err)
		}
	}
	b, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// A conversation that is told twice, in two forms, ends once.
func TestClosingToldTwice(t *testing.T) {
	c := &Connector{connector.Options{Secrets: []string{"x"}}}
	a := conversation.Activity{Type: conversation.Closed, Conversation: "17", Time: time.Date(2026, 3, 2, 9, 0, 0, 123e6, time.UTC)}
	ids := map[string]bool{}
	for _, w := range c.Fake([]conversation.Activity{a}) {
		p, err := c.Parse(&w)
		if err != nil || len(p.Activities) != 1 || p.Activities[0].Type != conversation.Closed {
			t.Fatalf("got %+v (%v), want a closing", p, err)
		}
		ids[p.Activities[0].ID] = true
	}
	if len(ids) != 1 {
		t.Errorf("got %d ids, want 1", len(ids))
	}
}

// One closing has one time, however exactly a version tells it, and it does not
// lie before the message that it followed.
func TestClosingTime(t *testing.T) {
	status := `"event":"conversation_status_changed","status":"resolved"`
	for body, want := range map[string]string{
		`"event":"conversation_updated","updated_at":1772442203.412987,"changed_attributes":[{"status":{"previous_value":"open","current_value":"resolved"}},{"updated_at":{"previous_value":null,"current_value":"2026-03-02T09:03:23.412Z"}}]`: "09:03:23.412",
		status + `,"updated_at":1772442203.412987`:                                                        "09:03:23.412",
		status + `,"updated_at":"2026-03-02T09:03:23.412987Z"`:                                            "09:03:23.412",
		status + `,"timestamp":1772442203,"last_activity_at":1772442000`:                                  "09:03:23",
		status + `,"timestamp":1772442203,"messages":[{"id":1,"created_at":1772442203}]`:                  "09:03:23.999",
		status + `,"timestamp":1772442203,"messages":[{"id":1,"created_at":1772442202}]`:                  "09:03:23",
		status + `,"timestamp":"2026-03-02 09:03:23 UTC"`:                                                 "09:03:23",
		status + `,"updated_at":1772442203.412,"messages":[{"id":1,"created_at":"2026-03-02T09:03:23Z"}]`: "09:03:23.412",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"id":17,"created_at":1772442000,` + body + `}`)})
		if err != nil || len(p.Activities) != 1 || p.Activities[0].Type != conversation.Closed {
			t.Errorf("%s: got %+v (%v), want a closing", body, p, err)
			continue
		}
		if a := p.Activities[0]; a.Time.Format("15:04:05.999") != want || a.ID != "closed:2026-03-02T"+want+"Z" {
			t.Errorf("%s: got %s at %s, want %s", body, a.ID, a.Time, want)
		}
	}
}

// A closing tells the last message, unless it is none of a person's, or not of
// that time, or not for the customer's eyes.
func TestClosingMessage(t *testing.T) {
	for differs, want := range map[string]string{
		``: "505 Thank you!",
		`"message_type":1,"content":"**Bye**","sender":{"id":7,"type":"user"}`: "505 Bye",
		`"message_type":1,"private":true,"sender":{"id":7,"type":"user"}`:      " ",
		`"private":null`:                                        " ",
		`"created_at":1772442204`:                               " ",
		`"content_attributes":{"deleted":true}`:                 " ",
		`"message_type":3,"sender":null`:                        " ",
		`"message_type":2`:                                      " ",
		`"message_type":1,"sender":{"id":1,"type":"agent_bot"}`: " ",
	} {
		plain := `{"id":505,"content":"Thank you!","message_type":0,"private":false,"created_at":1772442200}`
		fields := merged(t, plain, "{"+differs+"}")
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"event":"conversation_status_changed","id":17,"status":"resolved","updated_at":1772442203.412,"messages":[` + fields + `]}`)})
		if err != nil || len(p.Activities) != 1 {
			t.Fatalf("%s: got %+v (%v), want a closing", differs, p, err)
		}
		if m := p.Activities[0].Message; m.ID+" "+m.Body != want {
			t.Errorf("%s: got %+v, want %q", differs, m, want)
		}
	}
}

// The beginning is told twice, too, and is one.
func TestCreatedToldTwice(t *testing.T) {
	for _, body := range []string{
		`{"event":"conversation_created","id":17,"created_at":1772442000,"updated_at":1772442000.947}`,
		`{"event":"conversation_updated","id":17,"created_at":1772442000,"updated_at":1772442003.1,"changed_attributes":[{"id":{"previous_value":null,"current_value":17}},{"assignee_id":{"previous_value":null,"current_value":7}}]}`,
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if err != nil || len(p.Activities) != 1 || p.Activities[0].ID != "created" || p.Activities[0].Time.Unix() != 1772442000 {
			t.Errorf("%s: got %+v (%v), want that it was created", body, p, err)
		}
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"<p>okay, <strong>Mia</strong></p>\n":      "okay, Mia",
		"okay, <b>Mia</b>,<br>it left":             "okay, Mia,\nit left",
		"okay, <b>Mia</b>\nit left":                "okay, Mia\nit left",
		"okay, **Mia**":                            "okay, Mia",
		"write <your name> & wait, I <3 it, a < b": "write <your name> & wait, I <3 it, a < b",
	} {
		if got := plain(in, conversation.HumanAgent); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := plain("2 * 3 *really*", conversation.Customer); got != "2 * 3 *really*" {
		t.Errorf("a customer's own words: got %q", got)
	}
}

func TestMoments(t *testing.T) {
	want := time.Date(2026, 3, 2, 9, 0, 0, 207e6, time.UTC)
	for in, precision := range map[string]time.Duration{
		`1772442000.207`: 0, `"1772442000.207"`: 0, `"2026-03-02T09:00:00.207Z"`: 0, `"2026-03-02T10:00:00.207+01:00"`: 0, `"2026-03-02 09:00:00.207 UTC"`: 0,
		`1772442000`: time.Second, `"1772442000"`: time.Second, `"2026-03-02T09:00:00Z"`: time.Second, `"2026-03-02 09:00:00 UTC"`: time.Second,
	} {
		var got field.Time
		if err := json.Unmarshal([]byte(in), &got); err != nil || !got.Equal(want.Truncate(max(precision, 1))) {
			t.Errorf("%s: got %v (%v)", in, got, err)
		}
	}
}

func TestIdentity(t *testing.T) {
	tests := []struct {
		sender, custom string // the contact, and the conversation's custom attributes
		verified       string
		unverifiedIDs  bool
		user, site     string
	}{
		{`"identifier":"u-1"`, `{}`, "true", false, "u-1", ""},
		{`"identifier":"u-1"`, `{}`, "false", false, "", ""},
		{`"identifier":"u-1"`, `{}`, "false", true, "u-1", ""},
		{`"identifier":4711`, `{}`, "true", false, "4711", ""},
		{`"identifier":null`, `null`, "true", true, "", ""},
		{`"custom_attributes":{"segment_anonymous_id":"site-1"}`, `{"anonymousId":"site-2"}`, "false", false, "", "site-1"},
		{`"custom_attributes":{}`, `{"anonymousId":"site-2"}`, "false", false, "", "site-2"},
		{`"custom_attributes":{"anonymous_id":{}}`, `[]`, "false", false, "", ""},
	}
	for _, tt := range tests {
		c := Type().New(connector.Options{UnverifiedIDs: tt.unverifiedIDs})
		p, err := c.Parse(&connector.Request{Body: []byte(`{"event":"conversation_created","id":17,"created_at":1,"custom_attributes":` + tt.custom +
			`,"meta":{"sender":{"id":42,` + tt.sender + `},"hmac_verified":` + tt.verified + `}}`)})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Activities[0].Customer; got.UserID != tt.user || got.ContactID != "42" || got.AnonymousID != tt.site {
			t.Errorf("%+v: got %+v", tt, got)
		}
	}
}

// The configuration may name other attributes that carry the ids.
func TestConfiguredIdentity(t *testing.T) {
	c := Type().New(connector.Options{UserIDField: "number", AnonymousIDField: "site"})
	p, err := c.Parse(&connector.Request{Body: []byte(`{"event":"conversation_created","id":17,"created_at":1,
		"meta":{"sender":{"id":42,"identifier":"u-1","custom_attributes":{"number":4711,"site":"site-1","anonymous_id":"x"}},"hmac_verified":true}}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Activities[0].Customer; got.UserID != "4711" || got.AnonymousID != "site-1" {
		t.Errorf("got %+v, want those of number and site", got)
	}
}

// What is no chat is told apart by its inbox.
func TestChannels(t *testing.T) {
	for in, want := range map[string]string{
		`"channel":"Channel::WebWidget"`: "chat", `"channel":"Channel::Api"`: "messaging", `"channel":"Channel::Whatsapp"`: "messaging",
		`"channel":"Channel::FacebookPage"`: "messaging", `"channel":"Channel::Telegram"`: "messaging", `"channel":"Channel::Line"`: "messaging",
		`"channel":"Channel::Instagram"`: "messaging", `"channel":"Channel::Email"`: "email", `"channel":"Channel::Sms"`: "sms",
		`"channel":"Channel::Voice"`: "phone", `"channel":"Channel::TwilioSms"`: "sms", `"channel":"Channel::Fax"`: "fax", `"channel":null`: "",
		`"channel":"Channel::TwilioSms","contact_inbox":{"source_id":"whatsapp:+15555550100"}`: "messaging",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"event":"conversation_created","id":17,"created_at":1,` + in + `}`)})
		if err != nil || p.Activities[0].Channel != want {
			t.Errorf("%s: got %+v (%v), want %q", in, p, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	c := &Connector{connector.Options{Secrets: []string{"x"}}}
	for _, a := range []conversation.Type{conversation.Message, conversation.Closed, conversation.Assigned, conversation.Identified} {
		for _, w := range c.Fake([]conversation.Activity{{Type: a, By: conversation.Customer, Conversation: "17", Time: time.Unix(1e9, 0), Message: conversation.Text{ID: "1", Body: "hello"}}}) {
			f.Add(w.Body)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := c.Parse(&connector.Request{Body: body})
		if err == nil {
			connectortest.Check(t, p)
		}
		if scrubbed := c.Scrub(slices.Clone(body)); json.Valid(body) && !json.Valid(scrubbed) {
			t.Error("scrubbing broke the JSON")
		}
	})
}
