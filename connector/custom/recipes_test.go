package custom_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
	"github.com/parlance-chat/parlance/connector/custom"
	"github.com/parlance-chat/parlance/gateway"
)

const recipes = "../../docs/connectors/recipes"

// recipe returns custom with the program and the signature of a recipe in the
// documentation, and the source that it is.
func recipe(t testing.TB, tool string) (connector.Type, gateway.Source) {
	file := filepath.Join(recipes, tool+".yaml")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	config, err := gateway.Parse(b, file, func(string) (string, bool) { return connectortest.Secret, true })
	if err != nil {
		t.Fatal(err)
	}
	source := config.Sources[0]
	if len(config.Sources) != 1 || source.Type != "custom" || source.Unsigned {
		t.Fatalf("%s: got %+v, want one source of type custom that checks something", file, config.Sources)
	}
	typ := custom.Type()
	typ.Name = tool
	of := typ.New
	typ.New = func(o connector.Options) connector.Connector {
		o.Program, o.Scheme = string(source.Program), connector.Scheme(source.Signature)
		return of(o)
	}
	return typ, source
}

var tools = []string{"acquire", "channel-io", "gladly", "gosquared", "podium", "respond-io", "trengo"}

// Every recipe passes what a connector must pass, is tested here, and is told
// of beside it.
func TestRecipes(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(recipes, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(recipes, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		tool := strings.TrimSuffix(filepath.Base(file), ".yaml")
		found = append(found, tool)
		if !strings.Contains(string(page), "]("+tool+".yaml)") {
			t.Errorf("README.md does not tell of %s.yaml", tool)
		}
	}
	if !slices.Equal(found, tools) {
		t.Errorf("got recipes for %q, want %q", found, tools)
	}
	for _, tool := range tools {
		t.Run(tool, func(t *testing.T) {
			typ, _ := recipe(t, tool)
			connectortest.Test(t, typ, filepath.Join("testdata", "recipes", tool))
		})
	}
}

func TestRecipeCorpus(t *testing.T) {
	for tool, says := range map[string]connectortest.Says{
		"respond-io": {
			"message.received.constructed.json": "message by customer 1660151580000000 in 437264483",
			"message.sent.constructed.json":     "message by company 1660151640000000 in 437264483",
		},
		"channel-io": {"message.push.constructed.json": "message by customer msg-live-user in chat-123 user member-123"},
		"acquire":    {"CHAT_ON_ACCEPT.json": "assigned agent agent-12345 in 32654"},
		"gosquared": {"live_chat_message.json": "message by customer agent 31e043150da1d922ff90f3e54940600d " +
			"167c06cf-ff7c-4d09-880c-5533795f9673 in Anon Chat: bba4b6264b073a17c74f1b0da7720114"},
	} {
		t.Run(tool, func(t *testing.T) {
			typ, _ := recipe(t, tool)
			connectortest.Corpus(t, typ, says)
		})
	}
	t.Run("trengo", func(t *testing.T) {
		typ, _ := recipe(t, "trengo")
		connectortest.Files(t, typ, func(t *testing.T, _ string, b []byte) {
			var fields map[string]string
			if err := json.Unmarshal(b, &fields); err != nil {
				t.Fatal(err)
			}
			form := url.Values{}
			for name, value := range fields {
				form.Set(name, value)
			}
			if got, want := said(t, "trengo", "?event=INBOUND", form.Encode()), "message by customer 123456789 in 5557890"; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	})
}

// said is what a recipe makes of a body.
func said(t *testing.T, tool, query, body string) string {
	t.Helper()
	typ, _ := recipe(t, tool)
	r := &connector.Request{URL: "https://chats.example.com/in/x" + query, Header: http.Header{}, Body: []byte(body), Received: time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)}
	if tool == "trengo" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	p, err := typ.New(connector.Options{}).Parse(r)
	if err != nil {
		return "error: " + err.Error()
	}
	connectortest.Check(t, p)
	return connectortest.Summary(p)
}

// Whoever cannot be told apart for sure says nothing, and nothing private
// comes out.
func TestRecipeAuthors(t *testing.T) {
	respond := func(event, message, more string) string {
		return `{"event_type":"` + event + `","contact":{"id":1},"message":{"messageId":9007199254740993,"timestamp":1772442000123,` + message + `}` + more + `}`
	}
	podium := func(event, more string) string {
		return `{"data":{"uid":"m1","body":"hi","createdAt":"2026-03-02T09:00:00Z","conversation":{"uid":"c1","channel":{"type":"phone"}}` + more + `},"metadata":{"eventType":"` + event + `"}}`
	}
	channel := func(entity string) string {
		return `{"event":"push","type":"message","entity":{"chatType":"userChat","chatId":"c1","id":"m1","plainText":"hi","createdAt":1772442000123,` + entity + `},"refers":{}}`
	}
	square := func(message string) string {
		return `{"person":{"id":"p1"},"message":{"id":"m1","content":"hi","timestamp":1772442000123,"person_id":"p1",` + message + `}}`
	}
	item := func(initiator, content string) string {
		return `{"id":"i1","conversationId":"c1","customerId":"u1","timestamp":"2026-03-02T09:00:00Z","initiator":` + initiator + `,"content":` + content + `}`
	}
	const chat = `{"type":"CHAT_MESSAGE","content":"hi"}`
	tests := []struct{ tool, query, body, want string }{
		{"respond-io", "", respond("message.received", `"traffic":"incoming","message":{"type":"text","text":"hi"}`, ""), "message by customer 9007199254740993 in 1"},
		{"respond-io", "", respond("message.received", `"traffic":"incoming","message":{"type":"attachment","attachment":{"url":"https://x"}}`, ""), "message by customer 9007199254740993 in 1"},
		{"respond-io", "", respond("message.received", `"traffic":"sideways","message":{"type":"text","text":"hi"}`, ""), "(unknown_author)"},
		{"respond-io", "", respond("message.received", `"traffic":"incoming","message":{"type":"hologram"}`, ""), "(unknown_kind)"},
		{"respond-io", "", respond("message.sent", `"traffic":"outgoing","message":{"type":"text","text":"hi"}`, `,"user":{"id":8}`), "message by agent agent 8 9007199254740993 in 1"},
		{"respond-io", "", respond("message.sent", `"traffic":"outgoing","message":{"type":"text","text":"hi"}`, `,"user":{"id":null}`), "message by company 9007199254740993 in 1"},
		{"respond-io", "", respond("message.sent", `"traffic":"outgoing","message":{"type":"whatsapp_template"}`, ""), "message by automation 9007199254740993 in 1"},
		{"respond-io", "", `{"event_type":"message.sent","traffic":"outgoing","channelMessageId":7,"timestamp":1772442000,"contact":{"id":1},"message":{"type":"text","text":"hi"},"user":{"id":8,"name":"Bo"}}`, "message by agent agent 8 7 in 1"},
		{"respond-io", "", `{"event_type":"conversation.closed","contact":{"id":1},"conversation":{"closedTime":1772442000,"closedBySource":"workflow","closedBy":{}}}`, "closed by system in 1"},
		{"respond-io", "", `{"event_type":"conversation.closed","contact":{"id":1},"conversation":{"closedTime":1772442000,"closedBySource":"api","closedBy":{"id":8}}}`, "closed in 1"},
		{"respond-io", "", `{"event_type":"comment.created","contact":{"id":1}}`, "(private_note)"},
		{"respond-io", "", `{"event_type":"contact.assignee.updated","contact":{"id":1}}`, ""},
		{"respond-io", "", `{"event_type":"moon.rose"}`, "(unknown_event)"},

		{"trengo", "?event=OUTBOUND", "message_id=1&ticket_id=2&message=hi&user_id=7", "message by agent agent 7 1 in 2"},
		{"trengo", "?event=OUTBOUND", "message_id=1&ticket_id=2&message=hi&user_id=", "message by company 1 in 2"},
		{"trengo", "?event=NOTE", "message_id=1&ticket_id=2&message=between+us&user_id=7", "(private_note)"},
		{"trengo", "?event=ticket_assigned", "ticket_id=2&user_id=7", "assigned agent 7 in 2"},
		{"trengo", "?event=TICKET_REOPENED", "ticket_id=2", "reopened in 2"},
		{"trengo", "?event=VOICE_CALL_ENDED", "ticket_id=2", ""},
		{"trengo", "?event=DANCE", "ticket_id=2", "(unknown_event)"},
		{"trengo", "", "message_id=1&ticket_id=2&message=hi", "(unknown_event)"},

		{"podium", "", podium("message.received", ""), "message by customer m1 in c1"},
		{"podium", "", podium("message.sent", `,"sender":{"uid":"u7"}`), "message by agent agent u7 m1 in c1"},
		{"podium", "", podium("message.sent", ""), "message by company m1 in c1"},
		{"podium", "", podium("message.failed", ""), ""},
		{"podium", "", podium("call.missed", ""), ""},
		{"podium", "", podium("note.created", ""), "(unknown_event)"},

		{"channel-io", "", channel(`"personType":"User"`), "message by customer m1 in c1"},
		{"channel-io", "", channel(`"personType":"bot","personId":"b1"`), "message by bot agent b1 m1 in c1"},
		{"channel-io", "", channel(`"personType":"manager","personId":"7","options":["actAsManager"]`), "message by agent agent 7 m1 in c1"},
		{"channel-io", "", channel(`"personType":"manager","personId":"7","options":["private"]`), "(private_note)"},
		{"channel-io", "", channel(`"personType":"manager","personId":"7","private":true`), "(private_note)"},
		{"channel-io", "", channel(`"personType":"manager","personId":"7","private":"true"`), "(private_note)"},
		{"channel-io", "", channel(`"personType":"manager","personId":"7","private":null`), "message by agent agent 7 m1 in c1"},
		{"channel-io", "", channel(`"personType":"ghost"`), "(unknown_author)"},
		{"channel-io", "", channel(`"state":"sent"`), "(unknown_author)"},
		{"channel-io", "", channel(`"personType":"manager","log":{"action":"close"}`), "(activity_line)"},
		{"channel-io", "", channel(`"personType":"user","state":"removed"`), "(deleted)"},
		{"channel-io", "", `{"event":"push","type":"message","entity":{"chatType":"group","chatId":"c1","id":"m1","personType":"manager"}}`, "(internal)"},
		{"channel-io", "", `{"event":"upsert","type":"userChat","entity":{"id":"c1","state":"opened"}}`, ""},
		{"channel-io", "", `{"event":"upsert","type":"opinion","entity":{}}`, "(unknown_event)"},

		{"acquire", "", `{"event":"CHAT_ON_ACCEPT","id":"1","user":{"id":"agent-9","type":"agent","virtual":true}}`, ""},
		{"acquire", "", `{"event":"CHAT_ON_CLOSE","id":"1","by":"visitor-4"}`, "closed in 1"},
		{"acquire", "", `{"event":"CHAT_ON_START","id":"1"}`, ""},
		{"acquire", "", `{"event":"CHAT_ON_MESSAGE","id":"1","message":"hi"}`, "(unknown_event)"},
		{"acquire", "", `{"id":5,"senderType":"bot","senderId":9,"type":"text","message":"hi","dateCreated":"2026-03-02T09:00:00Z","case":{"id":1}}`, "message by bot agent 9 5 in 1"},
		{"acquire", "", `{"id":5,"senderType":"ghost","senderId":9,"type":"text","message":"hi","dateCreated":"2026-03-02T09:00:00Z","case":{"id":1}}`, "(unknown_author)"},
		{"acquire", "", `{"id":5,"senderType":"contact","type":"note","message":"hi","dateCreated":"2026-03-02T09:00:00Z","case":{"id":1}}`, "(activity_line)"},

		{"gosquared", "", square(`"type":"message","private":false,"from":"client"`), "message by customer m1 in p1 user p1"},
		{"gosquared", "", square(`"type":"message","private":false,"from":"agent"`), "message by agent m1 in p1 user p1"},
		{"gosquared", "", square(`"type":"message","private":false,"from":"bot"`), "message by bot m1 in p1 user p1"},
		{"gosquared", "", square(`"type":"message","private":true,"from":"agent"`), "(private_note)"},
		{"gosquared", "", square(`"type":"message","from":"agent"`), "(private_note)"},
		{"gosquared", "", square(`"type":"message","private":false,"from":"ghost"`), "(unknown_author)"},
		{"gosquared", "", square(`"type":"message","private":false`), "(unknown_author)"},
		{"gosquared", "", square(`"type":"survey","private":false,"from":"agent"`), "(unknown_kind)"},
		{"gosquared", "", `{"concurrents":12}`, "(unknown_event)"},

		{"gladly", "", item(`{"id":"a7","type":"AGENT"}`, chat), "message by agent agent a7 i1 in c1"},
		{"gladly", "", item(`{"id":"x","type":"RULE"}`, chat), "(unknown_author)"},
		{"gladly", "", item(`null`, chat), "(unknown_author)"},
		{"gladly", "", item(`{"id":"a7","type":"AGENT"}`, `{"type":"CONVERSATION_NOTE","body":"between us","content":"between us"}`), "(private_note)"},
		{"gladly", "", item(`{"id":"a7","type":"AGENT"}`, `{"type":"PHONE_CALL"}`), "(unknown_kind)"},
		{"gladly", "", item(`{"id":"a7","type":"AGENT"}`, `{"type":"CONVERSATION_STATUS_CHANGE","status":"WAITING"}`), ""},
		{"gladly", "", `{"type":"CONTACT/MESSAGE_RECEIVED","content":{"conversationId":"c1","messageId":"i1"}}`, "(unknown_channel)"},
		{"gladly", "", `{"type":"CONVERSATION/CLOSED","content":{"conversationId":"c1"}}`, "closed in c1"},
		{"gladly", "", `{"type":"PING"}`, ""},
		{"gladly", "", `{"type":"AGENT_AVAILABILITY/UPDATED","content":{}}`, ""},
		{"gladly", "", `{"type":"hello"}`, "(unknown_event)"},
	}
	for _, tt := range tests {
		if got := said(t, tt.tool, tt.query, tt.body); got != tt.want {
			t.Errorf("%s %s%s\ngot  %s\nwant %s", tt.tool, tt.query, tt.body, got, tt.want)
		}
	}
}

func FuzzRecipes(f *testing.F) {
	var all []connector.Connector
	for _, tool := range tools {
		typ, _ := recipe(f, tool)
		all = append(all, typ.New(connector.Options{}))
		files, _ := filepath.Glob(filepath.Join("testdata", "recipes", tool, "*.json"))
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, c := range all {
			if p, err := c.Parse(&connector.Request{Body: body}); err == nil {
				connectortest.Check(t, p)
			}
		}
	})
}
