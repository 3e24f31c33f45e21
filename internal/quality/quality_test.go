package quality_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/internal/quality"
	"github.com/parlance-chat/parlance/livechat"
)

func call(source, name, json string) journal.Event {
	return journal.Event{Workspace: "default", Source: source, Conversation: "17", Name: name, MessageID: "m", JSON: []byte(json)}
}

func TestLook(t *testing.T) {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	received, sent := string(livechat.Received), string(livechat.Sent)
	commit := func(events ...journal.Event) {
		for _, e := range events {
			a := journal.Applied{Conversation: journal.Conversation{Workspace: "default", Source: e.Source, ID: "17"}, Events: []journal.Event{e}}
			if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: e.Source}, []journal.Applied{a}, 1); err != nil {
				t.Fatal(err)
			}
		}
	}
	commit(
		call("support", sent, `{"userId":"u","type":"track","event":"Live Chat Message Sent","properties":{"conversation_duration":0,"conversation_id":"17","message_body":"a secret","message_id":"1"},"messageId":"a"}`),
		call("support", received, `{"anonymousId":"x","type":"track","event":"Live Chat Message Received","properties":{"agent_id":"7","conversation_duration":1,"conversation_id":"17","message_body":"a secret","message_id":"2"},"messageId":"b"}`),
		call("website", sent, `{"userId":"u","type":"track","event":"Live Chat Message Sent","properties":{"conversationId":"17"},"messageId":"c"}`),
		call("website", "Order Completed", `{"userId":"u","type":"track","event":"Order Completed","messageId":"d"}`),
	)
	r, err := quality.Look(t.Context(), j, "default", func(source string) bool { return source == "website" }, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Days) != quality.Days || r.Days[quality.Days-1].Looked != 4 {
		t.Errorf("days: got %+v", r.Days)
	}
	got := map[string]string{}
	for _, m := range r.Matters {
		got[m.Source+" "+m.Rule] = fmt.Sprintf("%s %d of %d, e.g. %d", m.Severity, m.Count, m.Of, m.Examples[0].Seq)
		if m.PerDay[quality.Days-1] != m.Count {
			t.Errorf("%s: got %v of today, want %d", m.Rule, m.PerDay, m.Count)
		}
	}
	want := map[string]string{
		"support userId":              "gap 1 of 2, e.g. 2",
		"support agent_name":          "gap 1 of 1, e.g. 2",
		"support agent_username":      "gap 1 of 1, e.g. 2",
		"website camel-case-property": "error 1 of 2, e.g. 3",
	}
	for key, w := range want {
		if got[key] != w {
			t.Errorf("%s: got %q, want %q", key, got[key], w)
		}
	}
	if r.Matters[0].Severity != "error" {
		t.Errorf("first: got %+v, want what is worst", r.Matters[0])
	}
	for key := range got {
		if key == "support agent_id" || key == "support message_body" {
			t.Errorf("%s: got %s, and nothing lacks it", key, got[key])
		}
	}
}
