package mixpanel

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

const (
	token = "token-1234"
	took  = `{"code":200,"num_records_imported":12,"status":"OK"}`
)

func open(t *testing.T, url string) *tracking.Destination {
	t.Helper()
	d, err := Open(Settings{ProjectToken: token, Region: "us", Endpoint: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func openAt(url string) (destination.Destination, error) {
	return Open(Settings{ProjectToken: token, Region: "us", Endpoint: url})
}

func TestDestination(t *testing.T) {
	ids := map[string]string{}
	for a := range 5 {
		for n := range a*a + 1 {
			id := fmt.Sprintf("%d.%d", a, n)
			ids[tracking.UUID(id)] = id
		}
	}
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) { io.WriteString(w, took) })
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{ProjectToken: token, Region: "eu", Endpoint: r.URL} },
		Received: func(t *testing.T) (calls []string) {
			for _, got := range r.Calls() {
				var e struct {
					Event      json.RawMessage
					Properties struct {
						ID   string          `json:"$insert_id"`
						User json.RawMessage `json:"$user_id"`
					}
				}
				if err := json.Unmarshal([]byte(got), &e); err != nil {
					t.Fatal(err)
				}
				id := ids[e.Properties.ID]
				calls = append(calls, fmt.Sprintf(`{"type":"track","userId":%s,"event":%s,"messageId":%q,"sentAt":"2026-03-02T09:00:0%cZ"}`, e.Properties.User, e.Event, id, id[0]))
			}
			return calls
		},
	})
}

func TestFaults(t *testing.T) {
	destinationtest.TestFaults(t, destinationtest.HTTPHarness{
		Open:      openAt,
		Secret:    token,
		Answer:    took,
		Tells:     true,
		ErrorBody: `{"error":"data, missing or empty","status":0}`,
		Means:     "refusal",
	})
}

// failed is Mixpanel's answer to a batch of which it took some.
func failed(imported int, ids ...string) string {
	var records []string
	for i, id := range ids {
		records = append(records, fmt.Sprintf(`{"index":%d,"insert_id":%q,"field":"properties.time","message":"'properties.time' is invalid: must be specified as seconds since epoch"}`, i, id))
	}
	return fmt.Sprintf(`{"code":400,"error":"some data points in the request failed validation","status":"Bad Request","num_records_imported":%d,"failed_records":[%s]}`, imported, strings.Join(records, ","))
}

// Each line of Mixpanel's table of answers, with its words. again is how many
// calls the next attempt has.
func TestAnswers(t *testing.T) {
	a, b := tracking.UUID("a"), tracking.UUID("b")
	for _, tt := range []struct {
		status     int
		says, want string
		again      int
	}{
		{200, `{"code":200,"num_records_imported":2,"status":"OK"}`, "ok", 2},
		{200, `{"error":null,"status":1}`, "ok", 2},
		{200, `{"error":"$distinct_id, missing or empty","status":0}`, "refusal", 2},
		{200, "", "again", 2},
		{200, "<html>welcome to the hotel</html>", "again", 2},
		{400, failed(1, b), "refusal", 1},
		{400, failed(0, a, b), "refusal", 2},
		{400, failed(1, "z"), "refusal", 2},
		{400, failed(0, b), "refusal", 2}, // one more is not there
		{400, `{"code":400,"error":"request body is not valid JSON","status":"Bad Request"}`, "refusal", 2},
		{401, `{"code":401,"error":"Invalid credentials of token-1234","status":"Unauthorized"}`, "pause", 2},
		{403, `{"error":"forbidden","status":"error"}`, "pause", 2},
		{413, `{"code":413,"error":"request exceeds max limit of 2097152 bytes","status":"Request Entity Too Large"}`, "refusal", 2},
		{429, `{"code":429,"error":"Project exceeded rate limits. Please retry the request with exponential backoff.","status":"Too Many Requests"}`, "again", 2},
		{500, "", "again", 2},
		{502, "", "again", 2},
		{503, "", "again", 2},
	} {
		again, err := trackingtest.Answered(t, openAt, tt.status, tt.says)
		if got := trackingtest.Class(err); got != tt.want || again != tt.again || err != nil && strings.Contains(err.Error(), token) {
			t.Errorf("%d %s: got %s (%v) and %d calls again, want %s and %d", tt.status, tt.says, got, err, again, tt.want, tt.again)
		}
	}
}

// send sends calls of which none is refused.
func send(t *testing.T, d *tracking.Destination, calls ...string) {
	t.Helper()
	var a destination.Attempt
	for _, call := range calls {
		a.Calls = append(a.Calls, destination.Call{JSON: []byte(call)})
	}
	if err := d.Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
}

// What becomes of each call, to the byte.
func TestRequest(t *testing.T) {
	const (
		id   = "6f2a7c1e-0000-8000-8000-000000000001"
		tail = `"time":1772442000000,"distinct_id":"u","$user_id":"u","$device_id":"v","$insert_id":"` + id + `","mp_lib":"parlance"`
		who  = `"userId":"u","anonymousId":"v","messageId":"` + id + `","timestamp":"2026-03-02T09:00:00.000Z"`
	)
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) { io.WriteString(w, took) })
	send(t, open(t, r.URL),
		`{`+who+`,"type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"17"},"context":{"ip":"192.0.2.7"},"sentAt":"x"}`,
		`{`+who+`,"type":"page","name":"Home","properties":{"url":"https://example.com/"}}`,
		`{`+who+`,"type":"screen","name":"Home"}`,
		`{`+who+`,"type":"identify","traits":{"email":"a@example.com","plan":"pro"}}`,
		`{"type":"identify","anonymousId":"v","traits":{"name":"A"},"messageId":"`+id+`"}`,
		`{"type":"identify","userId":"u","messageId":"`+id+`"}`,
	)
	if got := len(r.Requests()); got != 2 {
		t.Fatalf("got %d requests, want one for events and one for profiles", got)
	}
	events, profiles := r.Requests()[0], r.Requests()[1]
	if user, _, _ := (&http.Request{Header: events.Header}).BasicAuth(); user != token || events.Path != "/import" || events.Query.Encode() != "strict=1" {
		t.Errorf("got %s %v, or another token", events.Path, events.Query)
	}
	if profiles.Path != "/engage" || profiles.Query.Encode() != "ip=0&strict=1&verbose=1" || profiles.Header.Get("Content-Encoding") != "" {
		t.Errorf("got %s %v %v", profiles.Path, profiles.Query, profiles.Header)
	}
	want := []string{
		`{"event":"Live Chat Message Sent","properties":{"conversation_id":"17",` + tail + `,"ip":"192.0.2.7"}}`,
		`{"event":"Loaded a Page","properties":{"url":"https://example.com/","name":"Home","$current_url":"https://example.com/",` + tail + `}}`,
		`{"event":"Loaded a Screen","properties":{"name":"Home",` + tail + `}}`,
		`{"event":"$identify","properties":{"$identified_id":"u","$anon_id":"v",` + tail + `}}`,
		`{"$token":"` + token + `","$distinct_id":"u","$set":{"$email":"a@example.com","plan":"pro"}}`,
		`{"$token":"` + token + `","$distinct_id":"$device:v","$set":{"$name":"A"}}`,
	}
	if got := r.Calls(); !slices.Equal(got, want) {
		t.Errorf("got\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Mixpanel has what it did not refuse, and gets it once.
func TestPartialFailure(t *testing.T) {
	s := newStandIn(t)
	d := open(t, s.url)
	a := trackingtest.Attempt("a", "b", "c")
	for i, body := range []string{"one", "two", "three"} {
		a.Calls[i].JSON = []byte(strings.Replace(string(a.Calls[i].JSON), `"hello"`, `"`+body+`"`, 1))
	}
	a.Calls[1].JSON = []byte(strings.Replace(string(a.Calls[1].JSON), `"u-1"`, `"undefined"`, 1))
	for range 2 {
		if got := trackingtest.Class(d.Send(t.Context(), a)); got != "refusal" {
			t.Errorf("got %s, want a refusal", got)
		}
	}
	if got := s.bodies(); !slices.Equal(got, []string{"one", "three"}) || !slices.Equal(s.imports, []int{3, 1}) {
		t.Errorf("got %v in requests of %v, want one and three, and only the other again", got, s.imports)
	}
	a.Calls = []destination.Call{{MessageID: "g", JSON: []byte(`{"type":"group","userId":"u","messageId":"g"}`)}}
	if got := trackingtest.Class(d.Send(t.Context(), a)); got != "refusal" || len(s.imports) != 2 {
		t.Errorf("got %s for a group call, want a refusal without a request", got)
	}
	send(t, d, `{"type":"identify","userId":"u","anonymousId":"v","traits":{"plan":"pro"},"messageId":"i","timestamp":"2026-03-02T09:00:00.000Z"}`)
	if len(s.profiles) != 1 || len(s.events) != 3 {
		t.Errorf("got %d profiles and %d events", len(s.profiles), len(s.events))
	}
}

// The token can be asked about without an event.
func TestExamine(t *testing.T) {
	s := newStandIn(t)
	d := open(t, s.url)
	if found := d.Examine(t.Context()); len(found) != 1 || found[0].Level != destination.Good {
		t.Errorf("got %+v, want all well", found)
	}
	d, err := Open(Settings{ProjectToken: "other-5678", Region: "us", Endpoint: s.url})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	found := d.Examine(t.Context())
	if len(found) != 1 || found[0].Level != destination.Problem || !strings.Contains(found[0].Do, "project_token") || len(s.events) > 0 {
		t.Errorf("got %+v, want that the token is wrong", found)
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"project_token: is": {Region: "us"},
		"region: ":          {ProjectToken: token, Region: "uk"},
		"endpoint: write ":  {ProjectToken: token, Region: "in", Endpoint: "example.com"},
	})
}
