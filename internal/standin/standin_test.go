package standin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func post(s *Server, key, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/batch", strings.NewReader(body))
	r.SetBasicAuth(key, "")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

func TestTakesAndCounts(t *testing.T) {
	var told []string
	s := New(Options{WriteKey: "key", OnCall: func(c Call) { told = append(told, c.MessageID) }, Refuse: func(c Call) bool { return c.MessageID == "bad" }})
	call := func(id string) string { return fmt.Sprintf(`{"type":"identify","userId":"u","messageId":%q}`, id) }
	for body, want := range map[string]int{
		`{"batch":[` + call("a") + `,` + call("a") + `]}`:        200,
		`{"batch":[` + call("bad") + `]}`:                        400,
		`{"batch":[` + call(strings.Repeat("x", maxCall)) + `]}`: 400,
		strings.Repeat(" ", maxBytes+1):                          400,
		`{`:                                                      400,
	} {
		if got := post(s, "key", body).Code; got != want {
			t.Errorf("%.40s: got %d, want %d", body, got, want)
		}
	}
	if got := post(s, "other", "{}").Code; got != 401 {
		t.Errorf("another key: got %d, want 401", got)
	}
	if got, want := s.Report(), (Report{Requests: 1, Calls: 1, Repeated: 1}); got != want || fmt.Sprint(told) != "[a]" {
		t.Errorf("got %+v and %v, want %+v and [a]", got, told, want)
	}
}

func TestFailsOnRequest(t *testing.T) {
	s := New(Options{Fail: func(*http.Request) (int, time.Duration) { return 429, 7 * time.Second }})
	if w := post(s, "", "{}"); w.Code != 429 || w.Header().Get("Retry-After") != "7" {
		t.Errorf("got %d with Retry-After %q, want 429 with 7", w.Code, w.Header().Get("Retry-After"))
	}
}
