package amplitude

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
	key  = "key-1234"
	took = `{"code":200,"events_ingested":12,"payload_size_bytes":50,"server_upload_time":1396381378123}`
)

func open(t *testing.T, url string) *tracking.Destination {
	t.Helper()
	d, err := Open(Settings{APIKey: key, Region: "us", Endpoint: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func openAt(url string) (destination.Destination, error) {
	return Open(Settings{APIKey: key, Region: "us", Endpoint: url})
}

func TestDestination(t *testing.T) {
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) { io.WriteString(w, took) })
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{APIKey: key, Region: "eu", Endpoint: r.URL} },
		Received: func(t *testing.T) (calls []string) {
			for _, got := range r.Calls() {
				var e struct {
					Event json.RawMessage `json:"event_type"`
					User  json.RawMessage `json:"user_id"`
					ID    string          `json:"insert_id"`
				}
				if err := json.Unmarshal([]byte(got), &e); err != nil {
					t.Fatal(err)
				}
				calls = append(calls, fmt.Sprintf(`{"type":"track","userId":%s,"event":%s,"messageId":%q,"sentAt":"2026-03-02T09:00:0%cZ"}`, e.User, e.Event, e.ID, e.ID[0]))
			}
			return calls
		},
	})
}

func TestFaults(t *testing.T) {
	destinationtest.TestFaults(t, destinationtest.HTTPHarness{
		Open:      openAt,
		Secret:    key,
		Answer:    took,
		Tells:     true,
		ErrorBody: `{"code":503,"error":"not now"}`,
		Means:     "again",
	})
}

// Each line of Amplitude's table of answers, with its words. No error tells who
// the user is.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status     int
		says, want string
	}{
		{200, took, "ok"},
		{200, "", "again"},
		{200, "<html>welcome to the hotel</html>", "again"},
		{400, `{"code":400,"error":"Invalid request path"}`, "pause"},
		{400, `{"code":400,"error":"Missing request body"}`, "refusal"},
		{400, `{"code":400,"error":"Invalid JSON request body"}`, "refusal"},
		{400, `{"code":400,"error":"Invalid event JSON"}`, "refusal"},
		{400, `{"code":400,"error":"Invalid API key: key-1234"}`, "pause"},
		{400, `{"code":400,"error":"Request missing required field","missing_field":"api_key"}`, "pause"},
		{400, `{"code":400,"error":"Request missing required field","missing_field":"events"}`, "refusal"},
		{400, `{"code":400,"error":"Request missing required field","events_with_missing_fields":{"event_type":[3,4,7]}}`, "refusal"},
		{400, `{"code":400,"error":"Invalid field values on some events","events_with_invalid_fields":{"time":[3,4,7]}}`, "refusal"},
		{400, `{"code":400,"error":"Invalid id length for user_id or device_id","events_with_invalid_id_lengths":{"user_id":[0]}}`, "refusal"},
		{400, `{"code":400,"error":"Invalid request","silenced_devices":["ann@example.com"],"silenced_events":[0]}`, "refusal"},
		{400, "<html>", "refusal"},
		{413, `{"code":413,"error":"Payload too large"}`, "refusal"},
		{429, `{"code":429,"error":"Too many requests for some devices and users","eps_threshold":30,"throttled_devices":{},"throttled_users":{"ann@example.com":32},"throttled_events":[0,1]}`, "wait 30s"},
		{429, `{"code":429,"error":"Too many requests for some devices and users","exceeded_daily_quota_users":{"ann@example.com":500001}}`, "refusal"},
		{429, `{"code":429,"error":"Too many requests"}`, "again"},
		{500, "", "again"},
		{502, "", "again"},
		{503, "", "again"},
		{504, "", "again"},
	} {
		again, err := trackingtest.Answered(t, openAt, tt.status, tt.says)
		if got := trackingtest.Class(err); got != tt.want || again != 2 || err != nil && (strings.Contains(err.Error(), key) || strings.Contains(err.Error(), "ann@")) {
			t.Errorf("%d %s: got %s (%v) and %d calls again, want %s and both", tt.status, tt.says, got, err, again, tt.want)
		}
	}
}

// What becomes of each call, to the byte.
func TestRequest(t *testing.T) {
	const who = `"userId":"u","anonymousId":"v","messageId":"m","timestamp":"2026-03-02T09:00:00.000Z"`
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) { io.WriteString(w, took) })
	var a destination.Attempt
	for _, call := range []string{
		`{` + who + `,"type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"17"},"context":{"ip":"192.0.2.7"},"sentAt":"x"}`,
		`{` + who + `,"type":"page","name":"Home","properties":{"url":"https://example.com/"}}`,
		`{` + who + `,"type":"screen","name":"Home"}`,
		`{` + who + `,"type":"identify","traits":{"email":"a@example.com"}}`,
		`{"type":"track","event":"Order","anonymousId":"v","messageId":"m","timestamp":"2026-03-02T09:00:00.000Z"}`,
	} {
		a.Calls = append(a.Calls, destination.Call{JSON: []byte(call)})
	}
	if err := open(t, r.URL).Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	q := r.Requests()[0]
	if q.Path != "/2/httpapi" || string(q.Envelope["api_key"]) != `"`+key+`"` || string(q.Envelope["options"]) != `{"min_id_length":1}` || len(q.Envelope) != 2 || q.Header.Get("Authorization") != "" {
		t.Errorf("got %s with %v, another key, or one in Authorization", q.Path, q.Envelope["options"])
	}
	const ids = `"user_id":"u","device_id":"v","time":1772442000000,"insert_id":"m","event_properties":`
	want := []string{
		`{"event_type":"Live Chat Message Sent",` + ids + `{"conversation_id":"17"},"ip":"192.0.2.7","library":"parlance"}`,
		`{"event_type":"Loaded a Page",` + ids + `{"url":"https://example.com/","name":"Home"},"library":"parlance"}`,
		`{"event_type":"Loaded a Screen",` + ids + `{"name":"Home"},"library":"parlance"}`,
		`{"event_type":"$identify","user_properties":{"$set":{"email":"a@example.com"}},` + ids + `{},"library":"parlance"}`,
		`{"event_type":"Order","device_id":"v","time":1772442000000,"insert_id":"m","event_properties":{},"library":"parlance"}`,
	}
	if !slices.Equal(q.Calls, want) {
		t.Errorf("got\n%s, want\n%s", strings.Join(q.Calls, "\n"), strings.Join(want, "\n"))
	}
}

// A batch is refused as a whole; what comes again is there once.
func TestRefusalAndRepetition(t *testing.T) {
	s := newStandIn(t)
	d := open(t, s.url)
	a := trackingtest.Attempt("a", "b")
	a.Calls[1].JSON = []byte(strings.Replace(string(a.Calls[1].JSON), `"u-1"`, `"unknown"`, 1))
	err := d.Send(t.Context(), a)
	if trackingtest.Class(err) != "refusal" || !strings.Contains(err.Error(), "user_id") || len(s.events) != 0 {
		t.Errorf("got %v and %d events, want a refusal that names the field", err, len(s.events))
	}
	a = trackingtest.Attempt("a", "b")
	a.Calls = append(a.Calls, destination.Call{MessageID: "i", JSON: []byte(`{"type":"identify","userId":"u","messageId":"i","traits":{"plan":"pro"}}`)})
	for range 2 {
		if err := d.Send(t.Context(), a); err != nil {
			t.Error(err)
		}
	}
	if len(s.events) != 3 {
		t.Errorf("got %d events, want each once", len(s.events))
	}
	a.Calls = []destination.Call{{MessageID: "g", JSON: []byte(`{"type":"group","userId":"u","messageId":"g"}`)}}
	if got := trackingtest.Class(d.Send(t.Context(), a)); got != "refusal" {
		t.Errorf("got %s for a group call, want a refusal", got)
	}
}

// The key can be asked about without an event.
func TestExamine(t *testing.T) {
	s := newStandIn(t)
	if found := open(t, s.url).Examine(t.Context()); len(found) != 1 || found[0].Level != destination.Good {
		t.Errorf("got %+v, want all well", found)
	}
	d, err := Open(Settings{APIKey: "other-5678", Region: "us", Endpoint: s.url})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	found := d.Examine(t.Context())
	if len(found) != 1 || found[0].Level != destination.Problem || !strings.Contains(found[0].Do, "api_key") || strings.Contains(found[0].Text, "5678") || len(s.events) > 0 {
		t.Errorf("got %+v, want that the key is wrong", found)
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"api_key: is":      {Region: "us"},
		"region: ":         {APIKey: key, Region: "in"},
		"endpoint: write ": {APIKey: key, Region: "eu", Endpoint: "example.com"},
	})
}
