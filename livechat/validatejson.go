package livechat

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/livechat/internal/strictjson"
)

// ValidateJSON returns everything that is wrong with b, a track call that
// somebody else made and that names one of the four events, or nil if nothing
// is. The problems come in the order in which [Event] marshals its fields.
//
// It asks for what [Event.Validate] asks for, and beyond that for right types:
// b need not have been made by a program that has any. Three things a foreign
// call may leave out, as whoever takes it in can supply them: messageId,
// timestamp and conversation_duration. It may say "action" where "type"
// belongs, as the specification's examples do, say null for the one of userId
// and anonymousId that is not known, as browsers' SDKs do, and carry further
// properties of its own. No known property may be null or empty.
//
// b is counted against [MaxEventBytes] as it stands.
func ValidateJSON(b []byte) []Problem {
	v, err := strictjson.Decode(b)
	if err != nil {
		return []Problem{{"", notJSON(b, err), ""}}
	}
	call, ok := v.(map[string]any)
	if !ok {
		return []Problem{{"", wrongType(v, "an object"), ""}}
	}
	var j judge
	if len(b) > MaxEventBytes {
		j.add("", fmt.Sprintf("%d bytes: receivers refuse a call of more than %d", len(b), MaxEventBytes), "")
	}
	j.user(call)
	j.callType(call)
	event := j.event(call)
	j.properties(call, event)
	if id, ok := j.text(call, "messageId", "messageId"); ok && longID(id) {
		j.add("messageId", longMessageID, "")
	}
	j.time(call, "timestamp")
	j.time(call, "originalTimestamp")
	j.object(call, "context")
	j.device(call)
	j.object(call, "integrations")
	j.time(call, "sentAt")
	return j.problems
}

func notJSON(b []byte, err error) string {
	var e *strictjson.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	line, column := e.Position(b)
	return fmt.Sprintf("%s, at line %d, column %d (byte %d)", e.Problem, line, column, e.Offset+1)
}

// judge gathers what is wrong with one call.
type judge struct{ problems []Problem }

func (j *judge) add(path, problem, code string) {
	j.problems = append(j.problems, Problem{path, problem, code})
}

func (j *judge) user(call map[string]any) {
	found := false
	for _, key := range [...]string{"userId", "anonymousId"} {
		switch v := call[key].(type) {
		case nil:
			continue
		case string:
			if v == "" {
				j.add(key, empty, codeIDNotString)
			}
		default:
			j.add(key, wrongType(v, "a string"), codeIDNotString)
		}
		found = true
	}
	if !found {
		j.add("userId", missingUser, codeNoUser)
	}
}

func (j *judge) callType(call map[string]any) {
	key := "type"
	v, ok := call["type"]
	if !ok {
		if v, ok = call["action"]; ok {
			key = "action"
		}
	}
	switch {
	case !ok:
		j.add("type", `missing: want "track"`, codeNoType)
	case v != "track":
		code := ""
		if key == "type" && !isType(v) {
			code = codeInvalidType
		}
		j.add(key, `not "track": Live Chat events are track calls`, code)
	}
}

// isType reports whether v is one of the types of calls that Segment knows.
func isType(v any) bool {
	switch v {
	case "track", "page", "screen", "identify", "alias", "group":
		return true
	}
	return false
}

func (j *judge) event(call map[string]any) Kind {
	v, ok := call["event"]
	s, isString := v.(string)
	switch {
	case !ok || v == "":
		j.add("event", missing, codeNoEvent)
	case !isString:
		j.add("event", wrongType(v, "a string"), codeEventString)
	case !Kind(s).known():
		j.add("event", notOneOfFour, "")
	}
	return Kind(s)
}

func (j *judge) properties(call map[string]any, event Kind) {
	v, ok := call["properties"]
	if !ok {
		j.add("properties", missing, "")
		return
	}
	p, ok := v.(map[string]any)
	if !ok {
		j.add("properties", wrongType(v, "an object"), codePropertiesObj)
		return
	}
	j.text(p, "agent_id", "properties.agent_id")
	j.text(p, "agent_name", "properties.agent_name")
	j.text(p, "agent_username", "properties.agent_username")
	j.duration(p)
	j.required(p, "conversation_id")
	j.text(p, "message_body", "properties.message_body")
	if event == Ended {
		j.text(p, "message_id", "properties.message_id")
	} else {
		j.required(p, "message_id")
	}
}

func (j *judge) required(properties map[string]any, key string) {
	if _, ok := properties[key]; !ok {
		j.add("properties."+key, missing, "")
		return
	}
	j.text(properties, key, "properties."+key)
}

// text judges the string m[key], if there is one, and returns it if it is good.
func (j *judge) text(m map[string]any, key, path string) (string, bool) {
	v, ok := m[key]
	if !ok {
		return "", false
	}
	s, ok := v.(string)
	switch {
	case v == nil:
		j.add(path, null, "")
	case !ok:
		j.add(path, wrongType(v, "a string"), "")
	case s == "":
		j.add(path, empty, "")
	default:
		return s, true
	}
	return "", false
}

func (j *judge) duration(properties map[string]any) {
	const key, path = "conversation_duration", "properties.conversation_duration"
	v, ok := properties[key]
	if !ok {
		return
	}
	n, ok := v.(json.Number)
	if !ok {
		if v == nil {
			j.add(path, null, "")
		} else {
			j.add(path, wrongType(v, "a number of seconds"), "")
		}
		return
	}
	d, err := strconv.ParseFloat(n.String(), 64)
	switch {
	case d < 0:
		j.add(path, negative, "")
	case err != nil || d > maxDuration:
		j.add(path, tooLong, "")
	case d != math.Trunc(d):
		j.add(path, "a fraction: want whole seconds, rounded down", "")
	}
}

func (j *judge) time(call map[string]any, key string) {
	s, ok := j.text(call, key, key)
	if !ok {
		return
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		j.add(key, `not RFC 3339: want the form "2006-01-02T15:04:05.000Z"`, "")
	} else if !plausible(t) {
		j.add(key, outOfRange, "")
	}
}

func (j *judge) object(call map[string]any, key string) {
	v, ok := call[key]
	if _, isObject := v.(map[string]any); ok && v != nil && !isObject {
		j.add(key, wrongType(v, "an object"), "")
	}
}

// device judges the one thing for whose sake Segment discards a call and which
// only the SDKs of telephones send.
func (j *judge) device(call map[string]any) {
	context, _ := call["context"].(map[string]any)
	device, _ := context["device"].(map[string]any)
	v := device["advertisingId"]
	if _, isString := v.(string); v != nil && !isString {
		j.add("context.device.advertisingId", wrongType(v, "a string"), codeAdvertisingID)
	}
}

func wrongType(v any, want string) string {
	is := "an object"
	switch v.(type) {
	case nil:
		is = "null"
	case string:
		is = "a string"
	case json.Number:
		is = "a number"
	case bool:
		is = "a boolean"
	case []any:
		is = "an array"
	}
	return is + ": want " + want
}
