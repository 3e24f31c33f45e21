package console_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// Where nothing is, people get a page with a way on, and programs JSON.
func TestNowhereInBrowser(t *testing.T) {
	url := run(t, shop())
	tab := browsertest.Open(t, url)
	tab.ExpectComplaints()
	tab.Go("/nope")
	tab.See("h1", "Not Found")
	tab.See(".notice.bad", "There is no page at this address.")
	tab.Shots("nowhere")
	tab.Click("main a")
	tab.See("h1", "Live")

	for path, change := range map[string]func(*http.Request){
		"/nope":      nil,
		"/nope.json": func(r *http.Request) { r.Header.Set("Accept", "text/html") },
	} {
		resp, body := get(t, url+path, change)
		if resp.StatusCode != http.StatusNotFound || !strings.HasPrefix(resp.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s: got %d %s, want 404 in JSON", path, resp.StatusCode, body)
		}
	}
}

// Who is not let in is told nothing of what there is.
func TestNowhereWithoutLogin(t *testing.T) {
	resp, _ := ask(t, http.MethodGet, run(t, locked(t))+"/nope", func(r *http.Request) { r.Header.Set("Accept", "text/html") })
	if to := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(to, "/login") {
		t.Errorf("got %d to %s, want the login", resp.StatusCode, to)
	}
}
