package destinationtest

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// faults returns the faults in which any receiver can fail.
func faults(h HTTPHarness) []fault {
	return append(append(broken(h), statuses(h)...), addresses()...)
}

// broken are the faults of connections, and of answers that are none.
func broken(h HTTPHarness) []fault {
	untold := "ok" // the status counts, whatever follows
	if h.Tells {
		untold = "again"
	}
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"
	return []fault{
		{name: "connection refused", class: "again", refused: true},
		{name: "hang before the request is read", class: "again", hangs: true, unread: true},
		{name: "hang after the request is read", class: "again", hangs: true, happened: true, answer: hang},
		{name: "reset before the answer", class: "again", happened: true, answer: raw("", true)},
		{name: "reset within the answer", class: "again", happened: true, answer: raw("HTTP/1.1 2", true)},
		{name: "answer cut short after 200", class: untold, happened: true, answer: raw(ok+`{`, false)},
		{name: "slow drip of the header", class: "again", hangs: true, happened: true, answer: drip("HTTP/1.1 200 OK\r\nX: ")},
		{name: "slow drip of the body", class: untold, hangs: true, happened: true, answer: drip(ok)},
		{name: "malformed answer", class: "again", happened: true, answer: raw("SSH-2.0-OpenSSH_9.6\r\n", false)},
		{name: "200 with somebody else's page", class: untold, happened: true, answer: status(200, "<html>welcome to the hotel</html>", "", nil)},
	}
}

// statuses are the faults that a receiver tells of.
func statuses(h HTTPHarness) []fault {
	says := `{"error":"not ` + h.Secret + `"}`
	plain := func(code int) http.HandlerFunc { return status(code, says, "", nil) }
	after := func(code int, value func() string) http.HandlerFunc { return status(code, says, "Retry-After", value) }
	seconds := func() string { return "1" }
	date := func() string { return time.Now().Add(1500 * time.Millisecond).UTC().Format(http.TimeFormat) }
	list := []fault{
		{name: "400", class: "refusal", poison: true, answer: plain(400)},
		{name: "401", class: "pause", answer: plain(401)},
		{name: "413", class: "refusal", poison: true, answer: plain(413)},
		{name: "429", class: "again", answer: plain(429)},
		{name: "429 with Retry-After in seconds", class: "wait", answer: after(429, seconds)},
		{name: "429 with Retry-After as a date", class: "wait", answer: after(429, date)},
		{name: "500", class: "again", answer: plain(500)},
		{name: "500 though it happened", class: "again", happened: true, answer: plain(500)},
		{name: "503", class: "again", answer: plain(503)},
		{name: "503 with Retry-After", class: "wait", answer: after(503, seconds)},
	}
	if h.ErrorBody != "" {
		list = append(list, fault{name: "200 with an error", class: h.Means, poison: h.Means == "refusal", answer: status(200, h.ErrorBody, "", nil)})
	}
	return list
}

// addresses are the faults of a URL that reaches nobody, until it is mended.
func addresses() []fault {
	return []fault{
		{name: "DNS failure", class: "again", elsewhere: func(*testing.T) string { return "http://parlance.invalid" }},
		{name: "TLS failure", class: "again", elsewhere: unknown},
	}
}

// unknown returns a server whose certificate nobody knows. It is sent nothing.
func unknown(t *testing.T) string {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was sent something") }))
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL
}
