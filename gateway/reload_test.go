package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
)

// Who asks a tool's API goes on when a reload fails, and does not hold one up,
// though the API hangs.
func TestReloadWhileAPIHangs(t *testing.T) {
	asked, end := make(chan string, 100), make(chan struct{})
	api := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Get("Authorization")
		select {
		case <-r.Context().Done():
		case <-end:
		}
	}))
	defer api.Close()
	defer close(end)
	source := Source{Name: "hub", Type: "hubspot", Secrets: []Secret{"secret"}, APIToken: "one", APIURL: api.URL}
	c := Config{Data: t.TempDir(), Listen: NoListener, Sources: []Source{source}, PublicURL: "https://chats.example.com", Log: slog.New(slog.DiscardHandler)}
	g, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	ctx, stop := context.WithCancel(t.Context())
	go func() { done <- g.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	request := connector.Request{Header: http.Header{"Content-Type": {"application/json"}},
		Body: []byte(`[{"subscriptionType":"conversation.newMessage","objectId":7,"messageId":"m1","messageType":"MESSAGE","changeFlag":"NEW_MESSAGE","occurredAt":1772442045000}]`)}
	if _, err := g.ingest.Import(ctx, "default", "hub", []connector.Request{request}); err != nil {
		t.Fatal(err)
	}
	if got := <-asked; got != "Bearer one" {
		t.Errorf("got %q", got)
	}
	wrong := c
	wrong.Sources = nil
	wrong.Destinations = []Destination{{Name: "log", Type: "file"}}
	if err := g.Reload(wrong); err == nil {
		t.Fatal("a file without a path: got no error")
	}
	if n := len(g.askers.list); n != 1 {
		t.Errorf("after a reload that failed: got %d askers, want 1", n)
	}
	other := c
	other.Sources = []Source{source}
	other.Sources[0].APIToken = "two"
	began := time.Now()
	if err := g.Reload(other); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took > 15*time.Second { // an asker gives up after 20
		t.Errorf("the reload took %s", took)
	}
	if got := <-asked; got != "Bearer two" {
		t.Errorf("after the reload: got %q", got)
	}
}
