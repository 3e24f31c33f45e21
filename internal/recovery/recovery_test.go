package recovery

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What a handler panics at is answered and logged, without what people wrote.
func TestHandler(t *testing.T) {
	var nothing map[string]int
	for _, tt := range []struct {
		name    string
		panics  func(w http.ResponseWriter)
		status  int // 0 is none
		logs    string
		noLines bool
	}{
		{name: "the runtime's", panics: func(http.ResponseWriter) { nothing["x"] = 1 }, status: 500, logs: "assignment to entry in nil map"},
		{name: "our own", panics: func(http.ResponseWriter) { panic("BUG: no such kind") }, status: 500, logs: "BUG: no such kind"},
		{name: "somebody's words", panics: func(http.ResponseWriter) { panic(errors.New("hunter22")) }, status: 500, logs: "of type *errors.errorString"},
		{name: "after the answer began", panics: func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
			panic("BUG: late")
		}, logs: "BUG: late"},
		{name: "on purpose", panics: func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, noLines: true},
		{name: "none", panics: func(w http.ResponseWriter) { _ = http.NewResponseController(w).Flush() }, status: 200, noLines: true},
	} {
		var log strings.Builder
		server := httptest.NewServer(Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { tt.panics(w) }), slog.New(slog.NewTextHandler(&log, nil))))
		server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		status, said := 0, ""
		if resp, err := http.Get(server.URL); err == nil {
			b, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			if err == nil {
				status, said = resp.StatusCode, string(b)
			}
		}
		server.Close()
		if status != tt.status || status == 500 && !strings.Contains(said, "its log says where") {
			t.Errorf("%s: got %d %q, want %d", tt.name, status, said, tt.status)
		}
		if lines := log.String(); !strings.Contains(lines, tt.logs) || strings.Contains(lines, "hunter22") || (lines == "") != tt.noLines || lines != "" && !strings.Contains(lines, "level=ERROR") {
			t.Errorf("%s: logged %s", tt.name, lines)
		}
	}
}
