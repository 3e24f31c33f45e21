package ingest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// passed returns the calls that are to be passed on.
func passed(t *testing.T, j *sqlite.Journal) (calls []journal.Event) {
	t.Helper()
	for _, w := range stored(t, j) {
		calls = append(calls, w.Calls...)
	}
	return calls
}

func basic(user string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(user)) }

func TestTrackingPaths(t *testing.T) {
	for path, kind := range map[string]string{
		"track": "track", "identify": "identify", "page": "page", "screen": "screen", "group": "group", "alias": "alias",
		"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias",
	} {
		for _, slash := range []string{"", "/"} {
			h, j := open(t)
			w := send(h, "POST", "/v1/"+path+slash, `{"userId":"u","event":"x"}`, "Authorization", basic("website-key:"))
			if w.Code != 200 || w.Body.String() != accepted {
				t.Errorf("/v1/%s%s: got %d %s, want 200 %s", path, slash, w.Code, w.Body, accepted)
			}
			if calls := passed(t, j); len(calls) != 1 || !strings.Contains(string(calls[0].JSON), `"type":"`+kind+`"`) {
				t.Errorf("/v1/%s%s: got %d calls, want one of type %s", path, slash, len(calls), kind)
			}
		}
	}
	for _, path := range []string{"batch", "import", "b", "batch/", "import/", "b/"} {
		h, j := open(t)
		w := send(h, "POST", "/v1/"+path, `{"batch":[{"type":"track","event":"x","userId":"u"},{"type":"page","userId":"u"}],"writeKey":"website-key"}`)
		if calls := passed(t, j); w.Code != 200 || len(calls) != 2 || calls[0].Name != "x" || calls[1].Name != "page" {
			t.Errorf("/v1/%s: got %d and %d calls", path, w.Code, len(calls))
		}
	}
	h, j := open(t)
	if w := send(h, "POST", "/v1/m", `{"series":[]}`); w.Code != 200 || len(stored(t, j)) != 0 {
		t.Errorf("an SDK's own metrics: got %d, want 200 and nothing stored", w.Code)
	}
	if w := send(h, "POST", "/v1/nothing", "{}"); w.Code != 404 {
		t.Errorf("/v1/nothing: got %d, want 404", w.Code)
	}
}

func TestTrackingKeys(t *testing.T) {
	tests := []struct {
		name, path, body, auth string
		code                   int
	}{
		{"basic", "track", `{"event":"x","userId":"u"}`, basic("website-key:"), 200},
		{"basic without colon", "track", `{"event":"x","userId":"u"}`, basic("website-key"), 200},
		{"in the body", "track", `{"event":"x","userId":"u","writeKey":"website-key"}`, "", 200},
		{"in the body, beside a bearer token", "track", `{"event":"x","userId":"u","writeKey":"website-key"}`, "Bearer abc", 200},
		{"in the first call", "batch", `{"batch":[{"type":"page","userId":"u","writeKey":"website-key"}]}`, "", 200},
		{"a scheme in lower case", "track", `{"event":"x","userId":"u"}`, strings.ToLower("Basic ") + basic("website-key:")[6:], 200},
		{"unknown", "track", `{"event":"x","userId":"u"}`, basic("other:"), 401},
		{"none", "track", `{"event":"x","userId":"u"}`, "", 401},
		{"a token of the activity API", "track", `{"event":"x","userId":"u"}`, basic("shop-token:"), 401},
	}
	for _, tt := range tests {
		h, j := open(t)
		w := send(h, "POST", "/v1/"+tt.path, tt.body, "Authorization", tt.auth, "Content-Type", "text/plain")
		if w.Code != tt.code {
			t.Errorf("%s: got %d, want %d", tt.name, w.Code, tt.code)
		}
		for _, c := range passed(t, j) {
			if strings.Contains(string(c.JSON), "website-key") {
				t.Errorf("%s: the write key is passed on", tt.name)
			}
		}
	}
}

func TestTrackingBadBodies(t *testing.T) {
	for body, want := range map[string]int{
		"": 400, "{": 400, "[]": 400, "null": 400, `{"batch":{}}`: 400, `{"batch":[1]}`: 400, `{}`: 400,
		`{"batch":[` + strings.Repeat(`{},`, maxCalls) + `{}]}`: 400, strings.Repeat(" ", maxWebhook+1): 413,
		`{"batch":[]}`: 200,
	} {
		h, _ := open(t)
		w := send(h, "POST", "/v1/batch", body, "Authorization", basic("website-key:"))
		var answer struct {
			Error, Message string
			Code           int
		}
		if err := json.Unmarshal(w.Body.Bytes(), &answer); w.Code != want || err != nil || w.Code != 200 && answer.Code != want {
			t.Errorf("%.30q: got %d %s (%v), want %d", body, w.Code, w.Body, err, want)
		}
	}
}

// A small request must not become a large one.
func TestTrackingGrowth(t *testing.T) {
	h, j := open(t)
	for body, want := range map[string]int{
		`{"context":{"a":"` + strings.Repeat("x", 2000) + `"},"batch":[` + strings.Repeat(`{"type":"page","userId":"u"},`, maxCalls-1) + `{"type":"page"}]}`: 413,
		`{"context":{"a":"` + strings.Repeat("x", 2000) + `"},"batch":[` + strings.Repeat(`{"type":"page","userId":"u"},`, 500) + `{"type":"page"}]}`:        200,
		`{"batch":[` + strings.Repeat("0,", 1<<20) + `0]}`:                              400,
		`{"batch":[{` + strings.Repeat(`"a":0,`, maxKeys) + `"type":"page"}]}`:          200,
		`{"batch":[{` + manyKeys() + `"type":"page"}]}`:                                 400,
		`{` + manyKeys() + `"batch":[]}`:                                                400,
		`{"batch":[` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `]}`: 400,
	} {
		if w := send(h, "POST", "/v1/batch", body, "Authorization", basic("website-key:")); w.Code != want {
			t.Errorf("%.60q of %d bytes: got %d %s, want %d", body, len(body), w.Code, w.Body, want)
		}
	}
	if got := len(passed(t, j)); got != 502 {
		t.Errorf("got %d calls, want 502", got)
	}
}

func manyKeys() string {
	var b strings.Builder
	for i := range maxKeys {
		fmt.Fprintf(&b, `"k%d":0,`, i)
	}
	return b.String()
}

func TestCORS(t *testing.T) {
	h, _ := open(t)
	w := send(h, "OPTIONS", "/v1/b", "", "Origin", "https://shop.example.com", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "x-of-the-future")
	if w.Code != 204 || w.Header().Get("Access-Control-Allow-Origin") != "https://shop.example.com" {
		t.Errorf("preflight: got %d for origin %q", w.Code, w.Header().Get("Access-Control-Allow-Origin"))
	}
	for _, name := range []string{"authorization", "content-type", "x-retry-count", "x-of-the-future"} {
		if !strings.Contains(w.Header().Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("preflight: %s is not allowed", name)
		}
	}
	w = send(h, "POST", "/v1/t", `{"event":"x","userId":"u","writeKey":"other"}`, "Origin", "https://shop.example.com")
	if w.Code != 401 || w.Header().Get("Access-Control-Allow-Origin") == "" || w.Header().Get("Access-Control-Expose-Headers") != "Retry-After" {
		t.Errorf("an error: got %d, want 401 that a page can read, and Retry-After", w.Code)
	}
}

// What passes through keeps its bytes, but for what is told in docs/adr/0006.
func TestCallKeepsItsBytes(t *testing.T) {
	h, j := open(t)
	before := time.Now()
	send(h, "POST", "/v1/batch", `{
		"context": {"library": {"name": "batch"}, "ip": "192.0.2.1"}, "integrations": {"All": true},
		"sentAt": "`+before.Add(time.Hour).UTC().Format(time.RFC3339)+`",
		"batch": [
			{"type": "track", "zeta": [1.0, 1e3, 12345678901234567890, "<&\u00e9>"], "userId": "u", "event": "Order", "properties": {"b": 1, "a": null},
				"context": {"library": {"name": "own"}}, "messageId": "m1", "timestamp": "2026-03-02T10:00:00+01:00", "receivedAt": "x", "sentAt": null, "writeKey": "website-key"},
			{"type": "identify", "anonymousId": "a", "originalTimestamp": "2026-03-02T09:00:00.5Z"},
			{"action": "page", "userId": "u"},
			{"type": "page", "userId": 5, "messageId": 17, "timestamp": 1772442000000}
		]}`)
	calls := passed(t, j)
	if len(calls) != 4 {
		t.Fatalf("got %d calls, want 4", len(calls))
	}
	want := `{"type":"track","zeta":[1.0,1e3,12345678901234567890,"<&\u00e9>"],"userId":"u","event":"Order","properties":{"b":1,"a":null},` +
		`"context":{"library":{"name":"own"},"ip":"192.0.2.1"},"messageId":"m1","timestamp":"2026-03-02T10:00:00+01:00","integrations":{"All":true}}`
	if got := string(calls[0].JSON); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c := calls[0]; c.Name != "Order" || c.Conversation != "u" || c.MessageID != "m1" || c.Skew < 59*time.Minute || c.Skew > time.Hour {
		t.Errorf("got name %q, order by %q, messageId %q, skew %v", c.Name, c.Conversation, c.MessageID, c.Skew)
	}
	if c := calls[1]; c.MessageID == "" || !strings.Contains(string(c.JSON), `"timestamp":"2026-03-02T09:00:00.5Z"`) || c.Conversation != "a" {
		t.Errorf("original timestamp: got %s", c.JSON)
	}
	if c := calls[2]; c.Name != "page" || !strings.Contains(string(c.JSON), `"type":"page"`) || strings.Contains(string(c.JSON), "action") || !strings.Contains(string(c.JSON), `"timestamp":"20`) {
		t.Errorf("action: got %s", c.JSON)
	}
	if c := calls[3]; c.MessageID != "17" || !strings.HasPrefix(string(c.JSON), `{"type":"page","userId":5,"messageId":17,"timestamp":1772442000000,`) {
		t.Errorf("of other types: got messageId %q of %s", c.MessageID, c.JSON)
	}
}

// Live Chat events are validated; nothing else is.
func TestTrackingValidation(t *testing.T) {
	const good = `{"type":"track","event":"Live Chat Message Sent","userId":"u","messageId":"good","properties":{"conversation_id":"17","message_id":"m1"}}`
	const bad = `{"type":"track","event":"Live Chat Message Sent","userId":"u","messageId":"bad","properties":{"conversationId":"secret-17","message_id":"m1"}}`
	const other = `{"type":"track","event":"Order","messageId":"other"}`
	const nameless = `{"messageId":"nameless"}`
	for key, want := range map[string]int{"website-key": 2, "reported-key": 3, "unseen-key": 3} {
		h, j := open(t)
		w := send(h, "POST", "/v1/batch", `{"batch":[`+good+`,`+bad+`,`+nameless+`,`+other+`]}`, "Authorization", basic(key+":"))
		if got := len(passed(t, j)); w.Code != 200 || got != want {
			t.Errorf("%s: got %d and %d calls, want 200 and %d", key, w.Code, got, want)
		}
		list, err := j.Unreadable(t.Context(), "default", 10)
		if err != nil || len(list) != 4-want {
			t.Errorf("%s: got %d unreadable (%v), want %d", key, len(list), err, 4-want)
		}
		for _, u := range list {
			if strings.Contains(u.Unreadable, "secret-17") || u.Unreadable == "" {
				t.Errorf("%s: reason %q", key, u.Unreadable)
			}
		}
		if passed(t, j)[0].Conversation != "17" {
			t.Errorf("%s: a Live Chat event is not ordered by its conversation", key)
		}
	}
}

func TestSettings(t *testing.T) {
	h, _ := open(t)
	w := send(h, "GET", "/v1/projects/website-key/settings", "")
	var s struct {
		Integrations map[string]struct{ APIKey, APIHost string }
	}
	if err := json.Unmarshal(w.Body.Bytes(), &s); w.Code != 200 || err != nil || s.Integrations["Segment.io"].APIKey != "website-key" {
		t.Errorf("got %d %s (%v)", w.Code, w.Body, err)
	}
	if w := send(h, "GET", "/v1/projects/other/settings", ""); w.Code != 404 {
		t.Errorf("an unknown key: got %d, want 404", w.Code)
	}
}

func FuzzTracking(f *testing.F) {
	f.Add([]byte(`{"batch":[{"type":"track","event":"x","userId":"u","context":{"a":1}}],"context":{"b":2},"integrations":{"All":true},"sentAt":"2026-03-02T09:00:00Z"}`), "")
	f.Add([]byte(`{"event":"Live Chat Message Sent","properties":{"conversation_id":1}}`), "track")
	f.Add([]byte(`{"a":1,"a":2,"messageId":"\ud800"}`), "page")
	f.Fuzz(func(t *testing.T, body []byte, single string) {
		b, err := readBatch(body, single)
		if err != nil {
			return
		}
		for _, call := range b.calls {
			e, err := b.event(call, time.Unix(1e9, 0))
			if !json.Valid(e.JSON) || strings.Contains(string(e.JSON), "\n") {
				t.Errorf("%q is not JSON in one line", e.JSON)
			}
			if err == nil && e.MessageID == "" {
				t.Errorf("%q has no messageId", e.JSON)
			}
		}
	})
}
