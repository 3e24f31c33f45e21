package segment

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

const key = "write-key-1234"

func send(t *testing.T, h http.HandlerFunc, a destination.Attempt) error {
	server := httptest.NewServer(h)
	defer server.Close()
	d, err := Open(Settings{WriteKey: key, Region: "us", Endpoint: server.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	return d.Send(t.Context(), a)
}

func TestDestination(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		var batch struct{ Batch []json.RawMessage }
		if err == nil {
			err = json.NewDecoder(z).Decode(&batch)
		}
		if err != nil {
			t.Error(err)
		}
		for _, c := range batch.Batch {
			got = append(got, string(c))
		}
	}))
	defer server.Close()
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{WriteKey: key, Region: "eu", Endpoint: server.URL + "/v1"} },
		Received: func(*testing.T) []string { return got },
	})
}

func TestFaults(t *testing.T) {
	destinationtest.TestFaults(t, destinationtest.HTTPHarness{
		Open: func(url string) (destination.Destination, error) {
			return Open(Settings{WriteKey: key, Region: "us", Endpoint: url})
		},
		Secret: key,
		Answer: `{"success":true}`,
	})
}

func TestSend(t *testing.T) {
	calls := []destination.Call{{JSON: []byte(`{"messageId":"a","sentAt":"x"}`)}, {JSON: []byte(`{"messageId":"b","sentAt":"x"}`)}}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	err := send(t, func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != key || pass != "" || r.URL.Path != "/v1/batch" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("got %s with content type %q", r.URL.Path, r.Header.Get("Content-Type"))
		}
		if n, sent := r.Header["X-Retry-Count"]; sent {
			t.Errorf("X-Retry-Count of a first attempt: got %v, want none", n)
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		b, err := io.ReadAll(z)
		want := `{"batch":[{"messageId":"a","sentAt":"x"},{"messageId":"b","sentAt":"x"}],"sentAt":"2026-03-02T09:00:00.000Z"}`
		if string(b) != want || !json.Valid(b) || err != nil {
			t.Errorf("got %s (%v), want %s", b, err, want)
		}
	}, destination.Attempt{Calls: calls, SentAt: at})
	if err != nil {
		t.Error(err)
	}
}

func TestRetryCount(t *testing.T) {
	err := send(t, func(_ http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("X-Retry-Count"); got != "3" {
			t.Errorf("got %q, want 3", got)
		}
	}, destination.Attempt{Retry: 3})
	if err != nil {
		t.Error(err)
	}
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		status int
		header string
		want   string
	}{
		{200, "", "ok"}, {201, "", "ok"}, {202, "", "ok"}, {204, "", "ok"},
		// The header, not the status, says to wait.
		{408, "Retry-After: 2", "wait 2s"}, {410, "Retry-After: 2", "wait 2s"}, {460, "Retry-After: 2", "wait 2s"}, {500, "Retry-After: 2", "wait 2s"},
		{421, "", "again"}, {425, "", "again"}, {504, "", "again"}, {529, "", "again"}, {599, "", "again"},
		{501, "Retry-After: 2", "pause"}, {505, "Retry-After: 2", "pause"}, {407, "", "pause"}, {409, "", "pause"}, {451, "", "pause"},
		// Nobody's SDK but Node's takes a redirect for success.
		{302, "Location: /elsewhere", "pause"}, {303, "Location: /elsewhere", "pause"}, {307, "Location: /elsewhere", "pause"}, {308, "Location: /elsewhere", "pause"},
		{429, "Retry-After: 7", "wait 7s"}, {503, "Retry-After: 100000", "wait 5m0s"}, {529, "Retry-After: 1", "wait 1s"},
		{429, "Retry-After: 0", "wait 1s"}, {503, "Retry-After: Mon, 02 Mar 2026 09:00:00 GMT", "wait 1s"},
		{429, "X-RateLimit-Reset: 20", "wait 20s"}, {429, "X-RateLimit-Reset: soon", "again"},
		{429, "", "again"}, {408, "", "again"}, {410, "", "again"}, {460, "", "again"}, {500, "", "again"}, {502, "Retry-After: soon", "again"},
		{400, "Retry-After: 7", "refusal"}, {413, "", "refusal"}, {422, "", "refusal"},
		{401, "", "pause"}, {403, "", "pause"}, {404, "", "pause"}, {301, "Location: /elsewhere", "pause"}, {501, "", "pause"}, {505, "", "pause"}, {511, "", "pause"}, {418, "", "pause"},
	}
	for _, tt := range tests {
		err := send(t, func(w http.ResponseWriter, r *http.Request) {
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, "said\x00 <b>"+strings.Repeat("x", 9000))
		}, destination.Attempt{})
		if got := class(err); got != tt.want {
			t.Errorf("%d %s: got %s, want %s", tt.status, tt.header, got, tt.want)
		}
		if err != nil && (len(err.Error()) > 400 || strings.Contains(err.Error(), "\x00") || strings.Contains(err.Error(), key)) {
			t.Errorf("%d: error of %d bytes, or with a key or control characters", tt.status, len(err.Error()))
		}
	}
}

func class(err error) string {
	var wait *destination.Wait
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &wait):
		return "wait " + wait.For.String()
	case errors.As(err, new(*destination.Refusal)):
		return "refusal"
	case errors.As(err, new(*destination.Pause)):
		return "pause"
	}
	return "again"
}

func TestNoAnswer(t *testing.T) {
	d, err := Open(Settings{WriteKey: key, Region: "us", Endpoint: "http://127.0.0.1:1/" + key})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Send(context.Background(), destination.Attempt{})
	if class(err) != "again" || strings.Contains(err.Error(), key) {
		t.Errorf("got %s, or an error with the key in it", class(err))
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"write_key":        {Region: "us"},
		"region":           {WriteKey: key, Region: "uk"},
		"endpoint: write":  {WriteKey: key, Region: "eu", Endpoint: "example.com"},
		"endpoint: holds":  {WriteKey: key, Region: "us", Endpoint: "https://user:password@example.com"},
		"endpoint: holds ": {WriteKey: key, Region: "us", Endpoint: "https://example.com?a=b"},
	})
}

func TestURL(t *testing.T) {
	for want, s := range map[string]Settings{
		"https://api.segment.io/v1/batch":             {Region: "us"},
		"https://events.eu1.segmentapis.com/v1/batch": {Region: "eu"},
		"http://localhost:9000/v1/batch":              {Region: "us", Endpoint: "http://localhost:9000"},
		"http://localhost:9001/v1/batch":              {Region: "us", Endpoint: "http://localhost:9001/v1/"},
		"http://localhost:9002/v1/batch":              {Region: "us", Endpoint: "http://localhost:9002/v1/batch"},
		"http://localhost:9003/in/v1/batch?site=7":    {Region: "us", Endpoint: "http://localhost:9003/in/?site=7"},
	} {
		if got := s.url(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// What receivers do to a connection says no more than their status did.
func TestBrokenAnswers(t *testing.T) {
	for _, tt := range []struct{ answer, want string }{
		{"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "ok"},
		{"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\nContent-Length: 99\r\n\r\n{", "wait 7s"},
		{"HTTP/1.1 401 Unauthorized\r\nContent-Length: 99\r\n\r\n{", "pause"},
		{"HTTP/1.1 2", "again"},
		{"", "again"},
		{"SSH-2.0-OpenSSH_9.6\r\n", "again"},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 11<<20), "again"},
	} {
		err := send(t, func(w http.ResponseWriter, _ *http.Request) {
			conn, buf, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = buf.WriteString(tt.answer) // the client may have gone
			_ = buf.Flush()
			_ = conn.Close()
		}, destination.Attempt{})
		if got := class(err); got != tt.want {
			t.Errorf("%.60q: got %s (%v), want %s", tt.answer, got, err, tt.want)
		}
	}
}

// A certificate that nobody knows gets no key.
func TestUnknownCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was sent something") }))
	defer server.Close()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	d, err := Open(Settings{WriteKey: key, Region: "us", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Send(t.Context(), destination.Attempt{}); class(err) != "again" || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v, want an error that says so and is worth another attempt", err)
	}
}

// An attempt after a failure makes a connection of its own, to what the name
// stands for then.
func TestNewConnectionAfterFailure(t *testing.T) {
	var from []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if from = append(from, r.RemoteAddr); len(from) == 2 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer server.Close()
	d, err := Open(Settings{WriteKey: key, Region: "us", Endpoint: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for range 3 {
		_ = d.Send(t.Context(), destination.Attempt{}) // the second fails, as it is told to
	}
	if len(from) != 3 || from[0] != from[1] || from[1] == from[2] {
		t.Errorf("got connections %v, want two attempts on one and the third on another", from)
	}
}
