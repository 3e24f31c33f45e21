package simulate

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/chatwoot"
	"github.com/parlance-chat/parlance/conversation"
)

func TestScript(t *testing.T) {
	kinds := map[string]int{}
	ids := map[string]bool{}
	for n := range int64(200) {
		lines := Script(7, 1000+n)
		if !reflect.DeepEqual(lines, Script(7, 1000+n)) {
			t.Fatalf("conversation %d differs from run to run", n)
		}
		for i, l := range lines {
			kinds[string(l.Type)+" "+string(l.By)]++
			if l.Type == conversation.Message && ids[l.Message.ID] || l.ID == "" || l.Conversation == "" {
				t.Errorf("conversation %d, line %d: an id is missing, or there again", n, i)
			}
			ids[l.Message.ID] = l.Message.ID != ""
			if i > 0 && l.At < lines[i-1].At {
				t.Errorf("conversation %d, line %d: time goes back", n, i)
			}
		}
	}
	for _, kind := range []string{"message customer", "message agent", "message bot", "message automation", "message system", "assigned ", "closed "} {
		if kinds[kind] == 0 {
			t.Errorf("nowhere a %q", kind)
		}
	}
	if reflect.DeepEqual(Script(7, 1000), Script(8, 1000)) {
		t.Error("another seed plays the same")
	}
}

func faker() connector.Faker {
	return chatwoot.Type().New(connector.Options{Secrets: []string{"secret"}}).(connector.Faker)
}

// What is refused for a while is sent again until it is acknowledged.
func TestRunTriesAgain(t *testing.T) {
	var requests, taken atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if requests.Add(1)%3 == 0 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		taken.Add(1)
	}))
	defer server.Close()
	var mu sync.Mutex
	acked := map[string]bool{}
	stats, err := Run(t.Context(), Options{URL: server.URL, Faker: faker(), Rate: 5000, Seed: 7, First: 1000, Conversations: 10, Speed: 10_000, Chaos: true,
		Acked: func(a conversation.Activity) {
			mu.Lock()
			defer mu.Unlock()
			acked[a.Conversation+" "+a.ID] = true
		}})
	if err != nil || stats.Conversations != 10 || stats.Webhooks != taken.Load() || stats.Retried == 0 {
		t.Errorf("got %+v (%v), and %d were taken", stats, err, taken.Load())
	}
	want := 0
	for n := range int64(10) {
		for _, l := range Script(7, 1000+n) {
			want++
			if !acked[l.Conversation+" "+l.ID] {
				t.Errorf("%s %s was never acknowledged", l.Conversation, l.ID)
			}
		}
	}
	if len(acked) != want {
		t.Errorf("got %d acknowledged, want %d", len(acked), want)
	}
}

func TestRunRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer server.Close()
	if _, err := Run(t.Context(), Options{URL: server.URL, Faker: faker(), Rate: 5000, Conversations: 1, Speed: 10_000}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
}
