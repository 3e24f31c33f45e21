package console_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/gateway"
)

// Whatever a form or an address holds, the answer is an answer: nothing panics,
// and nothing is this program's own mistake.
func FuzzForms(f *testing.F) {
	g, err := gateway.Open(gateway.Config{Listen: gateway.NoListener, Data: filepath.Join(f.TempDir(), "data"), Log: slog.New(slog.DiscardHandler),
		Sources: []gateway.Source{{Name: "1", Type: "api", Tokens: []gateway.Secret{"token"}}, {Name: "shop", Type: "chatwoot", Secrets: []gateway.Secret{"secret"}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() {
		if err := g.Close(); err != nil {
			f.Error(err)
		}
	})
	paths := []string{"/sources/1", "/sources/shop", "/playground", "/parked", "/destinations/1", "/setup", "/setup/source", "/setup/destination", "/login", "/", "/events/1", "/webhooks/1", "/conversations", "/conversations/1",
		"/reports", "/reports/agents.csv", "/quality", "/docs/config.md", "/audit", "/health", "/index.json"}
	for i := range paths {
		f.Add(uint8(i), true, "body={}&by=customer&text=hi&conversation=1&source=1&do=count&since=2026-03-02&until=x&tz=Europe/Berlin&workspace=default&after=1&n=-1")
		f.Add(uint8(i), false, "sort=recent&state=open&agent=1/2&heat=sent&weekdays=1&by=hour&range=7d&find=x&text=y&past=-1&before=2026&kind=event")
	}
	f.Fuzz(func(t *testing.T, i uint8, post bool, form string) {
		path := paths[int(i)%len(paths)]
		values, _ := url.ParseQuery(form)
		var r *http.Request
		if post {
			r = httptest.NewRequest("POST", path, strings.NewReader(values.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		} else {
			r = httptest.NewRequest("GET", path+"?"+values.Encode(), nil)
		}
		r.RemoteAddr, r.Host = "127.0.0.1:1", "localhost"
		w := httptest.NewRecorder()
		g.Handler().ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s %q: got %d", path, form, w.Code)
		}
	})
}
