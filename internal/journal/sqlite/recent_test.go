package sqlite

import (
	"fmt"
	"testing"

	"github.com/parlance-chat/parlance/internal/journal"
)

// However large the states are, what is in memory of them is bounded.
func TestRecentIsBounded(t *testing.T) {
	var r recent
	r.forget()
	for n := range 4 * recentConversations {
		c := journal.Conversation{ID: fmt.Sprint(n)}
		r.put(c, nil, nil)
		r.update([]journal.Applied{{Conversation: c, Activity: "a", State: make([]byte, n%5*8000)}})
		bytes := 0
		if n%1000 == 0 {
			for _, k := range r.all {
				bytes += k.size()
			}
			if bytes != r.bytes || bytes > recentBytes || len(r.all) > recentConversations {
				t.Fatalf("after %d: got %d bytes, counted as %d, of %d conversations", n, bytes, r.bytes, len(r.all))
			}
		}
	}
	if len(r.all) < 10 {
		t.Errorf("got %d conversations left, want some", len(r.all))
	}
}
