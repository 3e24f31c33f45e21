package gateway

import (
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/deliver"
)

func parsePace(t *testing.T, keys string) (*Config, error) {
	t.Helper()
	text := "data: " + t.TempDir() + "\ndestinations:\n  d: {type: segment, write_key: k, " + keys + "}\n"
	return Parse([]byte(text), "c.yaml", func(string) (string, bool) { return "", false })
}

func TestPace(t *testing.T) {
	c, err := parsePace(t, "in_flight: 7, batch: {calls: 50, bytes: 100000, age: 2s}, rate_limit: {events: 0.5, requests: 10}")
	if err != nil {
		t.Fatal(err)
	}
	r, err := c.Resolve()
	if err != nil {
		t.Fatal(err)
	}
	want := deliver.Pace{InFlight: 7, Calls: 50, Bytes: 100_000, Age: 2 * time.Second, Events: 0.5, Requests: 10}
	if got := r.Destinations[0].Pace; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWrongPace(t *testing.T) {
	for keys, want := range map[string]string{
		"in_flight: 65":               "in_flight: must be 1 to 64",
		"in_flight: -1":               "in_flight: must be 1 to 64",
		"batch: {calls: -1}":          "batch.calls: is negative",
		"batch: {bytes: -1}":          "batch.bytes: is negative",
		"batch: {age: -1s}":           "batch.age: must be a duration",
		"rate_limit: {events: -0.5}":  "rate_limit.events: is negative",
		"rate_limit: {requests: -1}":  "rate_limit.requests: is negative",
		"rate_limit: {requests: few}": "rate_limit.requests: must be a number",
		"rate_limit: 10":              "rate_limit: must be a mapping",
	} {
		if _, err := parsePace(t, keys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", keys, err, want)
		}
	}
}

// What is more than the destination takes is told where it stands, before
// anything starts.
func TestPaceBeyondDestination(t *testing.T) {
	for keys, want := range map[string]string{
		"type: segment, write_key: k, batch: {calls: 1001}":                "c.yaml:2:44: destinations.d.batch.calls: 1001 is more than the destination takes, which is 1000",
		"type: segment, write_key: k, batch: {bytes: 1000000}":             "destinations.d.batch.bytes: 1000000 is more than the destination takes, which is 475000",
		"type: file, path: a, in_flight: 2":                                "c.yaml:2:28: destinations.d.in_flight: 2 is too many",
		"type: stdout, in_flight: 2":                                       "destinations.d.in_flight: 2 is too many",
		"type: segment, write_key: k, in_flight: 64, batch: {calls: 1000}": "",
		"type: file, path: a, in_flight: 1, batch: {calls: 5, age: 1s}":    "",
		"type: segment, in_flight: 2":                                      "be used:\nc.yaml:2:3: destinations.d.write_key: is missing; copy it from the source's API keys in Segment",
	} {
		_, err := Parse([]byte("destinations:\n  d: {"+keys+"}\n"), "c.yaml", env)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", keys, err, want)
		}
	}
}

// A filter that names what cannot be would hold everything back, or nothing.
func TestFilterNames(t *testing.T) {
	const chats, tracking = "a: {type: api, token: x}", "b: {type: tracking, write_key: x}"
	for _, tt := range []struct{ sources, filter, want string }{
		{chats, "only: {sources: [a], events: [Started, Live Chat Message Sent, identify]}", ""},
		{chats, "only: {sources: [b]}", `only.sources[0]: is no source of this workspace; did you mean "a"?`},
		{chats, "except: {events: [Ended, ended]}", `except.events[1]: is no event of these sources; there are Started, Sent, Received, Ended and identify; did you mean "Ended"?`},
		{chats + ", " + tracking, "only: {sources: [b], events: [Order Completed]}", ""},
	} {
		_, err := Parse([]byte("sources: {"+tt.sources+"}\ndestinations:\n  d: {type: file, path: a, "+tt.filter+"}\n"), "c.yaml", env)
		if (err == nil) != (tt.want == "") || err != nil && !strings.HasSuffix(err.Error(), "destinations.d."+tt.want) {
			t.Errorf("%s: got %v, want %q", tt.filter, err, tt.want)
		}
	}
}
