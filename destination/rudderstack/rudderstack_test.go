package rudderstack

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

const key = "write-key-1234"

func TestDestination(t *testing.T) {
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) { io.WriteString(w, "OK") })
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{WriteKey: key, Endpoint: r.URL} },
		Received: func(*testing.T) (calls []string) {
			for _, c := range r.Calls() {
				calls = append(calls, strings.Replace(c, `,"channel":"server"`, "", 1))
			}
			return calls
		},
	})
}

// Each line of the errors of RudderStack's gateway.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status             int
		header, says, want string
	}{
		{200, "", "OK", "ok"},
		{400, "", "invalid json", "refusal"},
		{400, "", "empty batch payload", "refusal"},
		{400, "", "request neither has anonymousId nor userId", "refusal"},
		{401, "", "failed to read writekey from header", "pause"},
		{401, "", "invalid write key", "pause"},
		{404, "", "source is disabled", "pause"},
		{413, "", "request size exceeds max limit", "refusal"},
		{451, "", "", "pause"},
		{429, "", "max requests limit reached", "again"},
		{429, "Retry-After: 7", "too many requests", "wait 7s"},
		{429, "Retry-After: soon", "too many requests", "again"},
		{500, "", "internal server error", "again"},
		{502, "", "bad gateway", "again"},
		{503, "Retry-After: 7", "service unavailable", "wait 7s"},
		{503, "", "service unavailable", "again"},
		{504, "", "gateway timeout", "again"},
	} {
		r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) {
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				w.Header().Set(name, value)
			}
			w.WriteHeader(tt.status)
			io.WriteString(w, tt.says)
		})
		d, err := Open(Settings{WriteKey: key, Endpoint: r.URL})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Send(t.Context(), trackingtest.Attempt("a", "b"))
		if got := trackingtest.Class(err); got != tt.want || tt.want == "pause" && !strings.Contains(err.Error(), "in RudderStack") {
			t.Errorf("%d %s: got %v, want %s", tt.status, tt.says, err, tt.want)
		}
		d.Close()
	}
}

// A call looks as RudderStack's SDKs send it, and nothing that counts stands
// beside the calls only.
func TestRequest(t *testing.T) {
	r := trackingtest.New(t, nil)
	d, err := Open(Settings{WriteKey: key, Endpoint: r.URL + "/"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	a := trackingtest.Attempt("a", "b")
	text := string(a.Calls[1].JSON)
	text = strings.Replace(text, `"type":"track"`, `"type":"track","receivedAt":"2020-01-01T00:00:00Z","channel":"mobile"`, 1)
	a.Calls[1].JSON = []byte(strings.Replace(text, `"hello"`, `"2024-05-01"`, 1))
	if err := d.Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	q := r.Requests()[0]
	if user, pass, _ := (&http.Request{Header: q.Header}).BasicAuth(); user != key || pass != "" || q.Path != "/v1/batch" {
		t.Errorf("got %s, or another key", q.Path)
	}
	for want, call := range map[string]int{
		`,"originalTimestamp":"2026-03-02T09:00:00.000Z","channel":"server"}`: 0,
		`"type":"track","channel":"mobile","event"`:                           1,
		`"message_body":" 2024-05-01"`:                                        1,
	} {
		if !strings.Contains(q.Calls[call], want) {
			t.Errorf("got %s, want %s in it", q.Calls[call], want)
		}
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"write_key":         {Endpoint: "https://example.com"},
		"endpoint: is miss": {WriteKey: key},
		"endpoint: write":   {WriteKey: key, Endpoint: "example.com"},
	})
}
