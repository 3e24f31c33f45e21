package dixa

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const id = "12345678-1234-1234-1234-1234567890"
	connectortest.Corpus(t, Type(), connectortest.Says{"CONVERSATION_MESSAGE_ADDED.json": "message by agent agent " + id + " " + id + " in 2"})
}

// The key is written in hex, and the time is part of what is signed.
func TestSignature(t *testing.T) {
	made := time.UnixMilli(1689238949803)
	r := &connector.Request{Body: []byte(`{"event_fqn":"CONVERSATION_OPEN"}`), Header: http.Header{}}
	r.Header.Set("X-DIXA-SIGNATURE", "t=1689238949803,v1=91255abc0447ec1ec7ed9be9a913541dbe65850b0edc835dad94e465e0bfa565")
	for age, ok := range map[time.Duration]bool{time.Second: true, 23 * time.Hour: true, 25 * time.Hour: false} {
		c := Type().New(connector.Options{Secrets: []string{"00ff10"}, Now: func() time.Time { return made.Add(age) }})
		if err := c.Verify(r); (err == nil) != ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("after %s: got %v", age, err)
		}
	}
}

func parse(t *testing.T, o connector.Options, event, data string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(`{"event_fqn":"` + event + `","event_timestamp":"2025-01-14T22:01:05.429Z","data":` + data + `}`)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

const chat1 = `"conversation":{"csid":17,"channel":"CHAT","created_at":"2025-01-14T22:00:00Z","assignee":{"id":"a1","name":"Ann Lee","email":"ann@example.com","user_type":"Member"},
	"requester":{"id":"k1","name":"Mia Berg","user_type":"Contact","external_id":"u-1"},"custom_attributes":[{"identifier":"anonymous_id","value":"anon"},{"name":"number","value":"77"}]}`

func TestKinds(t *testing.T) {
	message := func(author, direction string) string {
		return `{` + chat1 + `,"message_id":"m1","text":"hello","created_at":"2025-01-14T22:01:05Z","author":{"id":"x","user_type":"` + author + `"},"direction":` + direction + `}`
	}
	for _, test := range []struct{ event, data, want string }{
		{"CONVERSATION_MESSAGE_ADDED", message("Contact", `"inbound"`), "message by customer agent a1 m1 in 17 user u-1"},
		{"CONVERSATION_MESSAGE_ADDED", message("Contact", `null`), "message by customer agent a1 m1 in 17 user u-1"},
		{"CONVERSATION_MESSAGE_ADDED", message("Contact", `"outbound"`), "(unknown_author)"},
		{"CONVERSATION_MESSAGE_ADDED", message("Member", `"OUTBOUND"`), "message by agent agent x m1 in 17 user u-1"},
		{"CONVERSATION_MESSAGE_ADDED", message("Member", `"inbound"`), "(unknown_author)"},
		{"CONVERSATION_MESSAGE_ADDED", message("Robot", `"outbound"`), "(unknown_author)"},
		{"CONVERSATION_MESSAGE_ADDED", message("", `"outbound"`), "(unknown_author)"},
		{"CONVERSATION_NOTE_ADDED", message("Member", `"outbound"`), "(private_note)"},
		{"CONVERSATION_CREATED", `{` + chat1 + `}`, "identified agent a1 in 17 user u-1"},
		{"CONVERSATION_OPEN", `{` + chat1 + `}`, "reopened agent a1 in 17 user u-1"},
		{"CONVERSATION_CLOSED", `{` + chat1 + `}`, "closed agent a1 in 17 user u-1"},
		{"CONVERSATION_ABANDONED", `{` + chat1 + `}`, "closed agent a1 in 17 user u-1"},
		{"CONVERSATION_ASSIGNED", `{` + chat1 + `}`, "assigned agent a1 in 17 user u-1"},
		{"CONVERSATION_TRANSFERRED_TO_AGENT", `{` + chat1 + `}`, "assigned agent a1 in 17 user u-1"},
		{"CONVERSATION_ASSIGNED", `{"conversation":{"csid":17}}`, ""},
		{"CONVERSATION_UNASSIGNED", `{` + chat1 + `}`, "assigned in 17 user u-1"},
		{"CONVERSATION_PENDING", `{` + chat1 + `}`, ""},
		{"CONVERSATION_RATED", `[]`, ""},
		{"BANNED_IP", `"1.2.3.4"`, ""},
		{"CONVERSATION_WHISPERED", `{` + chat1 + `}`, "(unknown_event)"},
	} {
		if got := connectortest.Summary(parse(t, connector.Options{}, test.event, test.data)); got != test.want {
			t.Errorf("%s %s: got %q, want %q", test.event, test.data, got, test.want)
		}
	}
	p := parse(t, connector.Options{BotIDs: []string{"x"}}, "CONVERSATION_MESSAGE_ADDED", message("Member", `"outbound"`))
	if got := p.Activities[0].By; got != conversation.Bot {
		t.Errorf("a bot: got %q", got)
	}
}

func TestWhoAndWhat(t *testing.T) {
	const data = `{` + chat1 + `,"message_id":"m1","created_at":"2025-01-14T22:01:05Z","author":{"user_type":"Contact"},"content":{"text":"<p>a</p><p>b</p>","content_type":"Html"}}`
	a := parse(t, connector.Options{UserIDField: "number"}, "CONVERSATION_MESSAGE_ADDED", data).Activities[0]
	if want := (conversation.Person{ContactID: "k1", Name: "Mia Berg", UserID: "77", AnonymousID: "anon"}); a.Customer != want || a.Message.Body != "a\nb" || a.Channel != "chat" {
		t.Errorf("got %+v %q %q, want %+v", a.Customer, a.Message.Body, a.Channel, want)
	}
	for in, want := range map[string]string{"WIDGET_CHAT": "chat", "WHATSAPP": "messaging", "EMAIL": "email", "SMS": "sms", "PSTN_PHONE": "phone", "CONTACT_FORM": "contact_form"} {
		a := parse(t, connector.Options{}, "CONVERSATION_CREATED", `{"conversation":{"csid":1,"channel":"`+in+`","requester":{"user_type":"Contact","external_id":"null"}}}`).Activities[0]
		if a.Channel != want || a.Customer.UserID != "" {
			t.Errorf("%s: got %q, %+v, want %q", in, a.Channel, a.Customer, want)
		}
	}
}
