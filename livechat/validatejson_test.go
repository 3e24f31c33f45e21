package livechat

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// good is a call as a browser's SDK makes it, with a property of its own.
const good = `{
  "userId": "019mr8mf4r", "anonymousId": null, "type": "track", "event": "Live Chat Message Sent",
  "properties": {"agent_id": "bce89acdd11901", "conversation_duration": 45, "conversation_id": "abd627dbecffc",
    "message_body": "But my stapler...", "message_id": "beaffc193618cbe", "department": null},
  "messageId": "ajs-next-1", "timestamp": "2026-03-01T09:00:45.000Z", "originalTimestamp": "2026-03-01T09:00:45.000Z",
  "context": {"page": {}}, "integrations": {"All": true}, "sentAt": "2026-03-01T10:00:45+01:00"
}`

func TestValidateJSON(t *testing.T) {
	tests := []struct {
		old, new string // what to change in good
		want     string // paths, or "" if it stays good
	}{
		{``, ``, ``},
		{`"userId": "019mr8mf4r", "anonymousId": null`, `"anonymousId": "a"`, ``},
		{`"userId": "019mr8mf4r"`, `"userId": null`, `userId`},
		{`"userId": "019mr8mf4r", "anonymousId": null,`, ``, `userId`},
		{`"userId": "019mr8mf4r"`, `"userId": 42`, `userId`},
		{`"userId": "019mr8mf4r"`, `"userId": ""`, `userId`},
		{`"anonymousId": null`, `"anonymousId": ""`, `anonymousId`},
		{`"anonymousId": null`, `"anonymousId": {}`, `anonymousId`},
		{`"type": "track", `, ``, `type`},
		{`"type": "track"`, `"type": "page"`, `type`},
		{`"type": "track"`, `"type": null`, `type`},
		{`"type": "track"`, `"action": "identify", "type": "track"`, ``},
		{`"event": "Live Chat Message Sent",`, ``, `event`},
		{`"event": "Live Chat Message Sent"`, `"event": ""`, `event`},
		{`"event": "Live Chat Message Sent"`, `"event": null`, `event`},
		{`"event": "Live Chat Message Sent"`, `"event": ["Live Chat Message Sent"]`, `event`},
		{`"event": "Live Chat Message Sent"`, `"event": "live chat message sent"`, `event`},
		{`"agent_id": "bce89acdd11901"`, `"agent_id": 7`, `properties.agent_id`},
		{`"agent_id": "bce89acdd11901"`, `"agent_name": null`, `properties.agent_name`},
		{`"agent_id": "bce89acdd11901"`, `"agent_username": ""`, `properties.agent_username`},
		{`"conversation_duration": 45, `, ``, ``},
		{`"conversation_duration": 45`, `"conversation_duration": 45.0`, ``},
		{`"conversation_duration": 45`, `"conversation_duration": 4.5e1`, ``},
		{`"conversation_duration": 45`, `"conversation_duration": 45.5`, `properties.conversation_duration`},
		{`"conversation_duration": 45`, `"conversation_duration": -1`, `properties.conversation_duration`},
		{`"conversation_duration": 45`, `"conversation_duration": 9007199254740992`, `properties.conversation_duration`},
		{`"conversation_duration": 45`, `"conversation_duration": 1e400`, `properties.conversation_duration`},
		{`"conversation_duration": 45`, `"conversation_duration": "45"`, `properties.conversation_duration`},
		{`"conversation_duration": 45`, `"conversation_duration": null`, `properties.conversation_duration`},
		{`"conversation_id": "abd627dbecffc",`, ``, `properties.conversation_id`},
		{`"conversation_id": "abd627dbecffc"`, `"conversation_id": 17`, `properties.conversation_id`},
		{`"conversation_id": "abd627dbecffc"`, `"conversation_id": null`, `properties.conversation_id`},
		{`"message_body": "But my stapler...",`, ``, ``},
		{`"message_body": "But my stapler..."`, `"message_body": ""`, `properties.message_body`},
		{`"message_body": "But my stapler..."`, `"message_body": ["But"]`, `properties.message_body`},
		{`"message_id": "beaffc193618cbe",`, ``, `properties.message_id`},
		{`"message_id": "beaffc193618cbe"`, `"message_id": true`, `properties.message_id`},
		{`"messageId": "ajs-next-1",`, ``, ``},
		{`"messageId": "ajs-next-1"`, `"messageId": ""`, `messageId`},
		{`"messageId": "ajs-next-1"`, `"messageId": null`, `messageId`},
		{`"messageId": "ajs-next-1"`, `"messageId": "` + strings.Repeat("x", 100) + `"`, ``},
		{`"messageId": "ajs-next-1"`, `"messageId": "` + strings.Repeat("x", 101) + `"`, `messageId`},
		{`"timestamp": "2026-03-01T09:00:45.000Z",`, ``, ``},
		{`"timestamp": "2026-03-01T09:00:45.000Z"`, `"timestamp": 1772355645`, `timestamp`},
		{`"timestamp": "2026-03-01T09:00:45.000Z"`, `"timestamp": "2026-03-01 09:00:45"`, `timestamp`},
		{`"timestamp": "2026-03-01T09:00:45.000Z"`, `"timestamp": "1969-12-31T23:59:59Z"`, `timestamp`},
		{`"timestamp": "2026-03-01T09:00:45.000Z"`, `"timestamp": "0001-01-01T00:00:00Z"`, `timestamp`},
		{`"timestamp": "2026-03-01T09:00:45.000Z"`, `"timestamp": null`, `timestamp`},
		{`"context": {"page": {}}`, `"context": null`, ``},
		{`"context": {"page": {}}`, `"context": []`, `context`},
		{`"integrations": {"All": true}`, `"integrations": "All"`, `integrations`},
		{`"sentAt": "2026-03-01T10:00:45+01:00"`, `"sentAt": "now"`, `sentAt`},
	}
	s := compile(t, Schema())
	for _, tt := range tests {
		t.Run(tt.new, func(t *testing.T) {
			if !strings.Contains(good, tt.old) {
				t.Fatalf("nothing to change: %s", tt.old)
			}
			call := strings.Replace(good, tt.old, tt.new, 1)
			ps := ValidateJSON([]byte(call))
			if got := strings.Join(paths(ps), " "); got != tt.want {
				t.Errorf("got problems %v, want them at %q", ps, tt.want)
			}
			if got, want := accepts(t, s, []byte(call)), tt.want == ""; got != want {
				t.Errorf("got %v from the schema, want %v", got, want)
			}
		})
	}
}

// TestValidateJSONBeyondSchema has what ValidateJSON judges and a schema does
// not or should not.
func TestValidateJSONBeyondSchema(t *testing.T) {
	tests := []struct{ name, call, want string }{
		{"the alias of type", strings.Replace(good, `"type"`, `"action"`, 1), ""},
		{"a wrong alias", strings.Replace(good, `"type": "track"`, `"action": "page"`, 1), `action: not "track": Live Chat events are track calls`},
		{"before 1970 in UTC alone", strings.Replace(good, `"timestamp": "2026-03-01T09:00:45.000Z"`, `"timestamp": "1970-01-01T00:00:00+01:00"`, 1),
			"timestamp: outside the years 1970 to 9999: receivers drop it"},
		{"too large", strings.Replace(good, "But", strings.Repeat("x", MaxEventBytes), 1),
			fmt.Sprintf("%d bytes: receivers refuse a call of more than 32000", len(good)-3+MaxEventBytes)},
		{"originalTimestamp", strings.Replace(good, `"originalTimestamp": "2026-03-01T09:00:45.000Z"`, `"originalTimestamp": 5`, 1),
			"originalTimestamp: a number: want a string"},
		{"empty", "", "not JSON: empty, at line 1, column 1 (byte 1)"},
		{"blank", " \n", "not JSON: empty, at line 2, column 1 (byte 3)"},
		{"cut off", `{"userId": "u",` + "\n" + `"ev`, "not JSON: it ends in the middle, at line 2, column 4 (byte 20)"},
		{"two values", `{} {}`, "not JSON: something follows the value, at line 1, column 4 (byte 4)"},
		{"rubbish behind", `{} x`, "not JSON: something follows the value, at line 1, column 4 (byte 4)"},
		{"rubbish inside", "{\n \"a\": x}", "not JSON: invalid character 'x' looking for beginning of value, at line 2, column 7 (byte 9)"},
		{"an array", `[]`, "an array: want an object"},
		{"null", `null`, "null: want an object"},
		{"properties null", `{"userId":"u","type":"track","event":"Live Chat Message Sent","properties":null}`,
			"properties: null: want an object (Segment: properties_not_object)"},
		{"no properties", `{"userId":"u","type":"track","event":"Live Chat Message Sent"}`, "properties: missing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sentence(ValidateJSON([]byte(tt.call))); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func sentence(ps []Problem) string {
	var s []string
	for _, p := range ps {
		s = append(s, p.String())
	}
	return strings.Join(s, "\n")
}

func TestValidateJSONSaysAllAtOnce(t *testing.T) {
	call := `{"userId":7,"event":"Chat","properties":{"conversation_duration":-1,"agent_id":null},"messageId":"","timestamp":5,"context":1}`
	want := []string{"userId", "type", "event", "properties.agent_id", "properties.conversation_duration",
		"properties.conversation_id", "properties.message_id", "messageId", "timestamp", "context"}
	for range 10 {
		if got := paths(ValidateJSON([]byte(call))); !slices.Equal(got, want) {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

func TestValidateJSONNamesSegmentsCodes(t *testing.T) {
	tests := map[string]string{
		`{"type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"c","message_id":"m"}}`:                "no_user_anon_id",
		`{"userId":1,"type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"c","message_id":"m"}}`:     "id_not_string",
		`{"userId":"u","type":"track","properties":{"conversation_id":"c","message_id":"m"}}`:                                    "event_not_defined",
		`{"userId":"u","type":"track","event":1,"properties":{"conversation_id":"c","message_id":"m"}}`:                          "event_not_string",
		`{"userId":"u","type":"track","event":"Live Chat Message Sent","properties":[]}`:                                         "properties_not_object",
		`{"userId":"u","event":"Live Chat Message Sent","properties":{"conversation_id":"c","message_id":"m"}}`:                  "missing_type",
		`{"userId":"u","type":"trakc","event":"Live Chat Message Sent","properties":{"conversation_id":"c","message_id":"m"}}`:   "invalid_type",
		`{"userId":"u","type":"page","event":"Live Chat Message Sent","properties":{"conversation_id":"c","message_id":"m"}}`:    "",
		`{"userId":"u","type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"c","message_id":["m"]}}`: "",
		strings.Replace(good, `"page": {}`, `"device": {"advertisingId": 7}`, 1):                                                 "device_advertisingid_should_be_string",
	}
	for call, want := range tests {
		ps := ValidateJSON([]byte(call))
		if len(ps) != 1 || ps[0].Code != want {
			t.Errorf("%s: got %v, want one problem of code %q", call, ps, want)
		}
	}
}

// examples are the specification's own, as it prints them.
var examples = map[Kind]string{
	Started: `{
  "userId": "019mr8mf4r",
  "action": "track",
  "event": "Live Chat Conversation Started",
  "properties": {
    "agent_id": "bce89acdd11901",
    "agent_name": "Peter Gibbons",
    "agent_username": "pgibbons",
    "conversation_duration": 0,
    "conversation_id": "abd627dbecffc",
    "message_body": "But my stapler...",
    "message_id": "beaffc193618cbe"
  }
}`,
	Ended: `{
  "userId": "019mr8mf4r",
  "action": "track",
  "event": "Live Chat Conversation Ended",
  "properties": {
    "agent_id": "bce89acdd11901",
    "agent_name": "Peter Gibbons",
    "agent_username": "pgibbons",
    "conversation_duration": 203,
    "conversation_id": "abd627dbecffc",
    "message_body": "I\'ll... set the building on fire",
    "message_id": "bcadac1183618cbe"
  }
}`,
	Sent: `{
  "userId": "019mr8mf4r",
  "action": "track",
  "event": "Live Chat Message Sent",
  "properties": {
    "agent_id": "bce89acdd11901",
    "agent_name": "Peter Gibbons",
    "agent_username": "pgibbons",
    "conversation_duration": 45,
    "conversation_id": "abd627dbecffc",
    "message_body": "But then they switched from the Swingline to the Boston stapler!",
    "message_id": "beaffc193618cbe"
  }
}`,
	Received: `{
  "userId": "019mr8mf4r",
  "action": "track",
  "event": "Live Chat Message Received",
  "properties": {
    "agent_id": "bce89acdd11901",
    "agent_name": "Peter Gibbons",
    "agent_username": "pgibbons",
    "conversation_duration": 98,
    "conversation_id": "abd627dbecffc",
    "message_body": "Yeah, uh huh, okay, Milton",
    "message_id": "beaffc193618cbe"
  }
}`,
}

// TestSpecExamples: three of the four are good once "action" is read as an
// alias; the one of Ended is not JSON.
func TestSpecExamples(t *testing.T) {
	for k, call := range examples {
		want := ""
		if k == Ended {
			want = `not JSON: invalid character '\'' in string escape code: JSON has no escape \'; write ' alone, at line 11, column 24 (byte 311)`
		}
		if got := sentence(ValidateJSON([]byte(call))); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", k, got, want)
		}
	}
}

// TestSpecExamplesMarshal: Event writes what the examples show, byte for byte,
// but for "type" and the broken escape.
func TestSpecExamplesMarshal(t *testing.T) {
	for k, call := range examples {
		want := strings.NewReplacer(`"action"`, `"type"`, `\'`, `'`).Replace(call)
		var e Event
		if err := json.Unmarshal([]byte(want), &e); err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		got, err := json.MarshalIndent(e, "", "  ")
		if err != nil {
			t.Fatalf("%s: %v", k, err)
		}
		if string(got) != want {
			t.Errorf("%s: got %s\nwant %s", k, got, want)
		}
		if got := sentence(ValidateJSON(got)); got != "" {
			t.Errorf("%s: got %s, want no problem", k, got)
		}
	}
}

// FuzzValidateJSON: it judges any bytes without panicking, in the same words
// each time, and accepts nothing without a conversation.
func FuzzValidateJSON(f *testing.F) {
	f.Add([]byte(good))
	for _, call := range examples {
		f.Add([]byte(call))
	}
	f.Add([]byte(`{"userId":1,"properties":{"conversation_duration":1e400}}`))
	f.Add([]byte("[{}"))
	f.Add([]byte("\xff{\"userId\":\"\\'"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := ValidateJSON(b)
		if again := ValidateJSON(b); !slices.Equal(got, again) {
			t.Fatalf("got %v, then %v", got, again)
		}
		if len(got) > 0 {
			return
		}
		var call map[string]any
		if err := json.Unmarshal(b, &call); err != nil {
			t.Fatalf("accepted what is not an object: %v", err)
		}
		if p, ok := call["properties"].(map[string]any); !ok || p["conversation_id"] == "" || p["conversation_id"] == nil {
			t.Fatal("accepted without conversation_id")
		}
	})
}
