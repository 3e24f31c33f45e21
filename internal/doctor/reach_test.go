package doctor

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

func TestReach(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodHead || r.URL.Path != "/" || r.Header.Get("Authorization") != "" {
			t.Errorf("got %s %s, %v", r.Method, r.URL.Path, r.Header)
		}
		w.Header().Set("Date", time.Now().Add(-90*time.Second).UTC().Format(http.TimeFormat))
		http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusFound)
	}))
	defer server.Close()
	began := time.Now()
	r := reach(t.Context(), server.URL+"/v1/batch?key=secret")
	took := time.Since(began)
	if len(r.found) != 1 || r.found[0].Level != destination.Good || len(r.clocks) != 1 {
		t.Fatalf("got %+v", r)
	}
	if ahead := r.clocks[0].Ahead; ahead < -91*time.Second-took || ahead > -89*time.Second+took { // a date has whole seconds
		t.Errorf("the host's clock is ahead by %s, want -90 s", ahead)
	}

	if r := reach(t.Context(), "postgres://127.0.0.1:1/db"); len(r.found) != 0 {
		t.Errorf("got %+v", r.found)
	}

	secure := httptest.NewTLSServer(nil)
	defer secure.Close()
	secure.Config.ErrorLog = nil
	for url, want := range map[string]string{
		secure.URL: "nobody whom this machine trusts", "http://127.0.0.1:1": "does not answer",
	} {
		if r := reach(t.Context(), url); len(r.found) != 1 || r.found[0].Level != destination.Problem || !strings.Contains(r.found[0].Text, want) || r.found[0].Do == "" {
			t.Errorf("%s: got %+v, want %q", url, r.found, want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, "there is no host"},
		{&net.DNSError{Err: "server misbehaving"}, "cannot be looked up"},
		{x509.CertificateInvalidError{Reason: x509.Expired}, "not valid now"},
		{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, "another host's"},
		{errors.New("something else"), "something else"},
	} {
		if f := unreachable("api.example.com", fmt.Errorf("dial: %w", tt.err)); f.Level != destination.Problem || !strings.Contains(f.Text, tt.want) || f.Do == "" {
			t.Errorf("%v: got %+v, want %q", tt.err, f, tt.want)
		}
	}
}

func TestCertificateEndsSoon(t *testing.T) {
	if f := certificate("api.example.com", 15*24*time.Hour); f.Text != "" {
		t.Errorf("got %+v", f)
	}
	if f := certificate("api.example.com", 3*24*time.Hour); f.Level != destination.Warning || !strings.Contains(f.Text, "ends in 3 days") {
		t.Errorf("got %+v", f)
	}
}

// Of three clocks the one in the middle counts, so that one that is wrong
// accuses nobody else.
func TestOurClock(t *testing.T) {
	for _, tt := range []struct {
		ahead []time.Duration
		level destination.Level
		want  string
	}{
		{nil, destination.Good, ""},
		{[]time.Duration{time.Second, 9 * time.Hour, -time.Second}, destination.Good, "agrees"},
		{[]time.Duration{42 * time.Second}, destination.Warning, "42s behind a's"},
		{[]time.Duration{-42 * time.Second}, destination.Warning, "42s ahead of a's"},
		{[]time.Duration{time.Hour}, destination.Problem, "signatures"},
	} {
		var clocks []Clock
		for i, d := range tt.ahead {
			clocks = append(clocks, Clock{string(rune('a' + i)), d})
		}
		if f := OurClock(clocks); f.Level != tt.level || !strings.Contains(f.Text, tt.want) || (f.Text == "") != (tt.want == "") {
			t.Errorf("%v: got %+v, want %q", tt.ahead, f, tt.want)
		}
	}
}
