package customerio

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

const key = "api-key-1234"

func TestDestination(t *testing.T) {
	r := trackingtest.New(t, nil)
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{WriteKey: key, Region: "eu", Endpoint: r.URL} },
		Received: func(*testing.T) []string { return r.Calls() },
	})
}

// What its documentation says of strict mode, and the statuses that go without
// saying.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status       int
		header, want string
	}{
		{200, "", "ok"}, {400, "", "refusal"}, {401, "", "pause"}, {413, "", "refusal"},
		{429, "", "again"}, {429, "Retry-After: 3", "wait 3s"}, {500, "", "again"}, {503, "", "again"},
	} {
		r := trackingtest.New(t, func(w http.ResponseWriter, q trackingtest.Request) {
			if name, value, ok := strings.Cut(tt.header, ": "); ok {
				w.Header().Set(name, value)
			}
			// In its permissive mode it answers 200, whatever is wrong.
			if q.Header.Get("X-Strict-Mode") == "1" {
				w.WriteHeader(tt.status)
			}
			io.WriteString(w, `{"error":"said"}`)
		})
		d, err := Open(Settings{WriteKey: key, Region: "us", Endpoint: r.URL})
		if err != nil {
			t.Fatal(err)
		}
		err = d.Send(t.Context(), trackingtest.Attempt("a", "b"))
		if got := trackingtest.Class(err); got != tt.want || tt.want == "pause" && !strings.Contains(err.Error(), "region") {
			t.Errorf("%d %s: got %v, want %s", tt.status, tt.header, err, tt.want)
		}
		d.Close()
	}
}

// One context stands for a whole request, so that of another call's goes in
// another request; and it stands beside the calls.
func TestContext(t *testing.T) {
	r := trackingtest.New(t, nil)
	d, err := Open(Settings{WriteKey: key, Region: "us", Endpoint: r.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	a := trackingtest.Attempt("a", "b", "c")
	a.Calls[2].JSON = []byte(strings.Replace(string(a.Calls[2].JSON), `"support"`, `"sales"`, 1))
	if err := d.Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	got := r.Requests()
	if len(got) != 2 || len(got[0].Calls) != 2 || string(got[0].Envelope["context"]) != `{"live_chat":{"source":"support"}}` ||
		string(got[1].Envelope["context"]) != `{"live_chat":{"source":"sales"}}` {
		t.Errorf("got %+v", got)
	}
}

// Sent and Received are told from the company's side, as it documents them.
func TestPerspective(t *testing.T) {
	if got := Type().Perspective; got != "company" {
		t.Errorf("got %q, want company", got)
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"write_key":       {Region: "us"},
		"region":          {WriteKey: key, Region: "uk"},
		"endpoint: write": {WriteKey: key, Region: "us", Endpoint: "example.com"},
	})
}
