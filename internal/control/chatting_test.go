package control

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/parlance-chat/parlance/internal/journal"
)

// It is told who tells of chats, and of which conversations two do.
func TestChatting(t *testing.T) {
	j := openJournal(t, t.TempDir())
	add := func(source, event, call string) {
		t.Helper()
		w := &journal.Webhook{Workspace: "default", Source: source}
		if err := j.Append(t.Context(), w); err != nil {
			t.Fatal(err)
		}
		e := journal.Event{Source: source, Name: event, MessageID: "m", JSON: []byte(call)}
		applied := []journal.Applied{{Conversation: journal.Conversation{Workspace: "default", Source: source, ID: "1"}, Events: []journal.Event{e}}}
		if err := j.Commit(t.Context(), journal.Source{Workspace: "default", Name: source}, applied, w.Seq); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		add("support", "Live Chat Message Sent", fmt.Sprintf(`{"context":{"integration":{"name":"chatwoot"}},"properties":{"conversation_id":"%d"}}`, n))
	}
	add("site", "Live Chat Conversation Started", `{"context":{"integration":{"name":"olark"}},"properties":{"conversation_id":"2"}}`)
	add("site", "Live Chat Conversation Started", `{"properties":"of somebody's own"}`)
	add("site", "Order Completed", `{}`)
	r := httptest.NewRecorder()
	Handler(Target{Journal: j}).ServeHTTP(r, httptest.NewRequest("GET", "/chatting", nil))
	var got []Chatting
	if err := json.Unmarshal(r.Body.Bytes(), &got); err != nil {
		t.Fatalf("%s: %v", r.Body, err)
	}
	want := []Chatting{
		{Source: "support", Events: 3, Integrations: []string{"chatwoot"}, Shared: map[string]int{"site": 1}},
		{Source: "site", Events: 2, Integrations: []string{"olark"}, Shared: map[string]int{"support": 1}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}
