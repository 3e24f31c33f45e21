package tracking

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		after, reset string
		want         time.Duration
		ok           bool
	}{
		{"120", "", 120 * time.Second, true},
		{"120", "7", 120 * time.Second, true},
		{"Mon, 02 Mar 2026 09:01:30 GMT", "", 90 * time.Second, true},
		{"Mon, 02 Mar 2026 10:00:00 GMT", "", maxWait, true},
		{"Mon, 02 Mar 2026 08:00:00 GMT", "", minWait, true},
		{"99999999999999999999", "", maxWait, true},
		{"9223372036854775807", "", maxWait, true},
		{"", "7", 7 * time.Second, true},
		{"", "1772442040", 40 * time.Second, true},
		{"-5", "", 0, false},
		{"1.5", "", 0, false},
		{"", "", 0, false},
	} {
		wait, ok := retryAfter(http.Header{"Retry-After": {tt.after}, "X-Ratelimit-Reset": {tt.reset}}, now)
		if ok != tt.ok || ok && wait != tt.want {
			t.Errorf("Retry-After %q, X-RateLimit-Reset %q: got %v and %v, want %v and %v", tt.after, tt.reset, wait, ok, tt.want, tt.ok)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7", "")
	f.Add("Mon, 02 Mar 2026 09:00:00 GMT", "1772442000")
	f.Add("-1", "99999999999999999")
	f.Fuzz(func(t *testing.T, after, reset string) {
		wait, ok := retryAfter(http.Header{"Retry-After": {after}, "X-Ratelimit-Reset": {reset}}, time.Unix(1772441000, 0))
		if ok && (wait < minWait || wait > maxWait) {
			t.Errorf("got %v, want %v to %v", wait, minWait, maxWait)
		}
	})
}
