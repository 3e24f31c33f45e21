package freshchat

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

const vector = "signature_vector.json"

func TestCorpus(t *testing.T) {
	const (
		user2019, user2020 = "882f3926-b292-414b-a411-96380db373cd", "5cac723a-13aa-473e-846b-9cdb7d2c41a5"
		agent2020, chat    = "ae72b467-a0d2-43a6-a1c7-8cf33d68c7c4", " in aecf3cc7-138a-4b40-9723-5bf4d1abb97b"
		agentApril         = "999abdc6-e4b1-4944-a246-86f63109df7e"
		first              = "message by customer 7a454fde-c720-4c97-a61d-0ffe70449eb6 in c327498e-f713-481e-8d83-0603e03d2521 ?/v2/users/" + user2019
	)
	connectortest.Corpus(t, Type(), connectortest.Says{
		"constructed_message_create.private_note.json": "(private_note)",
		"conversation_assignment.json":                 "assigned agent " + agentApril + " in 40c15ddf-74e0-41e5-870e-69187d085778 ?/v2/agents/" + agentApril,
		"conversation_reopen.2022.json":                "reopened by customer in 487870040076744-1648793439927",
		"conversation_reopen.json":                     "reopened by customer" + chat,
		"conversation_resolution.json":                 "closed by agent agent " + agent2020 + chat + " ?/v2/agents/" + agent2020,
		"message_create.agent.json": "message by agent agent " + agent2020 + " 35814612-97f6-43bb-9266-cf6cd7cf6a0e" + chat +
			" ?/v2/agents/" + agent2020 + " ?/v2/users/" + user2020,
		"message_create.json":                  first,
		"message_create.user.json":             "message by customer ae46748d-daea-44ae-bd41-11eb4797853d" + chat + " ?/v2/users/" + user2020,
		"message_create.user.signed_2019.json": first,
	}, vector)
}

// A real signature with its key, as Freshchat prints it on one line.
func TestRecordedSignature(t *testing.T) {
	connectortest.Files(t, Type(), func(t *testing.T, name string, b []byte) {
		if name != vector {
			return
		}
		var v struct {
			Body      string `json:"raw_body"`
			Signature string `json:"signature_base64"`
			Key       string `json:"public_key_pem_one_line"`
		}
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		o := connector.Options{Secrets: []string{v.Key}}
		if err := Type().Check(o); err != nil {
			t.Error(err)
		}
		r := &connector.Request{Header: http.Header{}, Body: []byte(v.Body)}
		r.Header.Set("X-FreshChat-Signature", v.Signature)
		if err := Type().New(o).Verify(r); err != nil {
			t.Error(err)
		}
		r.Body[20] ^= 1
		if err := Type().New(o).Verify(r); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("one byte changed: got %v, want ErrSignature", err)
		}
	})
}

func TestCheck(t *testing.T) {
	for _, secret := range []string{"", "a shared secret", "-----BEGIN RSA PUBLIC KEY----- MIIB -----END RSA PUBLIC KEY-----"} {
		err := Type().Check(connector.Options{Secrets: []string{secret}})
		if err == nil || !strings.HasPrefix(err.Error(), "secret: ") {
			t.Errorf("%q: got %v, want what is wrong with it", secret, err)
		}
	}
}

func says(t *testing.T, o connector.Options, body string, answers map[string][]byte) connector.Parsed {
	t.Helper()
	p, err := Type().New(o).Parse(&connector.Request{Body: []byte(body), Answers: answers})
	if err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return p
}

// What is not known for sure to have passed between the two sides says
// nothing, and is not asked about either.
func TestMessages(t *testing.T) {
	for message, want := range map[string]string{
		`"actor_type":"user","message_type":"normal"`:                           "message by customer m in i ?/v2/users/7",
		`"actor_type":"user","user_id":"u","message_type":"normal"`:             "message by customer m in i ?/v2/users/u",
		`"actor_type":"agent","message_type":"normal"`:                          "message by agent agent 7 m in i ?/v2/agents/7",
		`"actor_type":"agent","user_id":"u/..","message_type":"normal"`:         "message by agent agent 7 m in i ?/v2/agents/7 ?/v2/users/u%2F..",
		`"actor_type":"agent","actor_id":"900","message_type":"normal"`:         "message by bot agent 900 m in i ?/v2/agents/900",
		`"actor_type":"system","message_type":"normal"`:                         "message by automation m in i",
		`"actor_type":"agent","botsPrivateNote":false`:                          "message by agent agent 7 m in i ?/v2/agents/7",
		`"actor_type":"agent","botsPrivateNote":false,"message_type":"private"`: "(private_note)",
		`"actor_type":"agent","botsPrivateNote":true,"message_type":"normal"`:   "(private_note)",
		`"actor_type":"agent"`:                          "(private_note)",
		`"actor_type":"user"`:                           "(private_note)",
		`"actor_type":"agent","message_type":"system"`:  "(activity_line)",
		`"actor_type":"agent","message_type":"whisper"`: "(unknown_kind)",
		`"actor_type":"bot","message_type":"normal"`:    "(unknown_author)",
		`"actor_type":"ghost","message_type":"normal"`:  "(unknown_author)",
	} {
		if !strings.Contains(message, "actor_id") {
			message += `,"actor_id":"7"`
		}
		p := says(t, connector.Options{BotIDs: []string{"900"}}, `{"action":"message_create","action_time":"2026-03-02T09:00:00.220Z","data":{"message":{"id":"m","conversation_id":"c",
			"interaction_id":"i","message_parts":[{"text":{"content":"hello"}}],`+message+`}}}`, nil)
		if got := connectortest.Summary(p); got != want {
			t.Errorf("%s: got %q, want %q", message, got, want)
		}
	}
}

func TestChanges(t *testing.T) {
	for _, k := range []struct{ action, data, want string }{
		{"conversation_resolution", `"resolve":{"resolver":"agent","resolver_id":"7"`, "closed by agent agent 7 in c"},
		{"conversation_resolution", `"resolve":{"resolver":"agent","resolver_id":"900"`, "closed by bot agent 8 in c"},
		{"conversation_resolution", `"resolve":{"resolver":"user","resolver_id":"u"`, "closed by customer agent 8 in c"},
		{"conversation_resolution", `"resolve":{"resolver":"system","resolver_id":""`, "closed by system agent 8 in c"},
		{"conversation_resolution", `"resolve":{"resolver":"ghost"`, "closed agent 8 in c"},
		{"conversation_resolution", `"resolve":{"interaction_id":"i"`, "closed agent 8 in i"},
		{"conversation_reopen", `"reopen":{"reopener":"user","reopener_id":"u"`, "reopened by customer agent 8 in c"},
		{"conversation_assignment", `"assignment":{"to_agent_id":"7"`, "assigned agent 7 in c"},
		{"conversation_assignment", `"assignment":{"to_agent_id":""`, "assigned in c"},
		{"conversation_deleted", `"deleted":{"x":""`, "(unknown_event)"},
		{"", `"deleted":{"x":""`, "(unknown_event)"},
	} {
		p := says(t, connector.Options{BotIDs: []string{"900"}}, fmt.Sprintf(`{"action":%q,"action_time":"2026-03-02T09:00:00.220Z",
			"data":{%s,"conversation":{"conversation_id":"c","assigned_agent_id":"8"}}}}`, k.action, k.data), map[string][]byte{"/v2/agents/7": nil, "/v2/agents/8": nil})
		if got := connectortest.Summary(p); got != k.want {
			t.Errorf("%s %s: got %q, want %q", k.action, k.data, got, k.want)
		}
	}
}

// Who people are comes from the API, and serves an hour.
func TestPeople(t *testing.T) {
	const body = `{"action":"message_create","data":{"message":{"id":"m","conversation_id":"c","actor_type":"agent","actor_id":"7","user_id":"u","message_type":"normal","created_time":"2026-03-02T09:00:00.220Z"}}}`
	p := says(t, connector.Options{}, body, nil)
	if len(p.Lookups) != 2 || p.Lookups[0].Keep != time.Hour || p.Lookups[1].Keep != time.Hour {
		t.Errorf("got %+v, want two that are kept for an hour", p.Lookups)
	}
	answers := map[string][]byte{
		"/v2/agents/7": []byte(`{"id":"7","first_name":"Ann","last_name":null,"email":"ann@example.com"}`),
		"/v2/users/u": []byte(`{"id":"u","reference_id":"u-4711","first_name":"Mia","last_name":"Berg","email":"mia@example.com",
			"properties":[{"name":"anonymous_id","value":"a-1"},{"name":"crm","value":42},{"name":"tags","value":["x"]}]}`),
	}
	for want, o := range map[string]connector.Options{
		"{u-4711 a-1 u mia@example.com Mia Berg} {7 Ann ann@example.com}": {},
		"{42 a-1 u mia@example.com Mia Berg} {7 Ann ann@example.com}":     {UserIDField: "crm"},
		"{u-4711  u mia@example.com Mia Berg} {7 Ann ann@example.com}":    {AnonymousIDField: "tags"},
	} {
		a := says(t, o, body, answers).Activities[0]
		if got := fmt.Sprint(a.Customer, a.Agent); got != want || a.Conversation != "c" {
			t.Errorf("%+v: got %s, want %s", o, got, want)
		}
	}
	p = says(t, connector.Options{}, body, map[string][]byte{"/v2/agents/7": nil, "/v2/users/u": nil})
	if a := p.Activities[0]; len(p.Lookups) > 0 || fmt.Sprint(a.Customer, a.Agent) != "{  u  } {7  }" {
		t.Errorf("people whom the API does not know: got %+v", p)
	}
}

func TestBody(t *testing.T) {
	for parts, want := range map[string]string{
		`"message_parts":[{"text":{"content":"1 &lt; 2 &amp; 3"}}]`:                                "1 < 2 & 3",
		`"message_parts":[{"text":{"content":"one"}},{"image":{}},{"text":{"content":"two"}}]`:     "one\n\ntwo",
		`"message_parts":[{"text":{"content":"<p>one</p><p>two</p>"}}]`:                            "one\ntwo",
		`"message_parts":[{"image":{"url":"https://example.com/a.png"}}]`:                          "",
		`"msg_parts":[{"part_type":"text","properties":{"text":"old"}}]`:                           "old",
		`"message_parts":[{"quick_reply_button":{"label":"Yes"}},{"text":{"content":"< or > ?"}}]`: "< or > ?",
	} {
		p := says(t, connector.Options{}, `{"action":"message_create","data":{"message":{"id":"m","conversation_id":"c","actor_type":"user","message_type":"normal","created_time":"2026-03-02T09:00:00Z",`+parts+`}}}`, nil)
		if got := p.Activities[0].Message.Body; got != want {
			t.Errorf("%s: got %q, want %q", parts, got, want)
		}
	}
}

func TestUnreadable(t *testing.T) {
	for body, answer := range map[string]string{
		`{"action":"message_create"}`: "",
		`{"action":"message_create","data":{"message":{"id":"m","conversation_id":"c","actor_type":"user"}}}`:                                                        "",
		`{"action":"message_create","data":{"message":"secret"}}`:                                                                                                    "",
		`{"action":"conversation_resolution","action_time":"2026-03-02T09:00:00Z"}`:                                                                                  "",
		`{"action":"conversation_reopen","data":{"reopen":{"conversation":{"conversation_id":"c"}}}}`:                                                                "",
		`{"action":"conversation_assignment","action_time":"2026-03-02T09:00:00Z","data":{"assignment":{"to_agent_id":"7","conversation":{"conversation_id":"c"}}}}`: `["secret"]`,
	} {
		_, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(body), Answers: map[string][]byte{"/v2/agents/7": []byte(answer)}})
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %v, want an error without content", body, err)
		}
	}
}
