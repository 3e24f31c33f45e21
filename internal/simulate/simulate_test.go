package simulate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
	for _, kind := range []string{"message customer", "message agent", "message bot", "message automation", "message system", "assigned ", "closed ", "reopened ", "identified "} {
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
	var troubles atomic.Int64
	stats, err := Run(t.Context(), Options{URL: server.URL, Faker: faker(), Rate: 5000, Seed: 7, First: 1000, Conversations: 10, Speed: 10_000, Chaos: true,
		Trouble: func(error) { troubles.Add(1) },
		Acked: func(a conversation.Activity) {
			mu.Lock()
			defer mu.Unlock()
			acked[a.Conversation+" "+a.ID] = true
		}})
	if err != nil || stats.Conversations != 10 || stats.Webhooks != taken.Load() || stats.Retried == 0 {
		t.Errorf("got %+v (%v), and %d were taken", stats, err, taken.Load())
	}
	if got := troubles.Load(); got != 1 {
		t.Errorf("trouble was told %d times, want once", got)
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

// What is refused for good ends the play, which else would go on for ever.
func TestRunRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	defer server.Close()
	if _, err := Run(t.Context(), Options{URL: server.URL, Faker: faker(), Rate: 5000, Speed: 10_000}); !errors.Is(err, ErrRefused) {
		t.Errorf("got %v, want ErrRefused", err)
	}
	for _, url := range []string{"", "127.0.0.1:8080/in/support", "ftp://127.0.0.1/in/support", "http:///in/support"} {
		if _, err := Run(t.Context(), Options{URL: url, Faker: faker()}); err == nil || !strings.Contains(err.Error(), "no URL") {
			t.Errorf("%q: got %v, want an error", url, err)
		}
	}
}

// What the seed says is played: the ids, the texts and who wrote them.
func TestRunSeed(t *testing.T) {
	play := func(seed uint64) string {
		var mu sync.Mutex
		var told []string
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		defer server.Close()
		_, err := Run(t.Context(), Options{URL: server.URL, Faker: faker(), Rate: 5000, Seed: seed, Conversations: 5, Speed: 10_000,
			Acked: func(a conversation.Activity) {
				mu.Lock()
				defer mu.Unlock()
				told = append(told, fmt.Sprintln(a.Conversation, a.ID, a.By, a.Message, a.Customer))
			}})
		if err != nil {
			t.Error(err)
		}
		slices.Sort(told) // those of several conversations mingle
		return strings.Join(told, "")
	}
	seven := play(7)
	if again := play(7); again != seven {
		t.Errorf("the same seed: got\n%s\nwant\n%s", again, seven)
	}
	if other := play(8); other == seven {
		t.Error("another seed plays the same")
	}
	if one, other := play(0), play(0); one == other {
		t.Error("without a seed, every run plays the same")
	}
}

// The rate is kept however slowly people write.
func TestRunRate(t *testing.T) {
	var taken atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { taken.Add(1) }))
	server.Config.SetKeepAlivesEnabled(false) // time stands still while somebody reads from the network
	server.Start()
	defer server.Close()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if _, err := Run(ctx, Options{URL: server.URL, Faker: faker(), Rate: 100, Seed: 7}); err != nil {
			t.Error(err)
		}
	})
	if n := taken.Load(); n < 1990 || n > 2001 {
		t.Errorf("got %d webhooks in 20 seconds at 100 a second", n)
	}
}

func TestRunOptions(t *testing.T) {
	for _, o := range []Options{{URL: "http://127.0.0.1", Rate: -1}, {URL: "http://127.0.0.1", Speed: math.NaN()}, {URL: "127.0.0.1:8080"}, {}} {
		o.Faker, o.Conversations = faker(), 1
		if stats, err := Run(t.Context(), o); err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("%+v: got %+v (%v), want an error before anything is sent", o, stats, err)
		}
	}
}
