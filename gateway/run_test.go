package gateway

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// A mistake of ours in the API or a page is answered, and logged.
func TestPanicIsAnswered(t *testing.T) {
	s, _ := setUp(t, "")
	var log strings.Builder
	s.g.log = slog.New(slog.NewTextHandler(&log, nil))
	handler := s.g.routes(prometheus.NewRegistry())
	was := s.g.inForce.Swap(nil) // which nobody expects
	defer s.g.inForce.Store(was)
	for _, path := range []string{"/api/status", "/sources"} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
		r.RemoteAddr = "127.0.0.1:4711"
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "its log says where") {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
	if n := strings.Count(log.String(), "level=ERROR"); n != 2 || !strings.Contains(log.String(), "nil pointer") {
		t.Errorf("logged %s", log.String())
	}
}
