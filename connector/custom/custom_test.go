package custom

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func say(t *testing.T, program, body string) string {
	t.Helper()
	c := Type().New(connector.Options{Program: program})
	p, err := c.Parse(&connector.Request{URL: "https://example.com/in/x?kind=in", Header: http.Header{"X-Kind": {"out"}}, Body: []byte(body)})
	if err != nil {
		return "error: " + err.Error()
	}
	connectortest.Check(t, p)
	return connectortest.Summary(p)
}

func TestProgram(t *testing.T) {
	message := `{type: "message", conversation_id: .chat, time: .at, by: .who, message: {id: .id, body: .text}}`
	tests := []struct{ program, body, want string }{
		{message, `{"chat":17,"at":1772442045207,"who":"customer","id":5,"text":"hello"}`, "message by customer 5 in 17"},
		{"[" + message + "]", `{"chat":"c","at":"2026-03-02 09:00:45","who":"agent","id":"m","text":null}`, "message by agent m in c"},
		{message, `{"chat":17,"at":1,"who":"ghost","id":5}`, "(unknown_author)"},
		{message, `{"at":1,"who":"agent","id":5}`, "error: custom: activity 1: conversation_id: is missing"},
		{message, `{"chat":17,"who":"agent","id":5}`, "error: custom: activity 1: time: is missing"},
		{message, `{"chat":17,"at":"soon","who":"agent","id":5}`, "error: custom: activity 1: time: is not a time"},
		{message, `{"chat":17,"at":1,"id":5}`, "error: custom: activity 1: by: is missing; a message has an author"},
		{`{kind: "message"}`, `{}`, "error: custom: activity 1: kind: unknown key"},
		{`{message: 7}`, `{}`, "error: custom: activity 1: message: cannot be a JSON number"},
		{message, `{"chat":17,"at":1772442045207,"who":"company","id":9007199254740993,"text":"hello"}`, "message by company 9007199254740993 in 17"},
		{message, `{"chat":17,"chat":18,"at":1,"who":"agent","id":5}`, "error: custom: the body is not JSON"},
		{`{type: "closed", conversation_id: 1, time: $received}`, `{}`, "error: custom: activity 1: time: is missing"},
		{`empty`, `{}`, ""},
		{`{drop: "Private Note!"}`, `{}`, "(privatenote)"},
		{`{type: "closed", conversation_id: $query.kind, time: 1, by: "system"} , {type: "closed", conversation_id: $headers["x-kind"], time: 1}`, `{}`, "closed by system in in; closed in out"},
		{`env | tostring | {drop: .}`, `{}`, "(by_program)"},
		{`"text", 7`, `{}`, "error: custom: activity 1: is not an object"},
		{`def f: f; f`, `{}`, "error: custom: the program ran longer than 500ms"},
		{`range(2000) | {drop: "x"}`, `{}`, "error: custom: the program makes more than 1000 activities of one webhook"},
		{`.a.b`, `{"a":"what somebody wrote"}`, "error: custom: the program failed"},
		{`.a as $a | [] | has($a)`, `{"a":"secret: what somebody wrote"}`, "error: custom: the program failed: has"},
		{`{customer: {(.a): 1}}`, `{"a":"what somebody wrote"}`, "error: custom: activity 1: customer.…: unknown key"},
		{`.`, `not JSON`, "error: custom: the body is not JSON"},
	}
	for _, tt := range tests {
		if got := say(t, tt.program, tt.body); got != tt.want && (tt.want != "error: custom: the program failed" || !strings.HasPrefix(got, tt.want)) || strings.Contains(got, "wrote") {
			t.Errorf("%s of %s: got  %s\nwant %s", tt.program, tt.body, got, tt.want)
		}
	}
}

// Messages without ids of their own get the same ones from the same content.
func TestIDs(t *testing.T) {
	program := `.[] | {type: "message", conversation_id: "1", time: .t, by: "agent", message: {body: .b}}`
	short, long := say(t, program, `[{"t":1,"b":"ok"},{"t":1,"b":"ok"}]`), say(t, program, `[{"t":1,"b":"ok"},{"t":1,"b":"ok"},{"t":2,"b":"ok"}]`)
	first, second, _ := strings.Cut(short, "; ")
	if first == second || !strings.HasPrefix(long, short+"; ") {
		t.Errorf("got %s and %s", short, long)
	}
}

func TestFunctions(t *testing.T) {
	for program, want := range map[string]string{
		`"2026-03-02 10:00:45" | parse_time("Europe/Paris")`:                "2026-03-02T09:00:45Z",
		`1772442045.25 | parse_time`:                                        "2026-03-02T09:00:45.25Z",
		`"<p>a<br>b &amp; c</p>" | plain_text`:                              "a\nb & c",
		`"**a**" | plain_markdown`:                                          "a",
		`{b: 1, a: 2} | stable_id == ({a: 2, b: 1} | stable_id) | tostring`: "true",
	} {
		c := Type().New(connector.Options{Program: `{type: "message", conversation_id: "1", time: 1, by: "agent", message: {id: 1, body: (` + program + `)}}`})
		p, err := c.Parse(&connector.Request{Body: []byte("{}")})
		if err != nil || p.Activities[0].Message.Body != want {
			t.Errorf("%s: got %+v (%v), want %q", program, p, err, want)
		}
	}
}

func TestForm(t *testing.T) {
	c := Type().New(connector.Options{Program: `.data | fromjson | {type: "closed", conversation_id: .id, time: .at}`})
	p, err := c.Parse(&connector.Request{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte("data=%7B%22id%22%3A1%2C%22at%22%3A1%7D")})
	if got := connectortest.Summary(p); err != nil || got != "closed in 1" {
		t.Errorf("got %s (%v)", got, err)
	}
}

func TestCheck(t *testing.T) {
	for program, want := range map[string]string{
		"":                   "program: is missing",
		".a |\n  if .b":      "program: line 2, column",
		"nonsense":           "program: function not defined: nonsense/0",
		`import "a" as a; .`: "program: ",
	} {
		if err := Type().Check(connector.Options{Program: program}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", program, err, want)
		}
	}
}

func TestVerify(t *testing.T) {
	s := connector.Scheme{Header: "X-Signature", Value: "v0={signature}"}
	o := connector.Options{Program: ".", Secrets: []string{"secret"}, Scheme: s}
	r := &connector.Request{Header: http.Header{}, Body: []byte("{}")}
	s.Sign(o, r)
	if err := Type().New(o).Verify(r); err != nil {
		t.Error(err)
	}
	r.Body = []byte("[]")
	if err := Type().New(o).Verify(r); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("a changed body: got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	c := Type().New(connector.Options{Program: `.. | objects | {type, conversation_id, time, by, message}`})
	f.Add([]byte(`{"type":"message","conversation_id":1,"time":1,"by":"agent"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if p, err := c.Parse(&connector.Request{Body: body}); err == nil {
			connectortest.Check(t, p)
		}
	})
}
