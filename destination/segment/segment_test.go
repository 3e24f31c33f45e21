package segment

import (
	"context"
	"encoding/json"
	"errors"
	"io"
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
		{200, "", "ok"}, {202, "", "ok"},
		{429, "Retry-After: 7", "wait 7s"}, {503, "Retry-After: 100000", "wait 5m0s"}, {529, "Retry-After: 1", "wait 1s"},
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
	d, err := Open(Settings{WriteKey: key, Region: "us", Endpoint: "http://" + key + "@127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	err = d.Send(context.Background(), destination.Attempt{})
	if class(err) != "again" || strings.Contains(err.Error(), key) {
		t.Errorf("got %s, or an error with the key in it", class(err))
	}
}

func TestSettings(t *testing.T) {
	for want, s := range map[string]Settings{
		"write_key": {Region: "us"},
		"region":    {WriteKey: key, Region: "uk"},
		"endpoint":  {WriteKey: key, Region: "eu", Endpoint: "example.com"},
	} {
		if _, err := Open(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one that names %s", err, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("7", "")
	f.Add("Mon, 02 Mar 2026 09:00:00 GMT", "1772442000")
	f.Add("-1", "99999999999999999")
	f.Fuzz(func(t *testing.T, after, reset string) {
		wait, _ := retryAfter(http.Header{"Retry-After": {after}, "X-Ratelimit-Reset": {reset}}, time.Unix(1772441000, 0))
		if wait < 0 || wait > maxWait {
			t.Errorf("got %v, want 0 to %v", wait, maxWait)
		}
	})
}
