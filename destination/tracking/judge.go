package tracking

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/parlance-chat/parlance/destination"
)

// How long a receiver can have us wait, as in Segment's SDKs. One that says 0,
// or a time that is over, is not to be asked again and again.
const (
	minWait = time.Second
	maxWait = 300 * time.Second
)

// Judge says what an answer other than 2xx means: see docs/adr/0005.
func Judge(status int, header http.Header, said []byte) error {
	reason := reason(status, said)
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

// reason is what an answer says, for people.
func reason(status int, said []byte) string {
	text := strings.TrimSpace(fmt.Sprintf("%d %s: %s", status, http.StatusText(status), Clean(said)))
	return strings.TrimSuffix(text, ":")
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
		if s, err := strconv.ParseUint(v, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
			wait, ok = seconds(s), true
		} else if t, err := http.ParseTime(v); err == nil {
			wait, ok = t.Sub(now), true
		}
	} else if s, err := strconv.ParseUint(h.Get("X-RateLimit-Reset"), 10, 63); err == nil {
		// Some tell a time, some how many seconds are left.
		if wait, ok = seconds(s), true; s >= 1e9 {
			wait = time.Unix(int64(s), 0).Sub(now)
		}
	}
	return min(max(wait, minWait), maxWait), ok
}

// seconds returns s seconds, or maxWait if they are more.
func seconds(s uint64) time.Duration {
	return time.Duration(min(s, uint64(maxWait/time.Second))) * time.Second
}

// Clean cuts what a receiver said to something that can be shown.
func Clean(said []byte) string {
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
