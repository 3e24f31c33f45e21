package messenger

import (
	"fmt"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"dlr.json":                  "",
		"echo.json":                 "message by company qT7ywaK in 5678", // which tells the two the wrong way round
		"hello_msg.json":            "message by customer external_id in 5678",
		"postback_get_started.json": "",
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func parse(t *testing.T, o connector.Options, body string) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body)})
	if err != nil {
		t.Fatal(err)
	}
	connectortest.Check(t, p)
	return p
}

// Who and what: all that can be told apart is, and nothing else is told.
func TestKinds(t *testing.T) {
	o := connector.Options{AgentIDs: []string{"7"}, BotIDs: []string{"900"}}
	const from, to = `"sender":{"id":"5"},"recipient":{"id":"1"},"timestamp":1772442045207`, `"sender":{"id":"1"},"recipient":{"id":"5"},"timestamp":1772442045207`
	for event, want := range map[string]string{
		from + `,"message":{"mid":"m","text":"hi"}`:                              "message by customer m in 5",
		from + `,"message":{"mid":"m","quick_reply":{"payload":"x"},"text":"a"}`: "message by customer m in 5",
		from + `,"message":{"mid":"m","attachments":[{"type":"sticker"}]}`:       "message by customer m in 5",
		to + `,"message":{"mid":"m","text":"hi","is_echo":true,"app_id":7}`:      "message by agent m in 5",
		to + `,"message":{"mid":"m","text":"hi","is_echo":true,"app_id":900}`:    "message by bot m in 5",
		to + `,"message":{"mid":"m","text":"hi","is_echo":true,"app_id":8}`:      "message by company m in 5",
		to + `,"message":{"mid":"m","text":"hi","is_echo":true}`:                 "message by company m in 5",
		to + `,"message":{"mid":"m","text":"hi"}`:                                "(unknown_author)",
		from + `,"message":{"text":"hi"}`:                                        "(no_id)",
		`"recipient":{"id":"1"},"timestamp":1,"message":{"mid":"m"}`:             "(no_contact)",
		from + `,"message_edit":{"mid":"m","text":"hi"}`:                         "",
		from + `,"read":{"watermark":1}`:                                         "",
		from + `,"reaction":{"mid":"m"}`:                                         "",
		from + `,"postback":{"title":"Yes","payload":"yes"}`:                     "",
		from + `,"pass_thread_control":{"new_owner_app_id":"1"}`:                 "",
		from + `,"delivery":null`:                                                "(unknown_event)",
		from + `,"something":{"new":1}`:                                          "(unknown_event)",
	} {
		p := parse(t, o, `{"object":"page","entry":[{"id":"1","messaging":[{`+event+`}]}]}`)
		if got := connectortest.Summary(p); got != want {
			t.Errorf("%s: got %q, want %q", event, got, want)
		}
	}
	if got := connectortest.Summary(parse(t, o, `{"object":"user","entry":[]}`)); got != "(unknown_object)" {
		t.Errorf("about something else: got %q", got)
	}
}

// Without a time of its own, an event has that of the webhook, or none.
func TestTimes(t *testing.T) {
	const event = `"messaging":[{"sender":{"id":"5"},"recipient":{"id":"1"},"message":{"mid":"m","text":"hi"}}]`
	if p := parse(t, connector.Options{}, `{"object":"page","entry":[{"id":"1","time":1772442045207,`+event+`}]}`); p.Activities[0].Time.UnixMilli() != 1772442045207 {
		t.Errorf("got %v, want the webhook's time", p.Activities[0].Time)
	}
	if got := connectortest.Summary(parse(t, connector.Options{}, `{"object":"page","entry":[{"id":"1",`+event+`}]}`)); got != "(no_time)" {
		t.Errorf("got %q, want (no_time)", got)
	}
}

// A link carries who the visitor is on the site; who they say they are counts
// only if the configuration trusts it.
func TestReferral(t *testing.T) {
	body := `{"object":"page","entry":[{"id":"1","messaging":[{"sender":{"id":"5"},"recipient":{"id":"1"},"timestamp":1772442045207,"referral":{"ref":"REF"}}]}]}`
	for _, test := range []struct {
		ref   string
		trust bool
		want  string
	}{
		{"anonymous_id-0b1c", false, "[{identified  0b1c}]"},
		{"user_id-4711", false, "[]"},
		{"user_id-4711", true, "[{identified 4711 }]"},
		{"summer", true, "[]"},
	} {
		type told struct {
			Type       conversation.Type
			User, Anon string
		}
		list := []told{}
		for _, a := range parse(t, connector.Options{UnverifiedIDs: test.trust}, strings.Replace(body, "REF", test.ref, 1)).Activities {
			list = append(list, told{a.Type, a.Customer.UserID, a.Customer.AnonymousID})
		}
		if got := fmt.Sprint(list); got != test.want {
			t.Errorf("%s: got %s, want %s", test.ref, got, test.want)
		}
	}
}

// A day's silence parts what belongs to one thread.
func TestSessions(t *testing.T) {
	at := func(mid, text string, hour int) *connector.Request {
		return &connector.Request{Body: fmt.Appendf(nil, `{"object":"page","entry":[{"id":"1","messaging":[{"sender":{"id":"5"},"recipient":{"id":"1"},"timestamp":%d,"message":{"mid":"%s","text":"%s"}}]}]}`,
			1772442045000+hour*3600_000, mid, text)}
	}
	const want = `Started 0s Hello at 09:00:45
Sent 0s Hello at 09:00:45
Sent 86400s Still there? at 09:00:45
Started 0s Me again at 11:00:45
Sent 0s Me again at 11:00:45
`
	if got := connectortest.Story(t, Type(), at("a", "Hello", 0), at("b", "Still there?", 24), at("c", "Me again", 50), at("a", "Hello", 0)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
