package livehelperchat

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/conversation"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

func TestCorpus(t *testing.T) {
	connectortest.Corpus(t, Type(), connectortest.Says{
		"chat.chat_started.json":                    "identified in 3; message by customer 13 in 3",
		"chat.addmsguser.json":                      "message by customer 14 in 3",
		"chat.addmsguser.placeholders-in-text.json": "message by customer agent 1 19 in 3",
		"chat.addmsguser.unicode-newline.json":      "message by customer agent 1 20 in 3",
		"chat.data_changed.json":                    "",
		"chat.accept.json":                          "assigned agent 1 in 3",
		"chat.web_add_msg_admin.agent.json":         "message by agent agent 1 16 in 3",
		"chat.web_add_msg_admin.system-note.json":   "(activity_line)",
		"chat.close.json":                           "closed agent 1 in 3",
		"chat.user_reopened.json":                   "reopened agent 1 in 3",
	}, "template.rest-api-call.json")
}

func parse(o connector.Options, body string) (connector.Parsed, error) {
	return Type().New(o).Parse(&connector.Request{Body: []byte(body)})
}

// One event carries replies, whispers and system lines.
func TestAuthors(t *testing.T) {
	const reply, wrote = `"event":"chat.web_add_msg_admin","message":{"id":1,"time":1772442000,`, `"event":"chat.addmsguser","message":{"id":1,"time":1772442000,`
	for body, want := range map[string]string{
		reply + `"user_id":7,"meta_msg":""}`:                                                                   "agent",
		reply + `"user_id":"7","meta_msg":""}`:                                                                 "agent",
		reply + `"user_id":7,"meta_msg":"{\"content\":{\"whisper\":true}}"}`:                                   "private_note",
		reply + `"user_id":7,"meta_msg":"{\"content\":{\"whisper\":1}}"}`:                                      "private_note",
		reply + `"user_id":7,"meta_msg":"{\"content\":{\"whisper\":false}}"}`:                                  "agent",
		reply + `"user_id":7,"meta_msg":"{\"content\":{\"typing\":true}}"}`:                                    "agent",
		reply + `"user_id":7,"meta_msg":"{\"content\":[]}"}`:                                                   "agent",
		reply + `"user_id":7,"meta_msg":"{cut off"}`:                                                           "private_note",
		reply + `"user_id":7,"meta_msg":null}`:                                                                 "private_note",
		reply + `"user_id":7}`:                                                                                 "private_note",
		reply + `"user_id":-1,"meta_msg":""}`:                                                                  "activity_line",
		reply + `"user_id":-2,"meta_msg":""}`:                                                                  "automation",
		reply + `"user_id":-2,"meta_msg":""},"chat":{"status":1,"id":3,"gbot_id":5}`:                           "bot",
		reply + `"user_id":7,"meta_msg":""},"chat":{"id":3,"status":4}`:                                        "private_note", // operators among themselves
		reply + `"user_id":7,"meta_msg":""},"chat":{"id":3,"status":"4"}`:                                      "private_note",
		reply + `"user_id":7,"meta_msg":""},"chat":{"id":3,"status":null}`:                                     "unknown_status",
		reply + `"user_id":7,"meta_msg":""},"chat":{"id":3,"status":6}`:                                        "unknown_status",
		`"event":"chat.close","chat":{"id":3,"status":4,"cls_time":100}`:                                       "private_note",
		reply + `"user_id":-3,"meta_msg":""}`:                                                                  "unknown_author",
		reply + `"user_id":0,"meta_msg":""}`:                                                                   "unknown_author",
		reply + `"user_id":null,"meta_msg":""}`:                                                                "unknown_author",
		wrote + `"user_id":0,"meta_msg":""}`:                                                                   "customer",
		wrote + `"user_id":"0","meta_msg":null}`:                                                               "customer",
		wrote + `"user_id":7,"meta_msg":""}`:                                                                   "unknown_author",
		`"event":"chat.messages_added_passive","message":{"id":1,"time":1772442000,"user_id":0,"meta_msg":""}`: "customer",
		`"event":"chat.messages_added_passive","message":{"id":1,"time":1772442000,"user_id":7,"meta_msg":""}`: "unknown_author",
		`"event":"chat.addmsguser_webhook","message":{"id":1,"time":1772442000,"user_id":0,"meta_msg":""}`:     "customer",
		`"event":"chat.message_updated","message":{"id":1,"time":1772442000,"user_id":0,"meta_msg":""}`:        "",
		`"event":"chat.brewed_coffee"`:                                                                         "unknown_event",
		`"event":null`:                                                                                         "unknown_event",
	} {
		if !strings.Contains(body, `"chat":`) {
			body += `,"chat":{"status":1,"id":3}`
		}
		p, err := parse(connector.Options{}, "{"+body+"}")
		got := strings.Join(p.Dropped, ",")
		if len(p.Activities) > 0 {
			got += string(p.Activities[0].By)
		}
		if got != want || err != nil {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
	for _, body := range []string{
		`{"event":"chat.addmsguser","chat":{"status":1,"id":3},"message":{"id":null,"user_id":0,"meta_msg":""}}`,
		`{"event":"chat.addmsguser","chat":{"status":1,"id":3},"message":{"id":1,"user_id":0,"time":null,"meta_msg":""}}`,
		`{"event":"chat.close","chat":{"status":1,"id":null,"cls_time":1772442000}}`,
		`{"event":"chat.close","chat":{"status":1,"id":3}}`,
	} {
		if p, err := parse(connector.Options{}, body); err == nil {
			t.Errorf("%s: got %+v, want an error", body, p)
		}
	}
}

func TestClosings(t *testing.T) {
	for body, want := range map[string]string{
		// The timer names the owner, as an operator's own closing does.
		`"event":"chat.close","chat":{"status":1,"id":3,"user_id":7,"cls_time":100},"closed_by":{"id":7,"username":"alee"}`:                        "closed agent 7 in 3",
		`"event":"chat.close","chat":{"status":1,"id":3,"user_id":7,"cls_time":100},"closed_by":{"id":8,"username":"bchen"}`:                       "closed by agent agent 8 in 3",
		`"event":"chat.close","chat":{"status":1,"id":3,"user_id":0,"cls_time":100}`:                                                               "closed in 3",
		`"event":"chat.close","chat":{"status":1,"id":3,"user_id":7,"cls_time":100,"status_sub":3},"closed_by":{"id":7}`:                           "closed by customer agent 7 in 3",
		`"event":"chat.explicitly_closed","chat":{"status":1,"id":3,"user_id":7,"cls_time":50,"user_closed_ts":100}`:                               "closed by customer agent 7 in 3",
		`"event":"chat.explicitly_closed","sent_at":100,"chat":{"status":1,"id":3,"user_id":7,"cls_time":50,"status_sub":0,"user_closed_ts":null}`: "closed by customer agent 7 in 3",
	} {
		p, err := parse(connector.Options{}, "{"+body+"}")
		if got := connectortest.Summary(p); got != want || err != nil || p.Activities[0].Time.Unix() != 100 {
			t.Errorf("%s: got %q (%v), want %q", body, got, err, want)
		}
	}
}

func TestIdentity(t *testing.T) {
	for data, want := range map[string]string{
		`[{"identifier":"user_id","value":"u-1","secure":true}]`:             "u-1 ",
		`[{"identifier":"user_id","value":4711,"secure":true}]`:              "4711 ",
		`[{"identifier":"user_id","value":"u-1","secure":false}]`:            " ",
		`[{"identifier":"user_id","value":"u-1"}]`:                           " ",
		`[{"identifier":"segment_anonymous_id","value":"s","secure":false}]`: " s",
		`{"user_id":"u-1"}`: " ",
		`[`:                 " ",
	} {
		quoted, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		p, err := parse(connector.Options{}, `{"event":"chat.chat_started","chat":{"status":1,"id":3,"time":1772442000},"visitor":{"additional_data":`+string(quoted)+`}}`)
		if err != nil {
			t.Fatal(err)
		}
		if who := p.Activities[0].Customer; who.UserID+" "+who.AnonymousID != want {
			t.Errorf("%s: got %+v", data, who)
		}
	}
	body := `{"event":"chat.chat_started","chat":{"status":1,"id":3,"time":1772442000},"visitor":{"additional_data":"[{\"identifier\":\"number\",\"value\":\"9\"}]"}}`
	p, err := parse(connector.Options{UnverifiedIDs: true, UserIDField: "number"}, body)
	if err != nil || p.Activities[0].Customer.UserID != "9" {
		t.Errorf("another field, unverified: got %+v (%v)", p, err)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"[b]Hi[/b] [i]you[/i]":                      "Hi you",
		"[url=https://shop.example.com]shop[/url]":  "shop (https://shop.example.com)",
		"[file=12_0c9f2a]":                          "",
		"see [img]https://example.com/a.png[/img]":  "see",
		"a[0] and [1]":                              "a[0] and [1]",
		"[quote]old[/quote]\nnew":                   "old\nnew",
		"plain <b>text</b>":                         "plain <b>text</b>",
		"[color=red]red[/color] [fs20]large[/fs20]": "red large",
	} {
		if got := plain(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

var placeholder = regexp.MustCompile(`{{[a-z_.]+}}`)

// filled fills the template that we ship as Live Helper Chat does: one
// placeholder after the other, wherever it stands by then.
func filled(t *testing.T, values map[string]any) string {
	b, err := os.ReadFile("../../docs/connectors/livehelperchat/body.txt")
	if err != nil {
		t.Fatal(err)
	}
	body := string(b)
	for _, name := range placeholder.FindAllString(body, -1) {
		v, err := json.Marshal(values[strings.Trim(name, "{}")])
		if err != nil {
			t.Fatal(err)
		}
		body = strings.ReplaceAll(body, name, string(v))
	}
	return body
}

// The template that we ship makes what the connector reads, whatever a visitor
// writes, and what a visitor's name breaks is an error.
func TestTemplate(t *testing.T) {
	values := func(nick, text string) map[string]any {
		return map[string]any{"args.lhc_event": "chat.addmsguser", "timestamp": 1772442005, "args.chat.id": 17, "args.chat.status": 1, "args.chat.time": 1772442000, "args.chat.nick": nick,
			"args.chat.email": "mia@example.com", "args.msg.id": 5, "args.msg.user_id": 0, "args.msg.time": 1772442005, "args.msg.meta_msg": "", "args.msg.msg": text}
	}
	const text = `"{{args.chat.email}}" {{args.msg.user_id}} \ }` + "\n"
	p, err := parse(connector.Options{}, filled(t, values("Mia", text)))
	if err != nil || len(p.Activities) != 1 || p.Activities[0].Message.Body != text || p.Activities[0].Customer.Name != "Mia" {
		t.Errorf("got %+v (%v)", p, err)
	}
	for nick, text := range map[string]string{
		"{{args.msg.msg}}":                              "secret words",
		"x{{args.msg.msg}}":                             `},"message":{"id":1,"user_id":7},"x":{`,
		"{{args.msg.msg}}message{{args.msg.id}}":        ",",
		"{{args.msg.msg}}{{args.chat.additional_data}}": ":",
	} {
		p, err := parse(connector.Options{}, filled(t, values(nick, text)))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: got %+v (%v), want an error that tells no words", nick, p, err)
		}
	}
}

// The file to import holds the template, and sends the token where it is read.
func TestImportFile(t *testing.T) {
	template, err := os.ReadFile("../../docs/connectors/livehelperchat/body.txt")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("../../docs/connectors/livehelperchat/rest-api-call.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Configuration string }
	var configuration struct {
		Parameters []struct {
			Header string `json:"auth_api_key_name"`
			Body   string `json:"body_raw"`
		}
	}
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(file.Configuration), &configuration); err != nil {
		t.Fatal(err)
	}
	call := configuration.Parameters[0]
	if call.Body != strings.TrimSpace(string(template)) || call.Header != scheme.Header {
		t.Errorf("got header %s, and body\n%s", call.Header, call.Body)
	}
}

func TestChannels(t *testing.T) {
	for chat, want := range map[string]string{`"iwh_id":0`: "chat", `"iwh_id":null`: "chat", `"iwh_id":2`: "messaging"} {
		p, err := parse(connector.Options{}, `{"event":"chat.chat_started","chat":{"status":1,"id":3,"time":1772442000,`+chat+`}}`)
		if err != nil || p.Activities[0].Channel != want || p.Activities[0].Type != conversation.Identified {
			t.Errorf("%s: got %+v (%v)", chat, p, err)
		}
	}
}
