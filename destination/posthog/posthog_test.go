package posthog

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

const key = "phc_key-1234"

func answer(says string) func(http.ResponseWriter, trackingtest.Request) {
	return func(w http.ResponseWriter, _ trackingtest.Request) { io.WriteString(w, says) }
}

func openAt(url string) (destination.Destination, error) {
	return Open(Settings{ProjectKey: key, Region: "us", Endpoint: url})
}

func TestDestination(t *testing.T) {
	ids := map[string]string{}
	for a := range 5 {
		for n := range a*a + 1 {
			id := fmt.Sprintf("%d.%d", a, n)
			ids[tracking.UUID(id)] = id
		}
	}
	r := trackingtest.New(t, answer(`{"status":1}`))
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{ProjectKey: key, Region: "eu", Endpoint: r.URL} },
		Received: func(t *testing.T) (calls []string) {
			for _, got := range r.Calls() {
				var e struct {
					Event, Distinct json.RawMessage
					UUID            string
				}
				if err := json.Unmarshal([]byte(strings.Replace(got, "distinct_id", "distinct", 1)), &e); err != nil {
					t.Fatal(err)
				}
				id := ids[e.UUID]
				calls = append(calls, fmt.Sprintf(`{"type":"track","userId":%s,"event":%s,"messageId":%q,"sentAt":"2026-03-02T09:00:0%cZ"}`, e.Distinct, e.Event, id, id[0]))
			}
			return calls
		},
	})
}

func TestFaults(t *testing.T) {
	destinationtest.TestFaults(t, destinationtest.HTTPHarness{
		Open:      openAt,
		Secret:    key,
		Answer:    `{"status":1}`,
		Tells:     true,
		ErrorBody: `{"status":1,"quota_limited":["events"]}`,
		Means:     "pause",
	})
}

// What PostHog's capture service says, with its words.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status     int
		says, want string
	}{
		{200, `{"status":1}`, "ok"},
		{200, `{"status":"Ok"}`, "ok"},
		{200, `{"status":1,"quota_limited":["recordings"]}`, "ok"},
		{200, `{"status":1,"quota_limited":["events"]}`, "pause"},
		{200, "", "again"},
		{400, "event submitted without a distinct_id", "refusal"},
		{400, "maximum event size exceeded", "refusal"},
		{401, "API key is not valid: " + key, "pause"},
		{429, "rate limited", "again"},
		{503, "transient error, please retry", "again"},
	} {
		_, err := trackingtest.Answered(t, openAt, tt.status, tt.says)
		if got := trackingtest.Class(err); got != tt.want || err != nil && strings.Contains(err.Error(), key) {
			t.Errorf("%d %s: got %s, or the key in the error, want %s", tt.status, tt.says, got, tt.want)
		}
	}
}

func TestRequest(t *testing.T) {
	const id = "6f2a7c1e-0000-8000-8000-000000000001"
	r := trackingtest.New(t, answer(`{"status":1}`))
	d, err := Open(Settings{ProjectKey: key, Region: "us", Endpoint: r.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var a destination.Attempt
	for _, call := range []string{
		`{"userId":"u","anonymousId":"v","type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"17"},"messageId":"` + id + `","timestamp":"2026-03-02T09:00:00.000Z","context":{"ip":"192.0.2.7"},"sentAt":"x"}`,
		`{"type":"identify","userId":"u","anonymousId":"v","traits":{"email":"a@example.com"},"messageId":"` + id + `","timestamp":"2026-03-02T09:00:00.000Z"}`,
		`{"type":"track","anonymousId":"v","event":"Order","messageId":"` + id + `"}`,
	} {
		a.Calls = append(a.Calls, destination.Call{JSON: []byte(call)})
	}
	if err := d.Send(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	q := r.Requests()[0]
	if q.Path != "/batch/" || string(q.Envelope["api_key"]) != `"`+key+`"` || q.Header.Get("Authorization") != "" {
		t.Errorf("got %s, another key, or one in Authorization", q.Path)
	}
	for i, want := range []string{
		`{"event":"Live Chat Message Sent","properties":{"conversation_id":"17","$lib":"parlance","$ip":"192.0.2.7"},"timestamp":"2026-03-02T09:00:00.000Z","distinct_id":"u","uuid":"` + id + `"}`,
		`{"timestamp":"2026-03-02T09:00:00.000Z","properties":{"$lib":"parlance","$geoip_disable":true,"$set":{"email":"a@example.com"},"$anon_distinct_id":"v"},"event":"$identify","distinct_id":"u","uuid":"` + id + `"}`,
		`{"event":"Order","properties":{"$lib":"parlance","$geoip_disable":true},"distinct_id":"v","uuid":"` + id + `"}`,
	} {
		if got := q.Calls[i]; got != want {
			t.Errorf("got\n%s, want\n%s", got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"project_key: is":  {Region: "us"},
		"region: ":         {ProjectKey: key, Region: "uk"},
		"endpoint: write ": {ProjectKey: key, Region: "eu", Endpoint: "example.com"},
	})
}
