package webhook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// The secret of the specification's own example, and another.
const (
	secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	older  = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
)

func settings(url string, change ...func(*Settings)) Settings {
	s := Settings{URL: strictyaml.Secret(url), Secrets: []strictyaml.Secret{secret}, List: 1, AllowPrivate: true}
	for _, f := range change {
		f(&s)
	}
	return s
}

func open(t *testing.T, s Settings) *Destination {
	t.Helper()
	d, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func one(id string) destination.Attempt {
	return destination.Attempt{SentAt: time.Now(), Calls: []destination.Call{{MessageID: id, JSON: []byte(`{"messageId":"` + id + `"}`)}}}
}

func TestDestination(t *testing.T) {
	for _, batch := range []int{1, 7} {
		var got []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			verify(t, secret, r.Header, body)
			if batch == 1 {
				got = append(got, string(body))
				return
			}
			var calls []json.RawMessage
			if err := json.Unmarshal(body, &calls); err != nil {
				t.Error(err)
			}
			for _, c := range calls {
				got = append(got, string(c))
			}
		}))
		typ := Type()
		typ.Open = func(s any) (destination.Destination, error) {
			d, err := Open(*s.(*Settings))
			return now{d}, err
		}
		destinationtest.Test(t, destinationtest.Harness{
			Type: typ,
			Settings: func(*testing.T) any {
				s := settings(server.URL, func(s *Settings) { s.List = batch })
				return &s
			},
			Received: func(*testing.T) []string { return got },
		})
		server.Close()
	}
}

// now makes attempts of today's, so that what verifies does not find them old.
type now struct{ *Destination }

func (n now) Send(ctx context.Context, a destination.Attempt) error {
	a.SentAt = time.Now()
	return n.Destination.Send(ctx, a)
}

// The signature is the one that the specification's libraries have in their
// tests.
func TestKnownSignature(t *testing.T) {
	d := open(t, settings("http://localhost"))
	h := http.Header{}
	d.sign(h, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if got, want := h.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// A receiver that knows either secret can tell whose a request is, and that a
// repetition is one.
func TestRotationAndRepetition(t *testing.T) {
	var ids, retries []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verify(t, secret, r.Header, body)
		verify(t, older, r.Header, body)
		ids = append(ids, r.Header.Get("webhook-id"))
		retries = append(retries, r.Header.Get("X-Retry-Count"))
		if r.Header.Get("Authorization") != "Bearer t0ken" {
			t.Error("not authorized")
		}
	}))
	defer server.Close()
	d := open(t, settings(server.URL, func(s *Settings) {
		s.Secrets, s.Authorization = append(s.Secrets, older), "Bearer t0ken"
	}))
	strange := "line\nof \"anybody\""
	for retry, id := range []string{"a-1", "a-1", strange, strange} {
		a := one(id)
		a.Retry = retry
		if err := d.Send(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	if ids[0] != "a-1" || ids[1] != "a-1" || ids[2] != ids[3] || !strings.HasPrefix(ids[2], "msg_") {
		t.Errorf("got webhook-ids %q", ids)
	}
	if want := []string{"", "1", "2", "3"}; !slices.Equal(retries, want) {
		t.Errorf("got X-Retry-Count %q, want %q", retries, want)
	}
}

func TestAnswers(t *testing.T) {
	tests := []struct {
		status int
		header string
		want   string
	}{
		{200, "", "ok"}, {202, "", "ok"}, {204, "", "ok"},
		{429, "Retry-After: 7", "wait 7s"}, {503, "Retry-After: Mon, 02 Mar 2026 09:00:00 GMT", "wait 1s"},
		{429, "", "again"}, {408, "", "again"}, {500, "", "again"}, {502, "", "again"}, {504, "", "again"},
		{400, "", "refusal"}, {413, "", "refusal"}, {422, "", "refusal"},
		{401, "", "pause: the secret"}, {403, "", "pause: the secret"}, {410, "", "pause: wants no more"}, {404, "", "pause: url right"},
		{301, "Location: /elsewhere", "pause: redirects"}, {307, "Location: http://169.254.169.254/", "pause: redirects"},
	}
	for _, tt := range tests {
		requests := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			requests++
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(tt.status)
			if tt.status != http.StatusNoContent {
				io.WriteString(w, "said\x00 t0ken "+strings.Repeat("x", 9000))
			}
		}))
		err := open(t, settings(server.URL, func(s *Settings) { s.Authorization = "Bearer t0ken" })).Send(t.Context(), one("a"))
		server.Close()
		class, means, _ := strings.Cut(tt.want, ": ")
		if got := classOf(err); got != class || err != nil && !strings.Contains(err.Error(), means) {
			t.Errorf("%d %s: got %s (%v), want %s", tt.status, tt.header, got, err, tt.want)
		}
		if err != nil && (len(err.Error()) > 500 || strings.ContainsAny(err.Error(), "\x00") || strings.Contains(err.Error(), "t0ken")) {
			t.Errorf("%d: error of %d bytes, or with a secret or control characters", tt.status, len(err.Error()))
		}
		if requests != 1 {
			t.Errorf("%d: got %d requests, want 1", tt.status, requests)
		}
	}
}

func classOf(err error) string {
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
	default:
		return "again"
	}
}

// Whatever happens on the way is worth another attempt, and the URL, which may
// be all that it takes to send, is not told.
func TestNoAnswer(t *testing.T) {
	tests := map[string]func(net.Conn){
		"closed at once":       func(c net.Conn) { c.Close() },
		"reset in mid-answer":  func(c net.Conn) { io.WriteString(c, "HTTP/1.1 20"); c.(*net.TCPConn).SetLinger(0); c.Close() },
		"no HTTP":              func(c net.Conn) { io.WriteString(c, "SSH-2.0-x\r\n"); c.Close() },
		"hangs before reading": func(c net.Conn) {},
		"hangs after reading":  func(c net.Conn) { io.ReadAtLeast(c, make([]byte, 512), 100) },
		"drips":                func(c net.Conn) { io.WriteString(c, "HTTP/1.1 200 OK\r\nX-") },
	}
	for name, behave := range tests {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					behave(c)
				}
			}()
			d := open(t, settings("http://"+l.Addr().String()+"/hook-key"))
			ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
			defer cancel()
			if err := d.Send(ctx, one("a")); classOf(err) != "again" || strings.Contains(err.Error(), "hook-key") {
				t.Errorf("got %v, want an error worth another attempt, without the URL", err)
			}
		})
	}
	for _, url := range []string{"http://127.0.0.1:1/hook-key", "http://nowhere.invalid/hook-key"} {
		if err := open(t, settings(url)).Send(t.Context(), one("a")); classOf(err) != "again" || strings.Contains(err.Error(), "hook-key") {
			t.Errorf("%s: got %v", url, err)
		}
	}
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	if err := open(t, settings(server.URL)).Send(t.Context(), one("a")); classOf(err) != "again" || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("certificate of nobody: got %v", err)
	}
}

// The status counts: an answer whose rest gets lost was given.
func TestAnswerCutOff(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		io.WriteString(w, "thank")
	}))
	defer server.Close()
	if err := open(t, settings(server.URL)).Send(t.Context(), one("a")); err != nil {
		t.Error(err)
	}
}

func TestCheck(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"url: is missing":         func(s *Settings) { s.URL = "" },
		"url: write a URL":        func(s *Settings) { s.URL = "ftp://example.com" },
		"url: holds a user":       func(s *Settings) { s.URL = "https://me:hush@example.com" },
		"secret: is missing":      func(s *Settings) { s.Secrets = nil },
		"secret: is not":          func(s *Settings) { s.Secrets = append(s.Secrets, "whsec_c2hvcnQ=") },
		"authorization: has more": func(s *Settings) { s.Authorization = "a\r\nb" },
		"list: 0":                 func(s *Settings) { s.List = 0 },
	} {
		s := settings("https://example.com/key-in-it", change)
		err := s.Check()
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hush") || strings.Contains(err.Error(), "key-in-it") {
			t.Errorf("got %v, want %s …", err, want)
		}
	}
	s := settings("https://example.com", func(s *Settings) { s.Secrets = []strictyaml.Secret{strictyaml.Secret(strings.TrimRight(secret, "="))} })
	if err := s.Check(); err != nil {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	calls := []destination.Call{{MessageID: "a", JSON: []byte(`{"n":1}`)}, {MessageID: "b", JSON: []byte(`{"n":2}`)}}
	if got := list(calls); !bytes.Equal(got, []byte(`[{"n":1},{"n":2}]`)) {
		t.Errorf("got %s", got)
	}
	if id := batchID(calls); id != batchID(slices.Clone(calls)) || id == batchID(calls[:1]) {
		t.Error("the same calls have to have the same id, and others another")
	}
}
