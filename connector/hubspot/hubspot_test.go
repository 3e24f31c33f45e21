package hubspot

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

// An API may say anything.
func FuzzAnswer(f *testing.F) {
	files, err := filepath.Glob("testdata/*.answers")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"type":"MESSAGE","direction":"INCOMING","text":"x","senders":[{"actorId":"V-1"}],"originalChannelId":"1000","results":[{}]}`))
	c := Type().New(connector.Options{})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, body := range []string{message1, `[{"subscriptionType":"conversation.propertyChange","objectId":1,"occurredAt":1772442000000,"propertyName":"status","propertyValue":"CLOSED"}]`} {
			r := &connector.Request{Body: []byte(body), Answers: map[string][]byte{}}
			for range 4 {
				p, err := c.Parse(r)
				if err != nil || len(p.Lookups) == 0 {
					connectortest.Check(t, p)
					break
				}
				for _, l := range p.Lookups {
					r.Answers[l.Path] = b
				}
			}
		}
	})
}

func TestCorpus(t *testing.T) {
	const thread = "/conversations/v3/conversations/threads/6065362089"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_batch_mixed.json":                               "?" + thread + "/messages/m-2 ?" + thread + " (private_note)",
		"constructed_conversation.creation.json":                     "",
		"constructed_conversation.propertyChange.assignedTo.json":    "?/conversations/v3/conversations/actors/A-12345",
		"constructed_conversation.propertyChange.status_closed.json": "?" + thread,
		"conversation.newMessage.json":                               "?" + thread + "/messages/9b38dc6d5b5744a788931a9cf3a7b225 ?" + thread,
	}, "constructed_api_*")
}

// What the webhooks say with the API's answers.
func TestCorpusAnswers(t *testing.T) {
	const (
		threads = "/conversations/v3/conversations/threads/6065362089"
		actors  = "/conversations/v3/conversations/actors/"
		in      = " in 6065362089"
	)
	files := map[string][]byte{}
	connectortest.Files(t, Type(), func(_ *testing.T, name string, b []byte) { files[name] = b })
	api := func(name string) []byte { return files["constructed_api_"+name+".json"] }
	for _, k := range []struct{ webhook, message, want string }{
		{"conversation.newMessage.json", "get_message.visitor", "message by customer 9b38dc6d5b5744a788931a9cf3a7b225" + in},
		{"conversation.newMessage.json", "get_message.agent", "message by agent agent A-12345 9b38dc6d5b5744a788931a9cf3a7b225" + in},
		{"conversation.newMessage.json", "get_message.bot", "message by bot agent B-77 9b38dc6d5b5744a788931a9cf3a7b225" + in},
		{"constructed_batch_mixed.json", "get_message.visitor", "message by customer m-2" + in + " (private_note)"},
		{"constructed_conversation.propertyChange.status_closed.json", "", "closed by agent agent A-12345" + in},
	} {
		p := loop(t, connector.Options{}, files[k.webhook], func(path string) []byte {
			switch {
			case strings.HasPrefix(path, threads+"/messages?"):
				return api("list_messages.thread_status_change")
			case strings.HasPrefix(path, threads+"/messages/"):
				return api(k.message)
			case path == threads:
				return api("get_thread")
			case path == actors+"A-12345":
				return api("get_actor.agent")
			case path == actors+"V-5151":
				return api("get_actor.visitor")
			}
			return nil // the contact
		})
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s with %s: got %q, want %q", k.webhook, k.message, got, k.want)
		}
		if a := p.Activities[0]; a.By == "customer" && (a.Customer.Email != "dana@example.com" || a.Customer.ContactID != "5151" || a.Message.Body != "My order is late") ||
			a.By == "agent" && (a.Agent.Name != "Ada Agent" || a.Agent.Username != "ada@support.example.com") {
			t.Errorf("%s with %s: got %+v", k.webhook, k.message, a)
		}
	}
}

// loop asks until a webhook has every answer, as the gateway does.
func loop(t *testing.T, o connector.Options, body []byte, answer func(path string) []byte) connector.Parsed {
	t.Helper()
	r := &connector.Request{Body: body, Answers: map[string][]byte{}}
	for range 8 {
		p, err := Type().New(o).Parse(r)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Lookups) == 0 {
			connectortest.Check(t, p)
			return p
		}
		for _, l := range p.Lookups {
			r.Answers[l.Path] = answer(l.Path)
		}
	}
	t.Fatal("asks without end")
	return connector.Parsed{}
}

const message1 = `[{"subscriptionType":"conversation.newMessage","objectId":1,"occurredAt":1772442000000,"messageId":"m","messageType":"MESSAGE"}]`

// Whoever is not known for sure to speak to the other side says nothing.
func TestAuthors(t *testing.T) {
	for message, want := range map[string]string{
		`"direction":"INCOMING","senders":[{"actorId":"V-5"}]`:                          "message by customer m in 1",
		`"direction":"INCOMING","senders":[{"actorId":"E-mia@example.com"}]`:            "message by customer m in 1",
		`"direction":"INCOMING","senders":[{"name":"Mia"}],"createdBy":"S-hubspot"`:     "message by customer m in 1",
		`"direction":"INCOMING","createdBy":"V-5"`:                                      "message by customer m in 1",
		`"direction":"INCOMING","senders":[{"actorId":"A-7"}]`:                          "(unknown_author)",
		`"direction":"INCOMING","senders":[{"actorId":"I-7"}]`:                          "(unknown_author)",
		`"direction":"INCOMING","senders":[{"actorId":"X-7"}]`:                          "(unknown_author)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}]`:                          "message by agent agent A-7 m in 1",
		`"direction":"OUTGOING","senders":[],"createdBy":"A-7"`:                         "message by agent agent A-7 m in 1",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"createdBy":"I-9"`:        "message by agent agent A-7 m in 1",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"createdBy":"L-9"`:        "message by bot agent L-9 m in 1",
		`"direction":"OUTGOING","senders":[{"actorId":"B-7"}]`:                          "message by bot agent B-7 m in 1",
		`"direction":"OUTGOING","senders":[{"actorId":"L-7"}]`:                          "message by bot agent L-7 m in 1",
		`"direction":"OUTGOING","senders":[{"actorId":"S-7"}]`:                          "message by automation agent S-7 m in 1",
		`"direction":"OUTGOING","senders":[{"actorId":"I-7"}]`:                          "message by automation agent I-7 m in 1",
		`"direction":"OUTGOING","senders":[{"actorId":"V-7"}]`:                          "(unknown_author)",
		`"direction":"OUTGOING","senders":[{"actorId":"X-7"}]`:                          "(unknown_author)",
		`"direction":"OUTGOING","senders":[{"actorId":"7"}]`:                            "(unknown_author)",
		`"direction":"OUTGOING"`:                                                        "(unknown_author)",
		`"direction":"SIDEWAYS","senders":[{"actorId":"A-7"}]`:                          "(unknown_author)",
		`"senders":[{"actorId":"A-7"}]`:                                                 "(unknown_author)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"type":"COMMENT"`:         "(private_note)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"type":"WELCOME_MESSAGE"`: "(welcome_message)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"type":"ASSIGNMENT"`:      "(activity_line)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"type":"WHISPER"`:         "(unknown_kind)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"type":""`:                "(unknown_kind)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"archived":true`:          "(deleted)",
		`"direction":"OUTGOING","senders":[{"actorId":"A-7"}],"channelId":null`:         "(unknown_channel)",
	} {
		if !strings.Contains(message, `"type"`) {
			message += `,"type":"MESSAGE"`
		}
		if !strings.Contains(message, `"channelId"`) {
			message += `,"channelId":"1000"`
		}
		p := loop(t, connector.Options{}, []byte(message1), func(path string) []byte {
			if strings.HasSuffix(path, "/messages/m") {
				return []byte(`{"createdAt":"2026-03-02T09:00:00.200Z","text":"hello",` + message + `}`)
			}
			return nil
		})
		if got := connectortest.Summary(p); got != want {
			t.Errorf("%s: got %q, want %q", message, got, want)
		}
	}
}

// Notes and welcome lines are left out, and other objects passed over, with no
// question asked.
func TestNotAsked(t *testing.T) {
	for item, want := range map[string]string{
		`"subscriptionType":"conversation.newMessage","messageType":"COMMENT","messageId":"m"`:                "(private_note)",
		`"subscriptionType":"conversation.newMessage","messageType":"WELCOME_MESSAGE","messageId":"m"`:        "(welcome_message)",
		`"subscriptionType":"conversation.newMessage","messageType":"WHISPER","messageId":"m"`:                "(unknown_kind)",
		`"subscriptionType":"conversation.creation"`:                                                          "",
		`"subscriptionType":"conversation.deletion"`:                                                          "",
		`"subscriptionType":"conversation.privacyDeletion"`:                                                   "",
		`"subscriptionType":"conversation.propertyChange","propertyName":"isArchived","propertyValue":"true"`: "",
		`"subscriptionType":"conversation.propertyChange","propertyName":"status","propertyValue":"ODD"`:      "",
		`"subscriptionType":"conversation.propertyChange","propertyName":"status","propertyValue":"OPEN"`:     "reopened in 1",
		`"subscriptionType":"conversation.propertyChange","propertyName":"assignedTo","propertyValue":null`:   "assigned in 1",
		`"subscriptionType":"conversation.shouted"`:                                                           "(unknown_event)",
		`"subscriptionType":"contact.propertyChange","propertyName":"email","propertyValue":1`:                "",
		`"subscriptionType":"object.creation"`:                                                                "",
		`"eventId":1`:                                                                                         "(unknown_event)",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`[{"objectId":1,"occurredAt":1772442000000,` + item + `}]`)})
		if got := connectortest.Summary(p); got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", item, got, err, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	for want, o := range map[string]connector.Options{
		"{u-1 a-1 5 mia@example.com Mia Berg}": {},
		"{42 a-1 5 mia@example.com Mia Berg}":  {UserIDField: "crm id"},
		"{u-1 a-2 5 mia@example.com Mia Berg}": {AnonymousIDField: "visitor"},
	} {
		var asked []string
		p := loop(t, o, []byte(message1), func(path string) []byte {
			asked = append(asked, path)
			switch {
			case strings.HasSuffix(path, "/messages/m"):
				return []byte(`{"type":"MESSAGE","direction":"INCOMING","senders":[{"actorId":"V-5","name":"Mia"}],"createdAt":"2026-03-02T09:00:00.200Z"}`)
			case strings.HasSuffix(path, "/threads/1"):
				return []byte(`{"originalChannelId":"1000","associatedContactId":"5"}`)
			}
			return []byte(`{"id":"5","properties":{"email":"mia@example.com","firstname":"Mia","lastname":"Berg","user_id":"u-1","crm id":42,"anonymous_id":"a-1","visitor":"a-2"}}`)
		})
		if got := fmt.Sprint(p.Activities[0].Customer); got != want {
			t.Errorf("%+v: got %s, want %s", o, got, want)
		}
		if last := asked[len(asked)-1]; o.UserIDField != "" && !strings.Contains(last, "crm+id") {
			t.Errorf("got %s, want crm id asked for", last)
		}
	}
}

const secret = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"

// HubSpot's own examples for versions 1 and 2, and one more for 3.
func TestVerify(t *testing.T) {
	at := time.UnixMilli(1700000000123)
	c := Type().New(connector.Options{Secrets: []string{"another", secret}, Now: func() time.Time { return at }})
	header := func(pairs ...string) http.Header {
		h := http.Header{}
		for pair := range slices.Chunk(pairs, 2) {
			h.Set(pair[0], pair[1])
		}
		return h
	}
	const v1, v2, v3 = "232db2615f3d666fe21a8ec971ac7b5402d33b9a925784df3ca654d05f4817de", "9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900",
		"jrNVncA114AkomzHml0yotbYeSW8JPDtIBtMzoSvZ8c="
	for name, r := range map[string]connector.Request{
		"v1": {Header: header("X-HubSpot-Signature-Version", "v1", "X-HubSpot-Signature", v1),
			Body: []byte(`[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1564113600000,"subscriptionType":"contact.creation","attemptNumber":0,"objectId":123,"changeSource":"CRM","changeFlag":"NEW","appId":54321}]`)},
		"v2": {Header: header("X-HubSpot-Signature-Version", "v2", "X-HubSpot-Signature", v2), URL: "https://www.example.com/webhook_uri",
			Body: []byte(`{"example_field":"example_value"}`)},
		"v3": {Header: header("X-HubSpot-Request-Timestamp", "1700000000123", "X-HubSpot-Signature-v3", v3), URL: "https://gw.example.com/in/hubspot",
			Body: []byte(`[{"eventId":1,"subscriptionType":"conversation.newMessage","objectId":123,"messageId":"m1"}]`)},
	} {
		if err := c.Verify(&r); err != nil {
			t.Errorf("%s: got %v", name, err)
		}
		r.Body = bytes.Replace(r.Body, []byte("e"), []byte("E"), 1)
		if err := c.Verify(&r); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s, one byte changed: got %v, want ErrSignature", name, err)
		}
		r.Header.Set("X-HubSpot-Signature-Version", "v4")
		if err := c.Verify(&r); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s as v4: got %v, want ErrSignature", name, err)
		}
	}
}

// HubSpot signs the address without some of its escapes.
func TestVerifyAddress(t *testing.T) {
	at := time.UnixMilli(1700000000123)
	o := connector.Options{Secrets: []string{secret}, Now: func() time.Time { return at }}
	for _, k := range []struct {
		signed, called string
		ok             bool
	}{
		{"https://gw.example.com/in/a:b?to=x@y/z!&q=a%20b", "https://gw.example.com/in/a%3Ab?to=x%40y%2fz%21&q=a%20b", true},
		{"https://gw.example.com/in/a%3Ab", "https://gw.example.com/in/a%3Ab", true},
		{"https://gw.example.com/in/a", "https://gw.example.com/in/b", false},
		{"https://gw.example.com/in/a", "http://gw.example.com/in/a", false},
		{"https://gw.example.com/in/a b", "https://gw.example.com/in/a%20b", false},
	} {
		r := &connector.Request{URL: k.signed, Header: http.Header{}, Body: []byte("[]")}
		scheme3.Sign(o, r)
		r.URL = k.called
		if err := Type().New(o).Verify(r); (err == nil) != k.ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s as %s: got %v", k.signed, k.called, err)
		}
	}
	r := &connector.Request{URL: "https://gw.example.com/in/a", Header: http.Header{}, Body: []byte("[]")}
	scheme3.Sign(o, r)
	at = at.Add(6 * time.Minute)
	if err := Type().New(o).Verify(r); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("six minutes old: got %v, want ErrSignature", err)
	}
}

func TestUnreadable(t *testing.T) {
	for _, body := range []string{
		`{"subscriptionType":"conversation.newMessage"}`,
		`[{"subscriptionType":"conversation.newMessage","messageId":"secret","occurredAt":1772442000000}]`,
		`[{"subscriptionType":"conversation.newMessage","objectId":1,"messageId":"secret"}]`,
		`[{"subscriptionType":"conversation.newMessage","objectId":1,"occurredAt":1772442000000}]`,
		`[{"subscriptionType":"conversation.newMessage","objectId":["secret"]}]`,
		`["secret"]`,
	} {
		_, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body)})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without content", body, err)
		}
	}
}
