package hightouch

import (
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

const key = "write-key-1234"

func TestDestination(t *testing.T) {
	r := trackingtest.New(t, nil)
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{WriteKey: key, Endpoint: r.URL} },
		Received: func(*testing.T) []string { return r.Calls() },
	})
}

func TestAnswers(t *testing.T) { trackingtest.Undocumented(t, openAt) }

func TestRequest(t *testing.T) {
	r := trackingtest.New(t, nil)
	d, err := Open(Settings{WriteKey: key, Endpoint: r.URL + "/v1"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if err := d.Send(t.Context(), trackingtest.Attempt("a")); err != nil {
		t.Fatal(err)
	}
	q := r.Requests()[0]
	if user, pass, _ := (&http.Request{Header: q.Header}).BasicAuth(); user != key || pass != "" || q.Path != "/v1/batch" {
		t.Errorf("got %s, or another key", q.Path)
	}
	if want := `"originalTimestamp":"2026-03-02T09:00:00.000Z"`; !strings.Contains(q.Calls[0], want) {
		t.Errorf("got %s, want %s in it", q.Calls[0], want)
	}
}

func TestSettings(t *testing.T) {
	if got := Type().Settings().(*Settings).Endpoint; !strings.HasPrefix(got, "https://") {
		t.Errorf("got the endpoint %q, want its own", got)
	}
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"write_key":        {Endpoint: "https://example.com"},
		"endpoint: is emp": {WriteKey: key},
		"endpoint: write":  {WriteKey: key, Endpoint: "example.com"},
	})
}
