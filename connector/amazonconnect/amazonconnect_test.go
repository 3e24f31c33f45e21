package amazonconnect

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
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
	const here = "33333333-abc5-46db-9ad5-d772559ab556"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"eventbridge.contact.disconnected.constructed.json": "",
		"sns.event.chat_ended.constructed.json":             "closed in " + here,
		"sns.message.agent.constructed.json":                "message by agent agent aaaaaaaa-c562-4d95-b76c-dcbca8b4b5f7 55555555-be0d-4a44-889d-d2a86fc06f0c in " + here,
		"sns.message.customer.json":                         "message by customer 333333333-be0d-4a44-889d-d2a86fc06f0c in " + here,
	})
}

// notification is an item in its envelope.
func notification(t *testing.T, v obj, visibility string) []byte {
	all := obj{"AbsoluteTime": "2026-03-02T09:00:00.000Z", "Id": "m-1", "InitialContactId": "c-1", "ContactId": "c-2", "ParticipantId": "p-1",
		"DisplayName": "Ann", "Type": "MESSAGE", "ContentType": "text/plain", "Content": "Hello", "ParticipantRole": "AGENT"}
	for key, value := range v {
		all[key] = value
	}
	w := obj{"Type": "Notification", "TopicArn": "arn:aws:sns:eu-central-1:123456789012:chats", "Message": text(all)}
	if visibility != "" {
		w["MessageAttributes"] = obj{"MessageVisibility": obj{"Type": "String", "Value": visibility}}
	}
	if !json.Valid([]byte(text(w))) {
		t.Fatal("not JSON")
	}
	return []byte(text(w))
}

// What is not for the customer's eyes, or by nobody that we know, says nothing.
func TestAuthors(t *testing.T) {
	for _, tt := range []struct {
		v          obj
		visibility string
		want       string // the author and the text, or why it is dropped
	}{
		{obj{}, "ALL", "agent Hello"},
		{obj{}, "CUSTOMER", "agent Hello"},
		{obj{}, "AGENT", "private_note"},
		{obj{}, "", "private_note"},
		{obj{}, "SUPERVISOR", "private_note"},
		{obj{"ParticipantRole": "SUPERVISOR"}, "ALL", "agent Hello"},
		{obj{"ParticipantRole": "SUPERVISOR"}, "AGENT", "private_note"},
		{obj{"ParticipantRole": "CUSTOMER"}, "ALL", "customer Hello"},
		{obj{"ParticipantRole": "CUSTOMER"}, "AGENT", "customer Hello"},
		{obj{"ParticipantRole": "CUSTOMER"}, "", "private_note"},
		{obj{"ParticipantRole": "CUSTOM_BOT"}, "CUSTOMER", "bot Hello"},
		{obj{"ParticipantRole": "SYSTEM", "DisplayName": "BOT"}, "CUSTOMER", "bot Hello"},
		{obj{"ParticipantRole": "SYSTEM", "DisplayName": "BOT"}, "AGENT", "private_note"},
		{obj{"ParticipantRole": "SYSTEM", "DisplayName": "SYSTEM_MESSAGE"}, "CUSTOMER", "automation Hello"},
		{obj{"ParticipantRole": "GHOST"}, "ALL", "unknown_author"},
		{obj{"ParticipantRole": nil}, "ALL", "unknown_author"},
		{obj{"ContentType": "text/markdown", "Content": "**Hello**"}, "ALL", "agent Hello"},
		{obj{"ContentType": "application/json", "Content": "{}"}, "ALL", "unknown_kind"},
		{obj{"ContentType": "video/mpeg"}, "ALL", "unknown_kind"},
		{obj{"ContentType": chosen, "ParticipantRole": "CUSTOMER", "Content": `{"action":"Billing"}`}, "ALL", "customer "},
		{obj{"ContentType": interactive, "Content": `{"data":{"content":{"title":"Hello"}}}`}, "ALL", "agent Hello"},
		{obj{"ContentType": interactive, "Content": `nonsense`}, "ALL", "agent "},
		{obj{"Type": "ATTACHMENT", "ContentType": "image/png"}, "ALL", "agent "},
		{obj{"Type": "ATTACHMENT", "ContentType": "image/png"}, "AGENT", "private_note"},
		{obj{"Type": "HOLOGRAM"}, "ALL", "unknown_event"},
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: notification(t, tt.v, tt.visibility)})
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By) + " " + p.Activities[0].Message.Body
		}
		if got != tt.want || err != nil {
			t.Errorf("%v for %q: got %q (%v), want %q", tt.v, tt.visibility, got, err, tt.want)
		}
	}
}

func TestEvents(t *testing.T) {
	event := func(name, role string) string {
		return string(notification(t, obj{"Type": "EVENT", "ContentType": events + name, "ParticipantRole": role}, "ALL"))
	}
	contact := func(kind, rest string) string {
		return `{"id":"e-1","detail-type":"Amazon Connect Contact Event","time":"2026-03-02T09:00:00Z","detail":{"eventType":"` + kind + `","contactId":"c-1",` + rest + `}}`
	}
	for body, want := range map[string]string{
		event("chat.ended", ""):                                                      "closed in c-1",
		event("participant.joined", "AGENT"):                                         "assigned agent p-1 in c-1",
		event("participant.joined", "CUSTOMER"):                                      "identified in c-1",
		event("participant.joined", "SUPERVISOR"):                                    "",
		event("participant.left", "AGENT"):                                           "",
		event("transfer.succeeded", "AGENT"):                                         "",
		event("typing", "AGENT"):                                                     "",
		string(notification(t, obj{"Type": "EVENT"}, "ALL")):                         "(unknown_event)",
		contact("INITIATED", `"channel":"CHAT","customerId":"u-1"`):                  "identified in c-1 user u-1",
		contact("INITIATED", `"channel":"CHAT","initialContactId":"c-0"`):            "identified in c-0",
		contact("INITIATED", `"channel":"VOICE"`):                                    "",
		contact("DISCONNECTED", `"channel":"CHAT"`):                                  "",
		`{"detail-type":"Scheduled Event","detail":{}}`:                              "(unknown_event)",
		`{"Type":"UnsubscribeConfirmation","TopicArn":"arn:aws:sns:eu-west-1:1:t"}`:  "",
		`{"Type":"SubscriptionConfirmation","TopicArn":"arn:aws:sns:eu-west-1:1:t"}`: "(unknown_address)",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{
		`{"AbsoluteTime":"2026-03-02T09:00:00Z","Content":"raw delivery","Type":"MESSAGE"}`,
		`{"Type":"Notification","Message":"not JSON"}`,
		`{"Type":"Notification","Message":"{\"Type\":\"MESSAGE\"}"}`,
	} {
		if _, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)}); err == nil || strings.Contains(err.Error(), "raw delivery") {
			t.Errorf("%s: got %v, want an error without what was written", body, err)
		}
	}
}

// A transfer begins another contact, and not another conversation.
func TestContacts(t *testing.T) {
	for _, tt := range []struct {
		detail  string
		options connector.Options
		started bool
		want    conversation.Person
		channel string
	}{
		{`"contactId":"c-1","tags":{"segment_anonymous_id":"site-1"}`, connector.Options{}, true, conversation.Person{AnonymousID: "site-1"}, ""},
		{`"contactId":"c-2","initialContactId":"c-1","customerId":"u-1"`, connector.Options{}, false, conversation.Person{UserID: "u-1"}, ""},
		{`"contactId":"c-1","segmentAttributes":{"connect:Subtype":{"ValueString":"connect:SMS"},"number":{"valueString":"u-2"}}`,
			connector.Options{UserIDField: "number"}, true, conversation.Person{UserID: "u-2"}, "sms"},
		{`"contactId":"c-1","segmentAttributes":{"connect:Subtype":{"valueString":"connect:WhatsApp"}}`, connector.Options{}, true, conversation.Person{}, "messaging"},
		{`"contactId":"c-1","segmentAttributes":{"connect:Subtype":{"valueString":"connect:Guide"}}`, connector.Options{}, true, conversation.Person{}, "guide"},
	} {
		body := `{"id":"e-1","detail-type":"Amazon Connect Contact Event","time":"2026-03-02T09:00:00Z","detail":{"eventType":"INITIATED","channel":"CHAT","initiationTimestamp":"2026-03-02T08:59:59Z",` + tt.detail + `}}`
		p, err := Type().New(tt.options).Parse(&connector.Request{Body: []byte(body)})
		if err != nil || len(p.Activities) != 1 {
			t.Fatalf("%s: got %+v (%v)", tt.detail, p, err)
		}
		if a := p.Activities[0]; a.Customer != tt.want || a.StartedAt.IsZero() == tt.started || a.Channel != tt.channel {
			t.Errorf("%s: got %+v", tt.detail, a)
		}
	}
}

// An ARN is no token: many know it.
func TestToken(t *testing.T) {
	const arn = "arn:aws:sns:eu-central-1:123456789012:chats"
	c := Type().New(connector.Options{Secrets: []string{"key", arn}, Now: func() time.Time { return time.Time{} }})
	for key, ok := range map[string]bool{"key": true, arn: false, "": false, "other": false} {
		err := c.Verify(&connector.Request{Header: http.Header{"X-Api-Key": {key}}, Body: []byte("{}")})
		if (err == nil) != ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%q: got %v", key, err)
		}
	}
}

func TestScrub(t *testing.T) {
	body, err := os.ReadFile("testdata/message.customer.json")
	if err != nil {
		t.Fatal(err)
	}
	if scrubbed := (&Connector{}).Scrub(body); bytes.Contains(scrubbed, []byte("Unsubscribe&")) {
		t.Errorf("whoever reads it can unsubscribe: %s", scrubbed)
	}
}
