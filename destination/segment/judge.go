package segment

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/parlance-chat/parlance/destination"
)

// maxWait bounds how long a receiver can have us wait, as in Segment's SDKs.
const maxWait = 300 * time.Second

// Judge says what an answer other than 2xx means: see docs/adr/0005.
func Judge(status int, header http.Header, said []byte) error {
	reason := strings.TrimSpace(fmt.Sprintf("%d %s: %s", status, http.StatusText(status), clean(said)))
	reason = strings.TrimSuffix(reason, ":")
	switch {
	case retryable(status):
		if wait, ok := retryAfter(header, time.Now()); ok {
			return &destination.Wait{For: wait, Reason: reason}
		}
		return fmt.Errorf("answered %s", reason)
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		return &destination.Refusal{Status: status, Reason: reason}
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return &destination.Pause{Reason: reason + "; is the write key right, and the source enabled?"}
	default:
		return &destination.Pause{Reason: reason + "; is the region or endpoint right?"}
	}
}

// retryable are the statuses after which Segment's SDKs try again.
func retryable(status int) bool {
	switch status {
	case 408, 410, 421, 425, 429, 460:
		return true
	case 501, 505, 511:
		return false
	}
	return status >= 500
}

// retryAfter reads how long to wait: seconds or a date, or the time at which
// the rate limit starts anew.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	if v := h.Get("Retry-After"); v != "" {
		if s, err := strconv.ParseUint(v, 10, 31); err == nil {
			wait, ok = time.Duration(s)*time.Second, true
		} else if t, err := http.ParseTime(v); err == nil {
			wait, ok = t.Sub(now), true
		}
	} else if s, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64); err == nil {
		// Some tell a time, some how many seconds are left.
		if wait, ok = time.Unix(s, 0).Sub(now), true; s < 1e9 {
			wait = time.Duration(s) * time.Second
		}
	}
	return min(max(wait, 0), maxWait), ok
}

// clean cuts what a receiver said to something that can be shown.
func clean(said []byte) string {
	printable := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, string(said))
	printable = strings.Join(strings.Fields(printable), " ")
	if runes := []rune(printable); len(runes) > 200 {
		printable = string(runes[:200]) + "…"
	}
	return printable
}
