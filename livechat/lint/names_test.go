package lint

import (
	"testing"

	"github.com/parlance-chat/parlance/livechat"
)

func TestNearestEvent(t *testing.T) {
	tests := map[string]livechat.Kind{
		"live chat conversation started":  livechat.Started,
		"LiveChatConversationStarted":     livechat.Started,
		"live_chat_conversation_started":  livechat.Started,
		"Live Chat Conversaton Started":   livechat.Started,
		"Livechat Conversation Started":   livechat.Started,
		"Live Chat Started":               livechat.Started,
		"Chat Started":                    livechat.Started,
		"Chat Opened":                     livechat.Started,
		"chat:start":                      livechat.Started,
		"Live Chat Conversation Closed":   livechat.Ended,
		"Chat Ended":                      livechat.Ended,
		"Live Chat Message  Sent ":        livechat.Sent,
		"Chat Message Sent":               livechat.Sent,
		"Live Chat Message Send":          livechat.Sent,
		"Live Chat Message Recieved":      livechat.Received,
		"LIVE CHAT MESSAGE RECEIVED":      livechat.Received,
		"Conversation Started":            "", // of the AI Copilot specification
		"Message Sent":                    "",
		"Order Completed":                 "",
		"Chat":                            "",
		"Chat Rated":                      "",
		"Live Chat Message Read":          "",
		"Live Chat Conversation Assigned": "",
		"Chat Started And Ended":          "",
		"":                                "",
	}
	for name, want := range tests {
		if got, ok := nearestEvent(name); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, want %q", name, got, want)
		}
	}
}

func TestNearestProperty(t *testing.T) {
	tests := map[string]string{
		"agentId": "agent_id", "agentID": "agent_id", "AgentName": "agent_name", "agent-username": "agent_username",
		"conversationId": "conversation_id", "converstion_id": "conversation_id", "messageBody": "message_body",
		"message_ids": "message_id", "conversationDuration": "conversation_duration",
		"agent_id": "", "text": "", "department": "", "agent_email": "", "": "",
	}
	for key, want := range tests {
		if got, ok := nearestProperty(key); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, want %q", key, got, want)
		}
	}
}

func TestOneEdit(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"", "a", true}, {"", "ab", false},
		{"abc", "abc", true}, {"abc", "abx", true}, {"abc", "acb", true}, {"abc", "bac", true},
		{"abc", "ab", true}, {"abc", "abcd", true}, {"abc", "xabc", true}, {"abc", "axbc", true},
		{"abc", "cba", false}, {"abc", "axy", false}, {"abcd", "badc", false}, {"abc", "abcde", false},
	}
	for _, tt := range tests {
		if got := oneEdit(tt.a, tt.b); got != tt.want {
			t.Errorf("%q, %q: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
		if got := oneEdit(tt.b, tt.a); got != tt.want {
			t.Errorf("%q, %q: got %v, want %v", tt.b, tt.a, got, tt.want)
		}
	}
}

func TestRecent(t *testing.T) {
	r := recent[int, int]{max: 3}
	for i := range 100 {
		r.put(i, i)
		r.get(0) // what is asked for stays
		if n := len(r.young) + len(r.old); n > 6 {
			t.Fatalf("got %d entries, want at most 6", n)
		}
	}
	if v, ok := r.get(0); !ok || v != 0 {
		t.Errorf("got %d, %v, want 0, true", v, ok)
	}
	if _, ok := r.get(1); ok || !r.forgot {
		t.Error("got what should be forgotten")
	}
	seen := map[int]bool{}
	r.each(func(v int) {
		if seen[v] {
			t.Errorf("got %d twice", v)
		}
		seen[v] = true
	})
}
