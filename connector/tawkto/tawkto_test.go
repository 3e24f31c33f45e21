package tawkto

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	const chat = " in 70fe3290-99ad-11e9-a30a-51567162179f"
	connectortest.Corpus(t, Type(), connectortest.Says{
		"chat.start.json":              "message by customer 4df3b82ee8a0ebb16990beab" + chat,
		"chat.end.json":                "ending" + chat,
		"chat.transcript_created.json": "message by automation de7cd8a66c57ae8e5bb2ca4e" + chat + "; message by customer b35055a731c251f829564594" + chat + "; closed" + chat,
	})
}

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func request(t *testing.T, name string) *connector.Request {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return &connector.Request{Body: b}
}

func story(t *testing.T, want string, requests ...*connector.Request) {
	t.Helper()
	if got := connectortest.Story(t, Type(), requests...); got != strings.TrimPrefix(want, "\n") {
		t.Errorf("got\n%swant%s", got, want)
	}
}

// A chat is told in three webhooks, minutes apart. It starts once, at once;
// and it ended when tawk.to said so, not when the transcript came.
func TestLifecycle(t *testing.T) {
	start, end, transcript := request(t, "chat.start.visitor"), request(t, "chat.end"), request(t, "chat.transcript_created")
	const whole = `
Started 0s Hello, is anybody there? at 09:00:00.12
Sent 0s Hello, is anybody there? at 09:00:00.12
Received 45s Hi Mia, I am. What is it? at 09:00:45.3 by 5f1a7 Ann Lee
Sent 69s  at 09:01:10 by 5f1a7 Ann Lee
Sent 98s ok at 09:01:38.5 by 5f1a7 Ann Lee
Sent 98s ok at 09:01:38.5 by 5f1a7 Ann Lee
Received 99s Done, I think. at 09:01:40 by 5f1a7 Ann Lee
Ended 203s Done, I think. at 09:03:23.4 by 5f1a7 Ann Lee
`
	story(t, whole, start, end, transcript)
	story(t, whole, start, start, end, end, transcript, transcript, start)
	if got := connectortest.Story(t, Type(), transcript, start, end); strings.Count(got, "\n") != 8 || !strings.Contains(got, "Ended 389s") {
		t.Errorf("a transcript that comes first: got\n%s", got)
	}
}

// A longer transcript, and one that lost its beginning, tell only what is new.
func TestAgain(t *testing.T) {
	start, end, transcript := request(t, "chat.start.visitor"), request(t, "chat.end"), request(t, "chat.transcript_created")
	before := connectortest.Story(t, Type(), start, end, transcript)
	longer := connector.Request{Body: []byte(strings.NewReplacer(
		`]}}`, `,{"sender":{"t":"v"},"type":"msg","msg":"Thank you","time":"2026-03-02T09:10:00.000Z"}]}}`,
		`"time":"2026-03-02T09:06:30.000Z"`, `"time":"2026-03-02T09:14:00.000Z"`).Replace(string(transcript.Body)))}
	shifted := longer
	from := strings.Index(string(longer.Body), `{"sender":{"t":"a"`)
	head := strings.Index(string(longer.Body), `{"sender"`)
	shifted.Body = []byte(string(longer.Body[:head]) + string(longer.Body[from:]))
	for _, r := range []*connector.Request{&longer, &shifted} {
		story(t, "\n"+before+"Sent 599s Thank you at 09:10:00 by 5f1a7 Ann Lee\nEnded 839s Thank you at 09:14:00 by 5f1a7 Ann Lee\n", start, end, transcript, r, transcript)
	}
}

// An agent who writes first starts nothing, and is named all the same.
func TestAgentFirst(t *testing.T) {
	transcript := &connector.Request{Body: []byte(`{"event":"chat:transcript_created","time":"2026-03-02T10:06:00.000Z","chat":{"id":"1f0c2a10-5d2e-11f0-9a55-0b7d7c5e1a02","visitor":{"name":"V1772442000123456"},"messages":[
		{"sender":{"t":"a","n":"Bo Chen"},"type":"msg","msg":"May I help you?","time":"2026-03-02T10:00:00.000Z"},
		{"sender":{"t":"v"},"type":"msg","msg":"Yes","time":"2026-03-02T10:00:30.000Z"}]}}`)}
	end := &connector.Request{Body: []byte(`{"event":"chat:end","chatId":"1f0c2a10-5d2e-11f0-9a55-0b7d7c5e1a02","time":"2026-03-02T10:02:30.000Z"}`)}
	story(t, `
Received 0s May I help you? at 10:00:00 by Bo Chen
Started 0s Yes at 10:00:30 by Bo Chen
Sent 0s Yes at 10:00:30 by Bo Chen
Ended 120s Yes at 10:02:30 by Bo Chen
`, request(t, "chat.start.agent"), end, transcript)
}

func TestAuthors(t *testing.T) {
	for in, want := range map[string]string{
		`"sender":{"t":"v"},"type":"msg"`:                 "customer",
		`"sender":{"t":"v"},"type":"file"`:                "customer",
		`"sender":{"t":"a","n":"Ann Lee"},"type":"msg"`:   "agent",
		`"sender":{"t":"s","n":"Ann Lee"},"type":"msg"`:   "agent", // whom agent_ids names
		`"sender":{"t":"s","n":"Support"},"type":"msg"`:   "automation",
		`"sender":{"t":"s"},"type":"msg"`:                 "(activity_line)",
		`"sender":{"t":"a","n":"AI Assist"},"type":"msg"`: "bot", // whom bot_ids names
		`"sender":{"t":"b","n":"AI"},"type":"msg"`:        "(unknown_author)",
		`"type":"msg"`: "(unknown_author)",
		`"sender":{"t":"a","n":"Ann Lee"},"type":"whisper"`: "(unknown_kind)",
		`"sender":{"t":"a","n":"Ann Lee"}`:                  "(unknown_kind)",
		`"sender":{"t":"v"},"type":"nav"`:                   "()",
		`"sender":{"t":"v"},"type":"webrtc-call"`:           "()",
		`"sender":{"t":"v"},"type":"msg","time":null`:       "(no_time)",
	} {
		stamp := `,"time":"2026-03-02T09:00:00Z"`
		if strings.Contains(in, "null") {
			stamp = ""
		}
		c := Type().New(connector.Options{AgentIDs: []string{"Ann Lee"}, BotIDs: []string{"AI *"}})
		p, err := c.Parse(&connector.Request{Body: []byte(`{"event":"chat:transcript_created","time":"2026-03-02T09:00:01Z","chat":{"id":"1","messages":[{` + in + stamp + `,"msg":"x"}]}}`)})
		if err != nil {
			t.Fatal(err)
		}
		got := "(" + strings.Join(p.Dropped, ",") + ")"
		if p.Activities[0].Type == conversation.Message {
			got = string(p.Activities[0].By)
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestStarts(t *testing.T) {
	for in, want := range map[string]string{
		`{"text":"x","type":"msg","sender":{"type":"visitor"}}`:         "message by customer",
		`{"text":"x","type":"msg","sender":{"type":"agent"}}`:           "identified in",
		`{"text":"x","type":"msg","sender":{"type":"system"}}`:          "identified in",
		`{"text":"x","type":"msg","sender":{"type":"bot"}}`:             "identified in 1 (unknown_author)",
		`{"text":"x","type":"webrtc-call","sender":{"type":"visitor"}}`: "identified in",
		`{}`: "identified in 1 (unknown_author)",
	} {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"event":"chat:start","chatId":"1","time":"2026-03-02T09:00:00Z","message":` + in + `}`)})
		if got := connectortest.Summary(p); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q (%v), want %q", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		`{"event":"chat:start","chatId":"1"}`: "time", `{"event":"chat:end","time":"2026-03-02T09:00:00Z"}`: "id", `{"event":"chat:end","chatId":[]}`: "/chatId", `[]`: "JSON",
	} {
		if _, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(in)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error that says %q", in, err, want)
		}
	}
	p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(`{"event":"chat:sneeze","chatId":[]}`)})
	if err != nil || connectortest.Summary(p) != "(unknown_event)" {
		t.Errorf("an unknown event: got %+v (%v)", p, err)
	}
}
