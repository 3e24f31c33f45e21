package lint

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/livechat"
	"github.com/parlance-chat/parlance/livechat/internal/strictjson"
)

// A call is one Live Chat event of the input.
type call struct {
	place  Finding // what every finding about it says
	kind   livechat.Kind
	raw    []byte
	fields map[string]any
	// properties has also what is only almost named like one of the seven,
	// under the right name, so that one wrong name does not hide the rest.
	properties map[string]any
	nearMiss   map[string]string // the right name → the name that the call uses
}

// maxDepth is how deep a call lies at most: in a batch body in an array.
const maxDepth = 2

func (c *checker) value(v value) { c.read(v, 0) }

func (c *checker) read(v value, depth int) {
	place := Finding{Line: v.line}
	if v.fault != "" {
		c.addTo(place, badJSON, "", fmt.Sprintf("not JSON: %s, at line %d, column %d", v.fault, v.line, v.column))
		return
	}
	if v.raw == nil {
		c.usable = true
		c.addTo(place, tooLarge, "", "more than 1 MiB: not read")
		return
	}
	decoded, err := strictjson.Decode(v.raw)
	if err != nil {
		if depth < maxDepth && v.several(err) {
			c.elements(v, v.raw, depth)
		} else {
			c.addTo(place, badJSON, "", v.broken(err))
		}
		return
	}
	switch decoded := decoded.(type) {
	case []any:
		if depth < maxDepth {
			c.elements(v, v.raw, depth)
			return
		}
	case map[string]any:
		batch, isBatch := decoded["batch"].([]any)
		isBatch = isBatch && depth < maxDepth
		switch {
		case isBatch && len(batch) == 0:
			c.usable = true
			place.Code = "empty_batch"
			c.addTo(place, emptyBatch, "batch", "empty")
		case isBatch:
			c.batch(v, depth)
		case isCall(decoded):
			c.usable = true
			c.call(v, decoded)
		default:
			c.addTo(place, notACall, "", "an object with neither type nor event nor any ID of a call")
		}
		return
	}
	c.addTo(place, notACall, "", "not an object")
}

// isCall tells calls, however incomplete, from what another program wrote: a
// clean report of the wrong file would be a lie.
func isCall(fields map[string]any) bool {
	for _, key := range [...]string{"type", "action", "event", "userId", "anonymousId", "messageId"} {
		if _, ok := fields[key]; ok {
			return true
		}
	}
	return false
}

// several tells whether v, of which err came, is an object with another behind
// it in the same line.
func (v value) several(err error) bool {
	var e *strictjson.Error
	return errors.As(err, &e) && e.More && v.raw[e.Offset] == '{'
}

func (c *checker) batch(v value, depth int) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(v.raw, &body); err != nil {
		panic(fmt.Sprintf("BUG: lint: what was decoded once: %v", err))
	}
	c.elements(v, body["batch"], depth)
}

// elements reads the elements of array, which is a part of v.
func (c *checker) elements(v value, array []byte, depth int) {
	s := splitter{
		r:     bufio.NewReader(bytes.NewReader(array)),
		yield: func(v value) { c.read(v, depth+1) },
	}
	s.line, s.column = v.at(bytes.Index(v.raw, array))
	if err := s.run(); err != nil {
		panic(fmt.Sprintf("BUG: lint: reading from memory: %v", err))
	}
}

// at returns where in the input the byte at offset of v is.
func (v value) at(offset int) (line, column int) {
	before := v.raw[:offset]
	n := bytes.Count(before, []byte("\n"))
	column = len(before) - bytes.LastIndexByte(before, '\n')
	if n == 0 {
		column += v.column - 1
	}
	return v.line + n, column
}

func (v value) broken(err error) string {
	var e *strictjson.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	line, column := v.at(e.Offset)
	return fmt.Sprintf("%s, at line %d, column %d", e.Problem, line, column)
}

func (c *checker) addTo(place Finding, rule, path, problem string) {
	place.Rule, place.Path, place.Problem = rule, short(path), problem
	c.add(place)
}

// call judges the object v, if it is a Live Chat event.
func (c *checker) call(v value, fields map[string]any) {
	c.report.Calls++
	kind, exact := eventOf(fields)
	if kind == "" {
		c.other(v, fields)
		return
	}
	c.report.LiveChat++
	k := newCall(kind, v.raw, fields)
	k.place.Line, k.place.Call = v.line, c.report.Calls
	if !exact {
		c.addTo(k.place, nearMissEvent, "event", fmt.Sprintf("%q is not in the specification; the nearest is %q", fields["event"], kind))
	}
	c.names(k)
	c.values(k)
	if repeated := c.identity(k); !repeated {
		c.history(k)
	}
}

// other looks at a call that is none of the four, as far as it concerns them:
// its messageId is taken, and a track call without a name may have been one.
func (c *checker) other(v value, fields map[string]any) {
	id, _ := fields["messageId"].(string)
	c.claim(id, seen{line: v.line})
	if name, isString := fields["event"].(string); isString && name != "" || typeOf(fields) != "track" {
		return
	}
	place := Finding{Line: v.line, Call: c.report.Calls, MessageID: short(id)}
	for _, p := range livechat.ValidateJSON(compact(v.raw)) {
		if p.Path == "event" {
			place.Code = p.Code
			c.addTo(place, call{fields: fields}.ruleOf(p), p.Path, p.Problem)
		}
	}
}

// typeOf returns the type of a call, for which "action" stands where there is
// none.
func typeOf(fields map[string]any) any {
	if typ, ok := fields["type"]; ok {
		return typ
	}
	return fields["action"]
}

// eventOf returns which of the four events a call is, none if it is another
// one, and whether its name is exact.
func eventOf(fields map[string]any) (k livechat.Kind, exact bool) {
	name, _ := fields["event"].(string)
	if slices.Contains(livechat.Kinds(), livechat.Kind(name)) {
		return livechat.Kind(name), true
	}
	if typ := typeOf(fields); typ != nil && typ != "track" {
		return "", false
	}
	k, _ = nearestEvent(name)
	return k, false
}

func newCall(kind livechat.Kind, raw []byte, fields map[string]any) call {
	given, _ := fields["properties"].(map[string]any)
	k := call{kind: kind, raw: raw, fields: fields, properties: maps.Clone(given), nearMiss: map[string]string{}}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		name, ok := nearestProperty(key)
		if !ok {
			continue
		}
		if _, taken := k.properties[name]; !taken {
			k.properties[name] = given[key]
			k.nearMiss[name] = key
		}
	}
	k.place.Event = string(kind)
	id, _ := fields["messageId"].(string)
	k.place.Conversation, k.place.MessageID = short(k.text("conversation_id")), short(id)
	return k
}

// short bounds what a report holds of a name or ID that a stranger chose.
func short(s string) string {
	const most = 120
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + "…"
		}
	}
	return s
}

// text returns a property that is a string, or should have been one.
func (k call) text(property string) string {
	switch v := k.properties[property].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// time returns when the call says it happened, and which of its fields says
// so: the SDKs of RudderStack have originalTimestamp only.
func (k call) time() (t time.Time, key string) {
	key = "timestamp"
	if _, ok := k.fields[key]; !ok {
		key = "originalTimestamp"
	}
	s, _ := k.fields[key].(string)
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, key
	}
	return t, key
}

// names finds keys that are not spelled as the specification spells them, and
// the values of unknown properties that say nothing.
func (c *checker) names(k call) {
	if k.fields["action"] == "track" {
		f := k.place
		if _, ok := k.fields["type"]; ok {
			c.addTo(f, actionAlias, "action", `stands beside "type"`)
		} else {
			f.Code = "missing_type"
			c.addTo(f, actionAlias, "action", `stands where "type" belongs`)
		}
	}
	given, _ := k.fields["properties"].(map[string]any)
	for _, key := range slices.Sorted(maps.Keys(given)) {
		path := "properties." + key
		if slices.Contains(properties(), key) {
			continue // ValidateJSON's
		}
		name, near := nearestProperty(key)
		switch {
		case near && strings.ToLower(key) != key:
			c.addTo(k.place, camelCase, path, "the specification says "+name)
		case near:
			c.addTo(k.place, nearMissProperty, path, "the specification says "+name)
		case strings.ToLower(key) != key:
			c.addTo(k.place, camelCase, path, "not snake_case")
		}
		switch {
		case near: // the value is judged under the right name
		case given[key] == nil:
			c.addTo(k.place, nullValue, path, "null: leave out what is not known")
		case given[key] == "":
			c.addTo(k.place, emptyString, path, "empty: leave out what is not known")
		}
	}
}

// values tells what livechat.ValidateJSON says, except what is the consequence
// of a finding about a name.
func (c *checker) values(k call) {
	given, isObject := k.fields["properties"].(map[string]any)
	if isObject && len(given) == 0 {
		c.addTo(k.place, emptyProperties, "properties", "empty")
	}
	for _, p := range livechat.ValidateJSON(compact(k.raw)) {
		property, isProperty := strings.CutPrefix(p.Path, "properties.")
		if p.Path == "event" || isProperty && (len(given) == 0 || k.nearMiss[property] != "") {
			continue
		}
		f := k.place
		f.Code = p.Code
		c.addTo(f, k.ruleOf(p), p.Path, p.Problem)
	}
	if _, ok := k.fields["messageId"]; !ok {
		c.addTo(k.place, missingCallID, "messageId", "missing")
	}
}

// compact takes out the white space that no SDK would send, where the size of
// the call matters.
func compact(raw []byte) []byte {
	if len(raw) <= livechat.MaxEventBytes {
		return raw
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return raw
	}
	return b.Bytes()
}

// ruleOf names the rule that p, a problem of k, breaks.
func (k call) ruleOf(p livechat.Problem) string {
	v, ok := k.fields[p.Path]
	if property, isProperty := strings.CutPrefix(p.Path, "properties."); isProperty {
		v, ok = k.properties[property]
	}
	switch {
	case p.Path == "":
		return oversizeCall
	case p.Code == "no_user_anon_id":
		return missingUser
	case !ok:
		return k.ruleOfMissing(p.Path)
	case v == nil:
		return nullValue
	case v == "":
		return emptyString
	case p.Path == "type" || p.Path == "action":
		return notTrack
	}
	switch v := v.(type) {
	case json.Number:
		if p.Path == "properties.conversation_duration" {
			if strings.HasPrefix(v.String(), "-") {
				return negativeDuration
			}
			return badDuration
		}
	case string:
		switch p.Path {
		case "messageId":
			return longCallID
		case "timestamp", "originalTimestamp", "sentAt":
			return badTimestamp
		}
	}
	return wrongType
}

func (k call) ruleOfMissing(path string) string {
	switch {
	case path == "type":
		return missingType
	case path == "event":
		return missingEvent
	case path == "properties":
		return missingProperties
	case path == "properties.conversation_id":
		return missingConvID
	case k.kind == livechat.Started && k.text("message_body") == "":
		return startWithoutMessage
	default:
		return missingMessageID
	}
}
