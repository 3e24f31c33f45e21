package gateway

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/deliver"
)

// The second of the Segment family in a workspace has messageIds of its own.
func TestSalt(t *testing.T) {
	c := parse(t, `
destinations:
  log: {type: file, path: a}
  eu: {type: segment, write_key: a, region: eu}
  us: {type: segment, write_key: b}
  archive: {type: file, path: b}
workspaces:
  acme: {destinations: {us: {type: segment, write_key: b}}}
`)
	var got []string
	for _, d := range resolve(t, c).Destinations {
		got = append(got, d.Name+"="+d.Policy.Salt)
	}
	if want := "log= eu= us=us archive= us="; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A platform that takes Sent and Received to be the company's gets them so,
// whatever the workspace says, unless the destination itself says something.
func TestPerspectiveOfThePlatform(t *testing.T) {
	c := parse(t, `
perspective: customer
destinations:
  a: {type: customerio, write_key: a}
  b: {type: customerio, write_key: b, perspective: customer, message_body: omit}
  c: {type: segment, write_key: c}
`)
	var got []string
	for _, d := range resolve(t, c).Destinations {
		got = append(got, string(d.Policy.Perspective)+" "+string(d.Policy.MessageBody))
	}
	if want := []string{"company ", "customer omit", "customer "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Two destinations that write to one file would write over each other.
func TestSameFileTwice(t *testing.T) {
	_, err := Parse([]byte("destinations: {log: {type: file, path: ./a}}\nworkspaces: {acme: {destinations: {log: {type: file, path: a}}}}\n"), "parlance.yaml", env)
	if want := "parlance.yaml:2:36: workspaces.acme.destinations.log: writes to the same place as destinations.log"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Declared first is first, whatever the names are.
func TestOrder(t *testing.T) {
	names := strings.Fields("z y x m n o a c b 1 0")
	yaml := "destinations:\n"
	for _, n := range names {
		yaml += "  " + n + ": {type: file, path: " + n + "}\n"
	}
	var got []string
	for _, d := range resolve(t, parse(t, yaml)).Destinations {
		got = append(got, d.Name)
	}
	if !reflect.DeepEqual(got, names) {
		t.Errorf("got %v, want %v", got, names)
	}
}

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
