package tracking

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// short is a phase that a test can wait for, among others that it does not.
const short = 100 * time.Millisecond

// listenTo serves each connection with serve, which ends with the test.
func listenTo(t *testing.T, serve func(net.Conn)) (url string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			go serve(conn)
		}
	}()
	return l.Addr().String()
}

// drip writes a byte again and again.
func drip(conn net.Conn, begin string) {
	_, err := io.WriteString(conn, begin)
	for err == nil {
		time.Sleep(short / 10)
		_, err = io.WriteString(conn, "x")
	}
}

// read reads one small request.
func read(conn net.Conn) { _, _ = conn.Read(make([]byte, 64<<10)) }

// A receiver that hangs in any phase is left after the time of that phase, and
// the error says which it was.
func TestPhases(t *testing.T) {
	for name, tt := range map[string]struct {
		serve func(net.Conn)
		tls   bool
		phase func(*phases) *time.Duration
		want  string
	}{
		"TLS":                {serve: func(net.Conn) {}, tls: true, phase: func(p *phases) *time.Duration { return &p.tls }, want: "TLS handshake timeout"},
		"request not read":   {serve: func(net.Conn) {}, phase: func(p *phases) *time.Duration { return &p.write }, want: "the request was not read within 100ms"},
		"no answer":          {serve: read, phase: func(p *phases) *time.Duration { return &p.header }, want: "the answer did not begin within 100ms"},
		"header drips":       {serve: func(c net.Conn) { read(c); drip(c, "HTTP/1.1 200 OK\r\nX: ") }, phase: func(p *phases) *time.Duration { return &p.header }, want: "the answer did not begin within 100ms"},
		"body drips":         {serve: func(c net.Conn) { read(c); drip(c, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n") }, phase: func(p *phases) *time.Duration { return &p.body }, want: "the answer did not end within 100ms"},
		"whole, of a header": {serve: func(c net.Conn) { read(c); drip(c, "HTTP/1.1 200 OK\r\nX: ") }, phase: func(p *phases) *time.Duration { return &p.whole }, want: "Client.Timeout"},
		"whole, of a body":   {serve: func(c net.Conn) { read(c); drip(c, "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n") }, phase: func(p *phases) *time.Duration { return &p.whole }, want: "Client.Timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := NewClient()
			*tt.phase(&c.phases) = short
			scheme, body := "http://", "small"
			if tt.tls {
				scheme = "https://"
			}
			if name == "request not read" {
				body = strings.Repeat("x", 32<<20) // more than the sockets hold
			}
			err := exchange(c, scheme+listenTo(t, tt.serve), body)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// exchange makes a request and reads its answer.
func exchange(c *Client, url, body string) error {
	req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// Dialing is bounded too: an address that does not answer cannot be had in
// every test, so that the dialer itself is looked at.
func TestDialPhase(t *testing.T) {
	c := NewGuardedClient(func(string, string, syscall.RawConn) error { time.Sleep(2 * short); return nil })
	c.phases.dial = short
	err := exchange(c, "http://"+listenTo(t, func(net.Conn) {}), "")
	if err == nil || !strings.Contains(err.Error(), "i/o timeout") {
		t.Errorf("got %v, want a timeout", err)
	}
}

// Connections are used again, several beside each other, but none after its
// time.
func TestConnectionsAreUsedAgain(t *testing.T) {
	var mu sync.Mutex
	connections := 0
	arrived, leave := make(chan struct{}), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/together" {
			arrived <- struct{}{}
			<-leave
		}
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		mu.Lock()
		defer mu.Unlock()
		if s == http.StateNew {
			connections++
		}
	}
	server.Start()
	defer server.Close()
	made := func() int { mu.Lock(); defer mu.Unlock(); return connections }
	c := NewClient()
	for range 3 {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := exchange(c, server.URL+"/together", ""); err != nil {
					t.Error(err)
				}
			})
		}
		for range 4 {
			<-arrived
		}
		for range 4 {
			leave <- struct{}{}
		}
		wg.Wait()
	}
	if n := made(); n != 4 {
		t.Errorf("got %d connections for three times four requests at once, want 4", n)
	}
	c.phases.age = 0
	for range 3 {
		if err := exchange(c, server.URL, ""); err != nil {
			t.Error(err)
		}
	}
	if n := made(); n != 7 {
		t.Errorf("got %d connections, want one more for each of three requests after their time", n)
	}
	server.Close() // whatever is kept is closed, or this would not return
}

// A proxy would connect to what it likes.
func TestNoProxyBesideControl(t *testing.T) {
	safe := func(string, string, syscall.RawConn) error { return nil }
	if NewGuardedClient(safe).Transport().Proxy != nil {
		t.Error("a proxy may be used although addresses are looked at")
	}
	if NewClient().Transport().Proxy == nil {
		t.Error("no proxy is used")
	}
}

// Whoever is told to stop does, in any phase.
func TestStopped(t *testing.T) {
	c := NewClient()
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+listenTo(t, read), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(req); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("got %v, want that the time is up", err)
	}
}
