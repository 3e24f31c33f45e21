package ingest

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/conversation"
)

func TestActivities(t *testing.T) {
	const ok = `{"id":"1","type":"message","conversation_id":"17","time":"2026-03-02T09:00:00Z","by":"customer","message":{"id":"m1"}}`
	tests := []struct {
		body string
		want string // the answer, or what it must hold
		code int
	}{
		{`{"activities":[` + ok + `]}`, `{"accepted":1}`, 200},
		{`{"activities":[` + ok + `,{"id":"2","type":"closed","conversation_id":"17","time":"2026-03-02T09:00:00+01:00","by":null}]}`, `{"accepted":2}`, 200},
		{`{"activities":[` + ok + `,{"id":"2","type":"identified","conversation_id":"17","time":"2026-03-02T09:00:00.123456789Z","customer":null}]}`, `{"accepted":2}`, 200},
		{`{"activities":[{"id":"1","type":"message","conversation_id":"17","time":"2026-03-02T09:00:00Z","by":"customer","message":{"id":"m1","body":"half an emoji \ud83d"}}]}`, `{"accepted":1}`, 200},
		{`{"activities":[{"id":"1","type":"message","conversation_id":"17","time":"2026-03-02T09:00:00Z","by":"customer","message":{"id":"m1","body":"` + strings.Repeat("long ", 100_000) + `"}}]}`, `{"accepted":1}`, 200},
		{`{"activities":[]}`, "activities: there must be 1 to 1000", 400},
		{`{"activities":[` + strings.Repeat(ok+",", maxActivities) + ok + `]}`, "activities: there must be 1 to 1000", 400},
		{`{"activities":{}}`, "activities: must be an array", 400},
		{`{"activities":null}`, "activities: must be an array", 400},
		{`{}`, "activities: is required", 400},
		{`{"Activities":[` + ok + `]}`, `unknown key \"Activities\"`, 400},
		{`{"activities":[` + ok + `],"activities":[]}`, "activities: is given twice", 400},
		{`[` + ok + `]`, `the body must be {\"activities\":[…]}`, 400},
		{``, "the body is broken JSON", 400},
		{`{"activities":[` + ok, "the body is broken JSON at byte", 400},
		{`{"activities":[` + ok + `]}}`, "the body is broken JSON at byte", 400},
		{"{\"activities\":[\"\xff\"]}", "not UTF-8", 400},
		{`{"activities":[null,1,{"ID":"1","id":"1","id":"2","type":"closed","conversation_id":"17","time":"2026-03-02T9:00:00Z","started_at":"2026-03-02"}]}`,
			`[{"index":0,"path":"","problem":"must be an object"},{"index":1,"path":"","problem":"must be an object"},` +
				`{"index":2,"path":"ID","problem":"unknown key; did you mean id?"},{"index":2,"path":"id","problem":"is given twice"},` +
				`{"index":2,"path":"time","problem":"must be a time like 2026-03-02T09:00:00Z"},{"index":2,"path":"started_at","problem":"must be a time like 2026-03-02T09:00:00Z"}]`, 400},
		{`{"activities":[` + ok + `,{}]}`,
			`[{"index":1,"path":"id","problem":"is required"},{"index":1,"path":"conversation_id","problem":"is required"},` +
				`{"index":1,"path":"type","problem":"is not one of message, closed, reopened, assigned, identified"},` +
				`{"index":1,"path":"time","problem":"is required, like 2026-03-02T09:00:00Z"}]`, 400},
		{`{"activities":[{"id":1,"typ":"message","conversation_id":"17","time":"yesterday","by":"ghost","message":{"Id":"x","bodi":""},"agent":[]},{"id":"2"}]}`,
			`[{"index":0,"path":"id","problem":"must be a string"},{"index":0,"path":"typ","problem":"unknown key; did you mean type?"},` +
				`{"index":0,"path":"time","problem":"must be a time like 2026-03-02T09:00:00Z"},` +
				`{"index":0,"path":"message.Id","problem":"unknown key; did you mean message.id?"},{"index":0,"path":"message.bodi","problem":"unknown key; did you mean message.body?"},` +
				`{"index":0,"path":"agent","problem":"must be an object"},` +
				`{"index":0,"path":"type","problem":"is not one of message, closed, reopened, assigned, identified"},{"index":0,"path":"by","problem":"is not one of customer, agent, bot, automation, system"},` +
				`{"index":1,"path":"conversation_id","problem":"is required"},{"index":1,"path":"type","problem":"is not one of message, closed, reopened, assigned, identified"},` +
				`{"index":1,"path":"time","problem":"is required, like 2026-03-02T09:00:00Z"}]`, 400},
		{`{"activities":[{"id":"1","type":"message","conversation_id":"17","time":"1969-03-02T09:00:00Z"}]}`,
			`[{"index":0,"path":"time","problem":"is not between the years 1970 and 9999"},{"index":0,"path":"by","problem":"is required"},{"index":0,"path":"message.id","problem":"is required"}]`, 400},
		{`{"activities":[{"id":"` + strings.Repeat("x", 256) + `","type":"closed","conversation_id":"17","time":"2026-03-02T09:00:00Z"}]}`,
			`[{"index":0,"path":"id","problem":"has 256 bytes, and may have 255"}]`, 400},
	}
	for i, tt := range tests {
		h, j := open(t)
		w := send(h, "POST", "/v1/activities", tt.body, "Authorization", "Bearer shop-token", "Content-Type", "application/json")
		if w.Code != tt.code || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("%d: got %d %s, want %d %s", i, w.Code, w.Body, tt.code, tt.want)
		}
		if n := len(stored(t, j)); (n == 1) != (tt.code == 200) {
			t.Errorf("%d: got %d stored", i, n)
		}
	}
}

func TestActivitiesAuth(t *testing.T) {
	h, _ := open(t)
	for _, auth := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic shop-token", "shop-token"} {
		w := send(h, "POST", "/v1/activities", "{}", "Authorization", auth)
		if w.Code != 401 || w.Header().Get("WWW-Authenticate") == "" {
			t.Errorf("%q: got %d, want 401 with WWW-Authenticate", auth, w.Code)
		}
	}
	if w := send(h, "POST", "/v1/activities", "{}", "Authorization", "bearer  shop-token"); w.Code != 400 {
		t.Errorf("a scheme in lower case: got %d, want 400 for what it sends", w.Code)
	}
	if w := send(h, "GET", "/v1/activities", ""); w.Code != 405 {
		t.Errorf("GET: got %d, want 405", w.Code)
	}
	if w := send(h, "POST", "/v1/activities", "{}", "Authorization", "Bearer shop-token", "Content-Type", "application/x-www-form-urlencoded"); w.Code != 415 {
		t.Errorf("a form: got %d, want 415", w.Code)
	}
}

func TestRecord(t *testing.T) {
	h, j := open(t)
	good := conversation.Activity{ID: "1", Type: conversation.Closed, Conversation: "17", Time: time.Now()}
	if err := h.Record(t.Context(), "default", "shop", good); err != nil {
		t.Error(err)
	}
	var problems Problems
	if err := h.Record(t.Context(), "default", "shop", good, conversation.Activity{}); !errors.As(err, &problems) || problems[0].Index != 1 {
		t.Errorf("got %v, want problems of the second", err)
	}
	for _, source := range []string{"nobody", "support"} {
		if err := h.Record(t.Context(), "default", source, good); err == nil {
			t.Errorf("source %s: got no error", source)
		}
	}
	if err := h.Record(t.Context(), "default", "shop"); err != nil {
		t.Error(err)
	}
	if n := len(stored(t, j)); n != 1 {
		t.Errorf("got %d stored, want 1", n)
	}
}

func FuzzActivities(f *testing.F) {
	f.Add([]byte(`{"activities":[{"id":"1","type":"message","conversation_id":"17","time":"2026-03-02T09:00:00Z","by":"customer","message":{"id":"m1","body":"x"}}]}`))
	f.Add([]byte(`{"activities":[{"id":1,"agent":{"x":null}},null,[]]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		list, err := readActivities(body)
		for i, a := range list {
			if p := check(i, a); err == nil && len(p) > 0 {
				t.Errorf("accepted with %v", p)
			}
		}
		var problems Problems
		if errors.As(err, &problems) {
			if _, err := json.Marshal(problems); err != nil || len(problems) == 0 {
				t.Errorf("%d problems that cannot be told: %v", len(problems), err)
			}
		}
	})
}
