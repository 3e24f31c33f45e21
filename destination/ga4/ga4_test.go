package ga4

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
	"github.com/parlance-chat/parlance/livechat"
)

const secret = "s3cret-1234"

func open(t *testing.T, url string) *tracking.Destination {
	t.Helper()
	d, err := Open(Settings{MeasurementID: "G-1234567890", APISecret: secret, Region: "global", Endpoint: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func taken(w http.ResponseWriter, _ trackingtest.Request) { w.WriteHeader(http.StatusNoContent) }

func TestDestination(t *testing.T) {
	r := trackingtest.New(t, taken)
	destinationtest.Test(t, destinationtest.Harness{
		Type: Type(),
		Settings: func(*testing.T) any {
			return &Settings{MeasurementID: "G-1234567890", APISecret: secret, Region: "eu", Endpoint: r.URL}
		},
		Received: func(t *testing.T) (calls []string) {
			for _, q := range r.Requests() {
				for _, got := range q.Calls {
					var e struct {
						Name   string
						Params struct {
							ID string `json:"event_id"`
						}
					}
					if err := json.Unmarshal([]byte(got), &e); err != nil || e.Name != "order_é" {
						t.Fatalf("got %s, %v", got, err)
					}
					id := e.Params.ID
					calls = append(calls, fmt.Sprintf(`{"type":"track","userId":%s,"event":"Order \u00e9","messageId":%q,"sentAt":"2026-03-02T09:00:0%cZ"}`, q.Envelope["user_id"], id, id[0]))
				}
			}
			return calls
		},
	})
}

func TestFaults(t *testing.T) {
	destinationtest.TestFaults(t, destinationtest.HTTPHarness{
		Open: func(url string) (destination.Destination, error) {
			return Open(Settings{MeasurementID: "G-1234567890", APISecret: secret, Region: "global", Endpoint: url})
		},
		Secret: secret,
	})
}

// Google documents 2xx alone; what a proxy may say is the matrix's.
func TestAnswers(t *testing.T) {
	for status, want := range map[int]string{200: "ok", 204: "ok", 302: "pause", 403: "pause", 404: "pause", 413: "refusal", 429: "again", 500: "again", 503: "again"} {
		r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) {
			w.Header().Set("Location", "https://example.com/?api_secret="+secret)
			w.WriteHeader(status)
			if status != 204 {
				fmt.Fprint(w, "no to api_secret="+secret)
			}
		})
		a := attempt(`{"type":"track","event":"Order","userId":"u","messageId":"1","timestamp":"` + livechat.FormatTime(time.Now()) + `"}`)
		a.Tell = func(e destination.Exchange) {
			if strings.Contains(fmt.Sprint(e), secret) {
				t.Errorf("%d: the exchange tells the secret", status)
			}
		}
		err := open(t, r.URL).Send(t.Context(), a)
		if got := trackingtest.Class(err); got != want || err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("%d: got %s, or the secret in the error, want %s", status, got, want)
		}
	}
}

// attempt returns an attempt with calls, each of which has its number as
// messageId.
func attempt(calls ...string) (a destination.Attempt) {
	for i, call := range calls {
		a.Calls = append(a.Calls, destination.Call{MessageID: fmt.Sprint(i), JSON: []byte(call)})
	}
	return a
}

// What becomes of each call, to the byte: one request for each run of calls of
// the same person.
func TestRequest(t *testing.T) {
	const who = `"userId":"u","anonymousId":"v","messageId":"m","timestamp":"2026-03-02T09:00:00.000Z"`
	r := trackingtest.New(t, taken)
	d := open(t, r.URL)
	if err := d.Send(t.Context(), attempt(
		`{`+who+`,"type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"17","conversation_duration":3,"message_id":"m1","message_body":"call me at …","agent_id":"9","agent_name":"Ann"},"sentAt":"2026-03-02T09:00:01.000Z"}`,
		`{`+who+`,"type":"page","properties":{"url":"https://example.com/","title":"Home","path":"/"}}`,
		`{`+who+`,"type":"screen","name":"Home"}`,
		`{"type":"track","event":"Order Completed","userId":"u","messageId":"m","timestamp":"2026-03-02T09:00:00.000Z","context":{"ip":"192.0.2.7"}}`,
		`{`+who+`,"type":"identify","traits":{"email":"a@example.com","name":"A","plan":"pro","vip":true}}`,
		`{"type":"identify","anonymousId":"v","messageId":"m","traits":{"email":"a@example.com"}}`,
	)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, q := range r.Requests() {
		if q.Path != "/mp/collect" || q.Query.Encode() != "api_secret="+secret+"&measurement_id=G-1234567890" || q.Header.Get("Authorization") != "" || q.Header.Get("Content-Encoding") != "" {
			t.Errorf("got %s %v %v", q.Path, q.Query, q.Header)
		}
		envelope, err := json.Marshal(q.Envelope)
		if err != nil {
			t.Fatal(err)
		}
		got = append(append(got, string(envelope)), q.Calls...)
	}
	const at = `,"timestamp_micros":1772442000000000`
	want := []string{
		`{"client_id":"v","user_id":"u"}`,
		`{"name":"live_chat_message_sent","params":{"engagement_time_msec":1,"event_id":"m","conversation_id":"17","conversation_duration":3,"message_id":"m1","agent_id":"9"}` + at + `}`,
		`{"name":"page_view","params":{"engagement_time_msec":1,"event_id":"m","path":"/","page_location":"https://example.com/","page_title":"Home"}` + at + `}`,
		`{"name":"screen","params":{"engagement_time_msec":1,"event_id":"m","screen_name":"Home"}` + at + `}`,
		`{"client_id":"` + tracking.UUID("u") + `","ip_override":"192.0.2.7","user_id":"u"}`,
		`{"name":"order_completed","params":{"engagement_time_msec":1,"event_id":"m"}` + at + `}`,
		`{"client_id":"v","user_id":"u","user_properties":{"plan":{"value":"pro"` + at + `},"vip":{"value":"true"` + at + `}}}`,
		`{"name":"identify","params":{"engagement_time_msec":1,"event_id":"m"}` + at + `}`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s, want\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// wild is a call with all that GA4 has a limit for.
func wild() string {
	properties := map[string]any{"a b-c": "x", "é": 1, "_x": 1, "1x": 1, "google_x": 1, "GA_x": 1, "list": []int{1}, "object": map[string]int{"a": 1},
		"none": nil, "empty": "", "yes": true, "pi": 3.14, "long": strings.Repeat("é", 300), strings.Repeat("n", 41): 1}
	traits := map[string]any{"user_id": 1, "plan": strings.Repeat("é", 50), strings.Repeat("n", 25): 1, "firebase_x": 1, "tags": []int{1}}
	for i := range 40 {
		properties[fmt.Sprintf("p%d", i)] = i
		traits[fmt.Sprintf("t%d", i)] = i
	}
	b, _ := json.Marshal(map[string]any{"properties": properties, "traits": traits})
	return strings.TrimPrefix(string(b), "{")
}

// Whatever comes, GA4 has no reason to drop any of what it is sent; and what it
// would drop as a whole, or give another time, is refused.
func TestLimits(t *testing.T) {
	s := newStandIn(t)
	d := open(t, s.url)
	for _, tt := range []struct{ call, want string }{
		{`"type":"track","event":"Order Completed","userId":"u"`, ""},
		{`"type":"page","anonymousId":"v"`, ""},
		{`"type":"screen","userId":"u","name":"Home"`, ""},
		{`"type":"identify","userId":"u"`, ""},
		{`"type":"track","event":"` + strings.Repeat("n", 41) + `","userId":"u"`, "no more than 40"},
		{`"type":"track","event":"1st Order","userId":"u"`, "a letter first"},
		{`"type":"track","event":"Firebase Order","userId":"u"`, "a letter first"},
		{`"type":"track","event":"Session Start","userId":"u"`, "keeps session_start for itself"},
		{`"type":"track","userId":"u"`, "the event's name"},
		{`"type":"track","event":"Order","userId":""`, "neither userId nor anonymousId"},
		{`"type":"track","event":"Order","userId":"` + strings.Repeat("n", 257) + `"`, "256 characters"},
		{`"type":"group","userId":"u"`, "no counterpart"},
	} {
		now := livechat.FormatTime(time.Now())
		call := `{` + tt.call + `,"messageId":"1","timestamp":"` + now + `","sentAt":"` + now + `",` + wild()
		err := d.Send(t.Context(), attempt(call))
		if tt.want == "" && err != nil || tt.want != "" && (trackingtest.Class(err) != "refusal" || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got %v, want %s", tt.call, err, tt.want)
		}
	}
	if len(s.events) != 4 || len(s.dropped) > 0 {
		t.Errorf("got %d events, want 4; dropped: %q", len(s.events), s.dropped)
	}
}

// GA4 goes back 72 hours.
func TestAge(t *testing.T) {
	s := newStandIn(t)
	d := open(t, s.url)
	now := time.Now()
	for age, want := range map[time.Duration]string{0: "ok", 71 * time.Hour: "ok", 72 * time.Hour: "refusal", 1000 * time.Hour: "refusal"} {
		call := fmt.Sprintf(`{"type":"track","event":"Order","userId":"u","messageId":"1","timestamp":%q,"sentAt":%q}`, livechat.FormatTime(now.Add(-age)), livechat.FormatTime(now))
		if got := trackingtest.Class(d.Send(t.Context(), attempt(call))); got != want {
			t.Errorf("%v: got %s, want %s", age, got, want)
		}
	}
	if len(s.events) != 2 || len(s.dropped) > 0 {
		t.Errorf("got %d events, want 2; dropped: %q", len(s.events), s.dropped)
	}
}

// The validation server is asked, and no event sent.
func TestExamine(t *testing.T) {
	s := newStandIn(t)
	found := open(t, s.url).Examine(t.Context())
	if len(found) != 2 || found[0].Level != destination.Good || !strings.Contains(found[1].Do, "--send-test") || len(s.events) > 0 {
		t.Errorf("got %+v, want all well but what Google does not tell", found)
	}
	for _, tt := range []struct {
		status int
		says   string
		level  destination.Level
	}{
		{200, `{"validationMessages":[{"fieldPath":"events","description":"Event at index: [0] has invalid name of ` + secret + `.","validationCode":"NAME_INVALID"}]}`, destination.Problem},
		{404, "no such page", destination.Warning},
		{200, "<html>", destination.Warning},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			fmt.Fprint(w, tt.says)
		}))
		found := open(t, server.URL).Examine(t.Context())
		server.Close()
		if len(found) == 0 || found[0].Level != tt.level || found[0].Do == "" || strings.Contains(fmt.Sprint(found), secret) {
			t.Errorf("%d %s: got %+v, want level %d", tt.status, tt.says, found, tt.level)
		}
	}
	found = open(t, "http://parlance.invalid").Examine(t.Context())
	if len(found) != 1 || found[0].Level != destination.Problem || strings.Contains(fmt.Sprint(found), secret) {
		t.Errorf("got %+v, want that nobody answers", found)
	}
	if at, _ := open(t, s.url).Location(); strings.Contains(at, secret) {
		t.Error("the address tells the secret")
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"measurement_id: must": {MeasurementID: "UA-1234-5", APISecret: secret, Region: "global"},
		"api_secret: is":       {MeasurementID: "G-1234567890", Region: "global"},
		"region: ":             {MeasurementID: "G-1234567890", APISecret: secret, Region: "us"},
		"endpoint: write ":     {MeasurementID: "G-1234567890", APISecret: secret, Region: "eu", Endpoint: "example.com"},
	})
}
