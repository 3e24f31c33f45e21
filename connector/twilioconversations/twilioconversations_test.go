package twilioconversations

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const here = "CHee95cfd541a925a3337fec19a0200009"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"eventstreams.conversation-state.updated.json":     "",
		"eventstreams.message.added.json":                  "message by automation IMee95cfd541a925a3337fec19a0200009 in " + here,
		"eventstreams.participant.added.json":              "identified in " + here,
		"onConversationStateUpdated.form.constructed.json": "closed in CH4f86e80e5052470997c9367239482569",
		"onDeliveryUpdated.form.json":                      "",
		"onMessageAdded.form.json":                         "message by customer IMcc4a2eb90c7243e6b954a6829c7f28fc in CH4f86e80e5052470997c9367239482569",
	})
}

func message(author, source string) string {
	return url.Values{"EventType": {"onMessageAdded"}, "ConversationSid": {"CH1"}, "MessageSid": {"IM1"}, "DateCreated": {"2026-03-02T09:00:00.000Z"},
		"Author": {author}, "Source": {source}, "Body": {"Hello"}}.Encode()
}

// Nobody is taken for the customer or for an agent without a reason.
func TestAuthors(t *testing.T) {
	agents := connector.Options{AgentIDs: []string{"ann", "agent-*", "+15555550199"}, BotIDs: []string{"helper"}}
	for _, tt := range []struct {
		options        connector.Options
		author, source string
		want           string // the author and the channel, or why it is dropped
	}{
		{connector.Options{}, "+15555550100", "SMS", "customer sms"},
		{connector.Options{}, "whatsapp:+4915555550100", "WHATSAPP", "customer messaging"},
		{connector.Options{}, "messenger:4711", "", "customer messaging"},
		{connector.Options{}, "whatsapp:", "", "unknown_author"},
		{connector.Options{}, "mia", "SDK", "unknown_author"},
		{connector.Options{}, "mia", "API", "unknown_author"},
		{connector.Options{}, "", "API", "unknown_author"},
		{connector.Options{}, "system", "API", "automation "},
		{agents, "mia", "SDK", "customer chat"},
		{agents, "+15555550100", "SMS", "customer sms"},
		{agents, "ann", "SDK", "agent "},
		{agents, "agent-7", "API", "agent "},
		{agents, "+15555550199", "SMS", "agent "},
		{agents, "helper", "API", "bot "},
		{agents, "system", "API", "automation "},
		{agents, "", "SDK", "unknown_author"},
		{connector.Options{AgentIDs: []string{"system"}}, "system", "API", "agent "},
	} {
		p, err := Type().New(tt.options).Parse(&connector.Request{Body: []byte(message(tt.author, tt.source))})
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By) + " " + p.Activities[0].Channel
		}
		if got != tt.want || err != nil {
			t.Errorf("%q by %q: got %q (%v), want %q", tt.author, tt.source, got, err, tt.want)
		}
	}
}

func TestEvents(t *testing.T) {
	o := connector.Options{AgentIDs: []string{"ann"}, BotIDs: []string{"helper"}}
	for body, want := range map[string]string{
		`[]`: "",
		`[{"type":"com.twilio.conversations.message.removed","data":7}]`:          "",
		`[{"type":"com.twilio.conversations.hologram","data":7}]`:                 "(unknown_event)",
		`[{"type":"org.example.other","data":{}}]`:                                "(unknown_event)",
		`{"type":"com.twilio.eventstreams.test-event","data":{}}`:                 "",
		state("inactive", "API"):                                                  "",
		state("active", "API"):                                                    "",
		state("archived", "API"):                                                  "(unknown_state)",
		state("closed", "API"):                                                    "closed in CH1",
		state("closed", "TIMER"):                                                  "closed by system in CH1",
		joined(`"Identity":"ann"`):                                                "assigned agent ann in CH1",
		joined(`"Identity":"mia"`):                                                "identified in CH1",
		joined(`"Identity":"helper"`):                                             "",
		joined(`"Identity":null`):                                                 "(unknown_author)",
		"EventType=onMessageAdd&Body=x":                                           "(unknown_event)", // before the fact
		"EventType=onMessageUpdated":                                              "",
		joined(`"MessagingBinding":{"Address":"+15555550100","Name":"Mia Berg"}`): "identified in CH1",
	} {
		p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{"Body=hello", "EventType=onMessageAdded&Author=%2B15555550100", `[{"type":"com.twilio.conversations.message.added","data":{"Author":"ann"}}]`,
		`[{"type":"com.twilio.conversations.message.added","data":7}]`, "EventType=onMessageAdded&DateCreated=soon", "%zz"} {
		if _, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)}); err == nil {
			t.Errorf("%s: got no error", body)
		}
	}
	if p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(joined(`"Identity":"mia"`))}); err != nil || connectortest.Summary(p) != "(unknown_author)" {
		t.Errorf("where no agent is named: got %q (%v)", connectortest.Summary(p), err)
	}
}

func state(to, reason string) string {
	return `[{"type":"com.twilio.conversations.conversation-state.updated","data":{"ConversationSid":"CH1","StateTo":"` + to + `","Reason":"` + reason + `","StateUpdated":"2026-03-02T09:00:00Z"}}]`
}

func joined(rest string) string {
	return `[{"type":"com.twilio.conversations.participant.added","data":{"ConversationSid":"CH1","ParticipantSid":"MB1","DateCreated":"2026-03-02T09:00:00Z",` + rest + `}}]`
}

// A customer can write anything into the attributes of their own message.
func TestIdentity(t *testing.T) {
	attributes := url.Values{"Attributes": {`{"user_id":"u-1","number":17,"segment_anonymous_id":"site-1"}`}}.Encode()
	said := message("mia", "SDK") + "&" + attributes
	created := "EventType=onConversationAdded&ConversationSid=CH1&DateCreated=2026-03-02T09:00:00Z&" + attributes
	agents := []string{"ann"}
	for _, tt := range []struct {
		body    string
		options connector.Options
		want    conversation.Person
	}{
		{said, connector.Options{AgentIDs: agents}, conversation.Person{ContactID: "mia", AnonymousID: "site-1"}},
		{said, connector.Options{AgentIDs: agents, UnverifiedIDs: true}, conversation.Person{ContactID: "mia", UserID: "u-1", AnonymousID: "site-1"}},
		{said, connector.Options{AgentIDs: agents, UserIDField: "Identity"}, conversation.Person{ContactID: "mia", UserID: "mia", AnonymousID: "site-1"}},
		{message("+15555550100", "SMS"), connector.Options{UserIDField: "Identity"}, conversation.Person{ContactID: "+15555550100"}},
		{created, connector.Options{}, conversation.Person{UserID: "u-1", AnonymousID: "site-1"}},
		{created, connector.Options{UserIDField: "number"}, conversation.Person{UserID: "17", AnonymousID: "site-1"}},
		{`[{"type":"com.twilio.conversations.conversation.added","data":{"ConversationSid":"CH1","DateCreated":"2026-03-02T09:00:00Z","Attributes":"{\"user_id\":\"u-1\",\"pre_engagement_data\":{\"friendlyName\":\"Mia Berg\",\"email\":\"mia@example.com\",\"anonymous_id\":\"site-1\"}}"}}]`,
			connector.Options{}, conversation.Person{UserID: "u-1", AnonymousID: "site-1", Name: "Mia Berg", Email: "mia@example.com"}},
		{`[{"type":"com.twilio.conversations.conversation.added","data":{"ConversationSid":"CH1","DateCreated":"2026-03-02T09:00:00Z","Attributes":{"user_id":"u-1"}}}]`,
			connector.Options{}, conversation.Person{UserID: "u-1"}},
		{created, connector.Options{AnonymousIDField: "other"}, conversation.Person{UserID: "u-1"}},
	} {
		p, err := Type().New(tt.options).Parse(&connector.Request{Body: []byte(tt.body)})
		if err != nil || len(p.Activities) != 1 || p.Activities[0].Customer != tt.want {
			t.Errorf("%s with %+v: got %+v (%v), want %+v", tt.body, tt.options, p, err, tt.want)
		}
	}
}

// Users can change their own attributes, too.
func TestUsersOwnAttributes(t *testing.T) {
	const body = `[{"type":"com.twilio.conversations.user.updated","data":{"UserSid":"US1","Identity":"mia","Attributes":"{\"user_id\":\"u-1\"}"}}]`
	for want, o := range map[string]connector.Options{
		"":    {AgentIDs: []string{"ann"}},
		"u-1": {AgentIDs: []string{"ann"}, UnverifiedIDs: true},
		"mia": {AgentIDs: []string{"ann"}, UserIDField: "Identity"},
	} {
		p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
		if err != nil || len(p.Contacts) != 1 || p.Contacts[0].UserID != want {
			t.Errorf("%+v: got %+v (%v), want %q", o, p, err, want)
		}
	}
}

// The example that Twilio's own libraries are tested with, and what may not
// pass for it.
func TestSignature(t *testing.T) {
	const address = "https://mycompany.com/myapp.php?foo=1&bar=2"
	form := url.Values{"CallSid": {"CA1234567890ABCDE"}, "Caller": {"+14158675309"}, "Digits": {"1234"}, "From": {"+14158675309"}, "To": {"+18005551212"}}.Encode()
	o := connector.Options{Secrets: []string{"12345"}}
	verify := func(address, body string) error {
		h := http.Header{"X-Twilio-Signature": {"RSOYDt4T1cUTdK1PDd93/VVr8B8="}}
		return Type().New(o).Verify(&connector.Request{URL: address, Header: h, Body: []byte(body)})
	}
	if err := verify(address, form); err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"another address": verify(address+"3", form),
		"another form":    verify(address, form+"&Digits=5"),
		"not a form":      verify(address, form+"&%zz"),
	} {
		if !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", what, err)
		}
	}

	// The signature of the address alone vouches for no body but the one whose
	// hash is in it.
	r := connector.Request{URL: "https://gateway.example.com/in/support", Header: http.Header{}}
	scheme(&r, "{url}").Sign(o, &r)
	for _, body := range []string{`[{"type":"x"}]`, `[{"type":"%zz"}]`, `{}`, "\n[]", "Body=%zz"} {
		r.Body = []byte(body)
		if err := Type().New(o).Verify(&r); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%q: got %v, want ErrSignature", body, err)
		}
	}

	// A rule for webhooks has a key and a hash of its own.
	r = (&Connector{o}).sign([]obj{})
	r.Header.Set("X-Twilio-Webhooks-Signature-Settings", "key=SK1,algorithm=HMAC_SHA256")
	if err := Type().New(o).Verify(&r); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("the other hash: got %v, want ErrSignature", err)
	}
	scheme(&r, "{url}").Sign(o, &r)
	if err := Type().New(o).Verify(&r); err != nil {
		t.Error(err)
	}
}

// What the player sends is signed for the address to which it sends.
func TestFakeAddress(t *testing.T) {
	o := connector.Options{Secrets: []string{"x"}, URL: "http://127.0.0.1:8080/in/support"}
	for _, r := range (&Connector{o}).Fake([]conversation.Activity{{Type: conversation.Closed, Conversation: "CH1"}}) {
		if !strings.HasPrefix(r.URL, o.URL+"?bodySHA256=") || !json.Valid(r.Body) {
			t.Errorf("got %s with %s", r.URL, r.Body)
		}
	}
}
