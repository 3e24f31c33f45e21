package gateway_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/standin"
	"github.com/parlance-chat/parlance/livechat"
)

// A webhook that needs nothing of the tool's API does not overtake those that
// do, however long the API is away.
func TestAPIOutageKeepsOrder(t *testing.T) {
	var mu sync.Mutex // guards the next two
	var got []livechat.Kind
	away := true
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if away {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		fmt.Fprint(w, `{"data":{"name":"Ann Lee"}}`)
	}))
	defer api.Close()
	receiver := standin.New(standin.Options{OnCall: func(c standin.Call) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, c.Event)
	}})
	server := httptest.NewServer(receiver)
	defer server.Close()
	_, url := run(t, gateway.Config{
		Settle:       time.Millisecond,
		Sources:      []gateway.Source{{Name: "drift", Type: "drift", Secrets: []gateway.Secret{"token"}, APIURL: api.URL, APIToken: "token"}},
		Destinations: []gateway.Destination{toSegment("segment", server.URL)},
	})
	for _, body := range []string{
		`{"token":"token","type":"new_message","data":{"id":1,"conversationId":17,"type":"chat","body":"hello","author":{"id":4,"type":"contact","bot":false},"createdAt":1772442000000}}`,
		`{"token":"token","type":"new_message","data":{"id":2,"conversationId":17,"type":"chat","body":"hi","author":{"id":7,"type":"user","bot":false},"createdAt":1772442010000}}`,
		`{"token":"token","type":"conversation_status_updated","data":{"conversationId":17,"status":"closed","changedAt":1772442020000}}`,
	} {
		resp, err := http.Post(url+"/in/drift", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("got %d, want 200", resp.StatusCode)
		}
	}
	time.Sleep(100 * time.Millisecond) // so that whoever would overtake does
	mu.Lock()
	away = false
	mu.Unlock()
	await(t, receiver, 4)
	mu.Lock()
	defer mu.Unlock()
	if want := []livechat.Kind{livechat.Started, livechat.Sent, livechat.Received, livechat.Ended}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
