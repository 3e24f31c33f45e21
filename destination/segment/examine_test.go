package segment

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

// levels writes findings as tests compare them.
func levels(found []destination.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%d %s | %s\n", f.Level, f.Text, f.Do)
	}
	return b.String()
}

// A settings server that knows a source tells its region, and which browser
// integrations send Live Chat events themselves.
func TestExamine(t *testing.T) {
	for _, tt := range []struct {
		status int
		said   string
		want   []string // parts of the findings, one each
	}{
		{200, `{"integrations":{"Segment.io":{"apiKey":"x","apiHost":"api.segment.io/v1"}}}`, []string{"0 Segment knows", "0 the region is right"}},
		{200, `{"integrations":{"Segment.io":{"apiHost":"events.eu1.segmentapis.com/v1"}}}`, []string{"0 Segment knows", "2 the source is in the region eu"}},
		{200, `{"integrations":{"Segment.io":{"apiHost":"segment.example.com/v1"}}}`, []string{"0 Segment knows"}},
		{200, `{"integrations":{"Olark":{"listen":true},"Zopim":{"listen":false},"Userlike":{"listen":true},"Intercom":{"listen":true}}}`,
			[]string{"0 Segment knows", "1 the browser integration Olark", "1 the browser integration Userlike"}},
		{404, "Invalid path or write key provided.", []string{"1 cdn.segment.com knows no source"}},
		{500, "", []string{"0 Segment does not say"}},
		{200, "<html>", []string{"0 Segment does not say"}},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/v1/projects/"+key+"/settings" {
				t.Errorf("got %s %s", r.Method, r.URL.Path)
			}
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.said)
		}))
		s := Settings{WriteKey: key, Region: "us"}
		found := s.examine(t.Context(), server.URL)
		got := levels(found)
		server.Close()
		if len(found) != len(tt.want) {
			t.Errorf("%d %s: got\n%swant %d findings", tt.status, tt.said, got, len(tt.want))
		}
		for i, f := range found {
			if line := levels([]destination.Finding{f}); i < len(tt.want) && !strings.HasPrefix(line, tt.want[i]) {
				t.Errorf("%d %s: got %swant %s", tt.status, tt.said, line, tt.want[i])
			}
		}
		if strings.Contains(got, key) {
			t.Errorf("the write key shows: %s", got)
		}
	}
}

// A website's own source is asked by its public write key.
func TestBrowsers(t *testing.T) {
	said := `{"integrations":{"LiveChat":{"listen":true}}}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, said) }))
	defer server.Close()
	if got := levels(browsers(t.Context(), server.URL, "site")); !strings.Contains(got, "1 the browser integration LiveChat") {
		t.Errorf("got %s", got)
	}
	said = `{"integrations":{}}`
	if got := levels(browsers(t.Context(), server.URL, "site")); !strings.HasPrefix(got, "0 no integration") {
		t.Errorf("got %s", got)
	}
}

// The settings server is Segment's: a key of somebody else's receiver is not
// for it.
func TestExamineAsksNobodyAboutAnothersKey(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer server.Close()
	s := Settings{WriteKey: key, Region: "us", Endpoint: "https://events.example.com"}
	if got := levels(s.examine(t.Context(), server.URL)); asked || !strings.Contains(got, "--send-test") {
		t.Errorf("got %s, asked %v", got, asked)
	}
}

// With OAuth, a token is proof of everything but the write key.
func TestExamineOAuth(t *testing.T) {
	s := newOAuthServer(t)
	d, err := Open(s.settings("https://events.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got := levels(d.Examine(t.Context())); !strings.HasPrefix(got, "0 OAuth: a token was fetched") {
		t.Errorf("got %s", got)
	}
	s.answer = func(w http.ResponseWriter) { http.Error(w, `{"error":"invalid_client"}`, http.StatusBadRequest) }
	d2, err := Open(s.settings("https://events.example.com"))
	if err != nil {
		t.Fatal(err)
	}
	defer d2.Close()
	if got := levels(d2.Examine(t.Context())); !strings.HasPrefix(got, "2 token: answered 400") || !strings.Contains(got, "| are oauth_app_id") {
		t.Errorf("got %s", got)
	}
}
