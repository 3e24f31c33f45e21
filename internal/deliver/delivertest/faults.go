package delivertest

import (
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// An exchange is one request, and what a fault does with it.
type exchange struct {
	w    http.ResponseWriter
	over chan struct{}
	read func() // the request
	take func() // what was read
}

type fault func(exchange)

// hang says nothing until the sender is gone for sure.
func (x exchange) hang() {
	select {
	case <-x.over:
	case <-time.After(2 * patience):
	}
}

// raw writes to the connection, and closes or resets it.
func (x exchange) raw(text string, reset bool) {
	conn, _, err := x.w.(http.Hijacker).Hijack()
	if err != nil {
		return // the sender is gone
	}
	_, _ = io.WriteString(conn, text) // likewise
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// answer answers with a status and a header.
func answer(status int, header ...string) fault {
	return func(x exchange) {
		x.read()
		for i := 0; i+1 < len(header); i += 2 {
			x.w.Header().Set(header[i], header[i+1])
		}
		x.w.WriteHeader(status)
		_, _ = io.WriteString(x.w, "said") // the sender may be gone
	}
}

// drip answers, and does not come to an end.
func drip(status int, x exchange) {
	x.w.WriteHeader(status)
	for end := time.Now().Add(2 * patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if _, err := io.WriteString(x.w, "x"); err != nil {
			return
		}
		_ = http.NewResponseController(x.w).Flush()
	}
}

// faults are those of a receiver that can be reached. One that answers 2xx has
// taken what came, whatever it says besides.
var faults = map[string]fault{
	"hang before reading":     func(x exchange) { x.hang() },
	"hang after reading":      func(x exchange) { x.read(); x.hang() },
	"taken, then hang":        func(x exchange) { x.read(); x.take(); x.hang() },
	"reset before the answer": func(x exchange) { x.read(); x.raw("", true) },
	"reset in the answer":     func(x exchange) { x.read(); x.take(); x.raw("HTTP/1.1 2", true) },
	"200 cut off":             func(x exchange) { x.read(); x.take(); x.raw("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", false) },
	"200 with an error":       func(x exchange) { x.read(); x.take(); _, _ = io.WriteString(x.w, `{"error":"said"}`) },
	"200 dripping":            func(x exchange) { x.read(); x.take(); drip(200, x) },
	"503 dripping":            func(x exchange) { x.read(); drip(503, x) },
	"malformed":               func(x exchange) { x.read(); x.raw("SSH-2.0-OpenSSH_9.6\r\n", false) },
	"closed without a word":   func(x exchange) { x.read(); x.raw("", false) },
	"taken, then 500":         func(x exchange) { x.read(); x.take(); x.w.WriteHeader(500) },
	"302":                     answer(302, "Location", "/elsewhere"),
	"401":                     answer(401),
	"403":                     answer(403),
	"404":                     answer(404),
	"408":                     answer(408),
	"429":                     answer(429),
	"429, seconds":            answer(429, "Retry-After", "1"),
	"429, a date": func(x exchange) {
		answer(429, "Retry-After", time.Now().Add(time.Second).UTC().Format(http.TimeFormat))(x)
	},
	"500": answer(500),
	"503": answer(503),
}

// elsewhere are URLs at which no receiver is.
func elsewhere(t *testing.T) map[string]string {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	unknown := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("sent to whom nobody knows") }))
	unknown.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	unknown.StartTLS()
	t.Cleanup(unknown.Close)
	return map[string]string{
		"refused connection":  "http://" + closed.Addr().String(),
		"unknown name":        "http://receiver.invalid",
		"unknown certificate": unknown.URL,
	}
}
