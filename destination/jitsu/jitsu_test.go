package jitsu

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/tracking/trackingtest"
)

const key = "key-7:s3cret"

func TestDestination(t *testing.T) {
	r := trackingtest.New(t, func(w http.ResponseWriter, q trackingtest.Request) {
		fmt.Fprintf(w, `{"ok":true,"receivedEvents":%d,"okEvents":%[1]d}`, len(q.Calls))
	})
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { return &Settings{WriteKey: key, Endpoint: r.URL} },
		Received: func(*testing.T) []string { return r.Calls() },
	})
}

// failed is Jitsu's answer to a batch of two, of which it took okEvents.
func failed(okEvents int, lines ...string) string {
	for i, l := range lines {
		lines[i] = fmt.Sprintf("%q", l)
	}
	return fmt.Sprintf(`{"errors":[%s],"ok":false,"okEvents":%d,"receivedEvents":2}`, strings.Join(lines, ","), okEvents)
}

// Each line of the errors of Jitsu's ingest server, with its words. again is
// how many calls the next attempt has.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct {
		status     int
		says, want string
		again      int
	}{
		{200, `{"ok":true,"receivedEvents":2,"okEvents":2}`, "ok", 2},
		{200, `{"ok":true,"receivedEvents":2,"okEvents":1,"deduplicatedEvents":1,"processedEvents":1}`, "ok", 2},
		{200, failed(1, "Message ID: b: event error: 'event' property is required for 'track' event"), "refusal", 1},
		{200, failed(0, "Message ID: a: event error: Unknown event type: x", "Message ID: b: event error: Unknown event type: x"), "refusal", 2},
		{200, failed(1, "Message ID: a: error# 1x2Y: producer error"), "again", 1},
		{200, failed(0, "Message ID: a: error# 1x2Y: producer error", "Message ID: b: event error: Unknown event type: x"), "again", 2},
		{200, failed(1, "Message ID: a: quota exceeded: billing quota exceeded, event throttled"), "pause", 1},
		{200, failed(0, "Message ID: a: no destinations found for stream: s1", "Message ID: b: no destinations found for stream: s1"), "pause", 2},
		{200, failed(1, "Message ID: z: event error: Unknown event type: x"), "refusal", 2},
		{200, failed(1), "again", 2},
		{200, "", "again", 2},
		{200, "<html>welcome to the hotel</html>", "again", 2},
		{200, `{"success":true}`, "again", 2},
		{400, `{"error":"invalid content type: text/html. Expected: application/json"}`, "refusal", 2},
		{400, `{"error":"error parsing message: unexpected EOF"}`, "refusal", 2},
		{401, `{"error":"stream not found: for: {WriteKey:key-7:s3cret}"}`, "pause", 2},
		{402, `{"error":"quota exceeded"}`, "pause", 2},
		{404, `{"error":"page not found"}`, "pause", 2},
		{413, `{"error":"http: request body too large"}`, "refusal", 2},
		{429, "", "again", 2},
		{500, `{"error":"error# 1x2Y: panic"}`, "again", 2},
		{502, "", "again", 2},
		{503, "", "again", 2},
	} {
		again, err := trackingtest.Answered(t, openAt, tt.status, tt.says)
		if got := trackingtest.Class(err); got != tt.want || again != tt.again || err != nil && strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%d %s: got %s (%v) and %d calls again, want %s and %d", tt.status, tt.says, got, err, again, tt.want, tt.again)
		}
	}
}

// The answer names a messageId as Jitsu keeps it.
func TestRewrittenID(t *testing.T) {
	long := strings.Repeat("x", 70)
	r := trackingtest.New(t, func(w http.ResponseWriter, _ trackingtest.Request) {
		io.WriteString(w, failed(1, "Message ID: a_b_c: event error: x", "Message ID: "+long[:64]+": event error: x"))
	})
	d, err := Open(Settings{WriteKey: key, Endpoint: r.URL})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for range 2 {
		_ = d.Send(t.Context(), trackingtest.Attempt("a:b c", "d", long)) // refused, as it is told to
	}
	if got := r.Requests()[1].Calls; len(got) != 2 || strings.Contains(got[1], `"d"`) {
		t.Errorf("got %d calls again, want the two that failed", len(got))
	}
}

func TestRequest(t *testing.T) {
	r := trackingtest.New(t, nil)
	d, err := Open(Settings{WriteKey: key, Endpoint: r.URL + "/v1/batch"})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	a := trackingtest.Attempt("a")
	a.Calls[0].JSON = []byte(strings.Replace(string(a.Calls[0].JSON), `"hello"`, `"2024-05-01T09:00:00Z"`, 1))
	_ = d.Send(t.Context(), a) // the answer says nothing
	q := r.Requests()[0]
	if q.Path != "/api/s/s2s/batch" || q.Header.Get("X-Write-Key") != key || q.Header.Get("Authorization") != "" {
		t.Errorf("got %s, another key, or one in Authorization", q.Path)
	}
	if c := q.Call(t, 0); c.Properties["message_id"] != "m-a" || c.Properties["chat_message_id"] != "m-a" || c.Properties["message_body"] != " 2024-05-01T09:00:00Z" || c.MessageID != "a" {
		t.Errorf("got %+v", c)
	}
}

func TestSettings(t *testing.T) {
	destinationtest.TestSettings(t, Open, map[string]Settings{
		"write_key: must":   {WriteKey: "browser", Endpoint: "https://example.com"},
		"write_key: must ":  {WriteKey: "id:", Endpoint: "https://example.com"},
		"endpoint: is miss": {WriteKey: key},
		"endpoint: write":   {WriteKey: key, Endpoint: "example.com"},
	}, "browser")
}

// Whatever Jitsu says, a failure has a reason that can be shown.
func FuzzFailures(f *testing.F) {
	f.Add([]byte(failed(1, "Message ID: b: event error: x")))
	f.Add([]byte(`{"ok":false,"errors":["","Message ID: "]}`))
	f.Fuzz(func(t *testing.T, said []byte) {
		list, err := failures(said)
		if err != nil && len(list) > 0 {
			t.Error("got failures and an error")
		}
		for _, x := range list {
			if x.Err == nil || len(x.Err.Error()) > 1200 {
				t.Errorf("got %v", x.Err)
			}
		}
	})
}
