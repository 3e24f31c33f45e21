package posthog

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

func TestExamine(t *testing.T) {
	for _, tt := range []struct {
		status int
		cloud  bool
		level  destination.Level
		text   string
	}{
		{200, true, destination.Good, "knows the project's key"},
		{404, true, destination.Problem, "knows no project"},
		{404, false, destination.Good, "does not say"}, // an old one has no such path
		{503, true, destination.Good, "does not say"},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/array/phc_secret/config" {
				t.Errorf("got %s %s", r.Method, r.URL.Path)
			}
			w.WriteHeader(tt.status)
		}))
		found := examine(t.Context(), server.URL, "phc_secret", tt.cloud)
		server.Close()
		if len(found) != 1 || found[0].Level != tt.level || !strings.Contains(found[0].Text, tt.text) || strings.Contains(found[0].Text+found[0].Do, "phc_secret") {
			t.Errorf("%d: got %+v, want %q", tt.status, found, tt.text)
		}
	}
	// One that does not answer is named without the key.
	server := httptest.NewServer(nil)
	server.Close()
	if found := examine(t.Context(), server.URL, "phc_secret", true); len(found) != 1 || found[0].Level != destination.Problem || strings.Contains(found[0].Text, "phc_secret") {
		t.Errorf("got %+v", found)
	}
}
