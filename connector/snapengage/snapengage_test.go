package snapengage

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func request(t *testing.T, name string) *connector.Request {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return &connector.Request{Body: b}
}

func TestLifecycle(t *testing.T) {
	const whole = `Started 0s Hello at 09:00:02.1
Sent 0s Hello at 09:00:02.1
Received 45s Hi Mia! at 09:00:47.3 by wc:ann@example.com Ann
Sent 97s ok at 09:01:40 by wc:ann@example.com Ann
Sent 97s ok at 09:01:40 by wc:ann@example.com Ann
Ended 200s ok at 09:03:23 by wc:ann@example.com Ann
`
	chat := request(t, "chat")
	if got := connectortest.Story(t, Type(), chat, chat); got != whole {
		t.Errorf("got\n%swant\n%s", got, whole)
	}
	longer := strings.Replace(string(chat.Body), `],"javascript`, `,{"id":"","date_milliseconds":1772442400000,"alias":"","message":"ok"}],"javascript`, 1)
	head, tail, _ := strings.Cut(longer, `{"id":"","date"`)
	_, tail, _ = strings.Cut(tail, `},`)
	const rest = `Sent 397s ok at 09:06:40 by wc:ann@example.com Ann
Ended 397s ok at 09:06:40 by wc:ann@example.com Ann
`
	for _, again := range []string{longer, head + tail} {
		if got := connectortest.Story(t, Type(), chat, &connector.Request{Body: []byte(again)}); got != whole+rest {
			t.Errorf("a longer one: got\n%swant\n%s", got, whole+rest)
		}
	}
}

// What a proactive chat begins with is a prompt, though in an agent's name. All
// is told by the second.
func TestProactive(t *testing.T) {
	const want = `Started 0s Yes at 10:00:02
Sent 0s Yes at 10:00:02
Received 58s Hello! at 10:01:00 by wc:ann@example.com Ann
Ended 58s Hello! at 10:01:00 by wc:ann@example.com Ann
`
	if got := connectortest.Story(t, Type(), request(t, "chat.proactive")); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestLines(t *testing.T) {
	for in, want := range map[string]string{
		`"id":""`:                            "customer",
		`"alias":""`:                         "customer",
		`"id":null,"alias":""`:               "customer",
		`"id":null,"alias":"System"`:         "(unknown_author)",
		`"id":"wc:ann@example.com"`:          "agent wc:ann@example.com  ann@example.com",
		`"id":"bo@example.com","alias":"Bo"`: "agent bo@example.com Bo ",
		`"id":"desk-7","alias":"Bo"`:         "agent desk-7 Bo ",
		`"id":"wc:guide@example.com"`:        "bot wc:guide@example.com  guide@example.com",
		`"id":"system","alias":"System"`:     "(unknown_author)",
		`"id":"","date_milliseconds":null`:   "(no_time)",
		`"id":"","date":"Mar 2, 2026 9:00:02 AM","date_milliseconds":null`: "customer",
	} {
		c := Type().New(connector.Options{AgentIDs: []string{"desk-*"}, BotIDs: []string{"wc:guide@*"}})
		if !strings.Contains(in, "date") {
			in += `,"date_milliseconds":1772442002100`
		}
		p, err := c.Parse(&connector.Request{Body: []byte(`{"id":"1","type":"chat","transcripts":[{"message":"x",` + in + `}]}`)})
		if err != nil {
			t.Fatal(err)
		}
		got := "(" + strings.Join(p.Dropped, ",") + ")"
		if len(p.Activities) > 0 {
			a := p.Activities[0]
			if got = string(a.By); a.By != conversation.Customer {
				got += " " + a.Agent.ID + " " + a.Agent.Name + " " + a.Agent.Username
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	c := Type().New(connector.Options{})
	for in, want := range map[string]string{
		`{"type":"offline"}`: "", `{"type":"survey"}`: "(unknown_event)", `{"event":"closed"}`: "(unknown_event)", `{"type":"chat","id":"1"}`: "",
	} {
		if p, err := c.Parse(&connector.Request{Body: []byte(in)}); err != nil || connectortest.Summary(p) != want {
			t.Errorf("%s: got %+v (%v), want %q", in, p, err, want)
		}
	}
	for in, want := range map[string]string{`{"type":"chat"}`: "id", `{"type":"chat","id":[]}`: "/id", `<?xml version="1.0"?><case/>`: "JSON"} {
		if _, err := c.Parse(&connector.Request{Body: []byte(in)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that says %q", in, err, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	for _, tt := range []struct {
		in                string
		o                 connector.Options
		user, site, email string
	}{
		{`"requested_by":"unknown@example.com"`, connector.Options{}, "", "", ""},
		{`"requested_by":"mia@example.com","javascript_variables":[{"name":"anonymous_id","value":"site-1"},{"name":"user_id","value":4711}]`, connector.Options{}, "4711", "site-1", "mia@example.com"},
		{`"javascript_variables":[{"name":"account","value":"u-1"},{"name":"user_id","value":4711}]`, connector.Options{UserIDField: "account"}, "u-1", "", ""},
		{`"javascript_variables":{"external_id":"u-1","ajs_anonymous_id":"site-1"}`, connector.Options{}, "u-1", "site-1", ""},
		{`"javascript_variables":[7]`, connector.Options{}, "", "", ""},
		{`"javascript_variables":null`, connector.Options{}, "", "", ""},
	} {
		p, err := Type().New(tt.o).Parse(&connector.Request{Body: []byte(`{"id":"1","type":"chat","created_at_seconds":1772442000,` + tt.in + `}`)})
		if err != nil || len(p.Activities) != 1 {
			t.Fatalf("%s: got %+v (%v)", tt.in, p, err)
		}
		if got := p.Activities[0].Customer; got.UserID != tt.user || got.AnonymousID != tt.site || got.Email != tt.email {
			t.Errorf("%s: got %+v", tt.in, got)
		}
	}
}

func TestToken(t *testing.T) {
	with, without := connector.Options{Secrets: []string{"s3cret"}}, connector.Options{Unsigned: true}
	for _, tt := range []struct {
		o      connector.Options
		header string
		ok     bool
	}{
		{with, "s3cret", true}, {with, "Bearer s3cret", true}, {with, "Bearer other", false}, {with, "Bearer ", false}, {with, "", false},
		{without, "", true}, {connector.Options{}, "s3cret", false},
	} {
		err := Type().New(tt.o).Verify(&connector.Request{Header: http.Header{"Authorization": {tt.header}}})
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%+v: got %v", tt, err)
		}
	}
}
