package tracking

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
)

const live = `{"event":"Live Chat Message Sent","properties":`

func TestEdits(t *testing.T) {
	for _, tt := range []struct{ call, want string }{
		{`{}`, `{}`},
		{live + `{"message_body":"2024-05-01"}}`, live + `{"message_body":" 2024-05-01"}}`},
		{live + `{"message_body":"2024-05-01T09:30:00.123+02:00","x":1.50}}`, live + `{"message_body":" 2024-05-01T09:30:00.123+02:00","x":1.50}}`},
		{live + `{"message_body":"2024-05-01 09:30:00 UTC"}}`, live + `{"message_body":" 2024-05-01 09:30:00 UTC"}}`},
		{live + `{"message_body":"2024-05-01, or the day after?"}}`, live + `{"message_body":"2024-05-01, or the day after?"}}`},
		{live + `{"message_body":"see 2024-05-01"}}`, live + `{"message_body":"see 2024-05-01"}}`},
		{live + `{"message_body":17}}`, live + `{"message_body":17}}`},
		{live + `[]}`, live + `[]}`},
		{`{"event":"Order Completed","properties":{"message_body":"2024-05-01","message_id":"1"}}`, `{"event":"Order Completed","properties":{"message_body":"2024-05-01","message_id":"1"}}`},
		{live + `{"message_id":"1"}}`, live + `{"message_id":"1","chat_message_id":"1"}}`},
		{live + `{"message_id":"1","chat_message_id":"2"}}`, live + `{"message_id":"1","chat_message_id":"2"}}`},
	} {
		o, err := parse([]byte(tt.call))
		if err != nil {
			t.Fatal(err)
		}
		KeepText(o)
		Alias(o, "message_id", "chat_message_id")
		if got := string(o.json()); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.call, got, tt.want)
		}
	}
}

// What is not set keeps its bytes, and what is written is JSON.
func FuzzObject(f *testing.F) {
	f.Add([]byte(`{"a": {"b" : 1.50}, "\u00e9\"": null}`))
	f.Add([]byte(live + `{"message_body":"2024-05-01","message_id":"<&>"}}`))
	f.Add([]byte(`{"a":1}x`))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := parse(b)
		if !json.Valid(b) || bytes.TrimLeft(b, " \t\r\n")[0] != '{' {
			return
		}
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		var before, after any
		if json.Unmarshal(b, &before) == nil && (json.Unmarshal(o.json(), &after) != nil || !reflect.DeepEqual(before, after)) {
			t.Errorf("%q: got %q", b, o.json())
		}
		again, err := parse(o.json())
		if err != nil || !bytes.Equal(o.json(), again.json()) {
			t.Errorf("%q: got %q, then %q (%v)", b, o.json(), again.json(), err)
		}
		KeepText(o)
		Alias(o, "message_id", "chat_message_id")
		o.Remove("receivedAt")
		if got := o.json(); !json.Valid(got) {
			t.Errorf("%q: got %q", b, got)
		}
	})
}
