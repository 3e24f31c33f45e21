package webhook

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// verify is a receiver's half of Standard Webhooks, written down from its
// specification, HMAC included, so that it shares nothing with what it judges.
func verify(t *testing.T, secret string, h http.Header, body []byte) {
	t.Helper()
	id, timestamp := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || time.Since(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		t.Errorf("webhook-timestamp: got %q", timestamp)
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	want := base64.StdEncoding.EncodeToString(rfc2104(key, id+"."+timestamp+"."+string(body)))
	for signature := range strings.SplitSeq(h.Get("webhook-signature"), " ") {
		if version, value, _ := strings.Cut(signature, ","); version == "v1" && value == want {
			return
		}
	}
	t.Errorf("webhook-signature of %q: got %q, want v1,%s among them", id, h.Get("webhook-signature"), want)
}

// rfc2104 is HMAC with SHA-256 for a key of at most one block.
func rfc2104(key []byte, text string) []byte {
	var inner, outer [64]byte
	copy(inner[:], key)
	copy(outer[:], key)
	for i := range inner {
		inner[i] ^= 0x36
		outer[i] ^= 0x5c
	}
	h := sha256.Sum256(append(inner[:], text...))
	h = sha256.Sum256(append(outer[:], h[:]...))
	return h[:]
}
