package livechat

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func compile(t *testing.T, schema []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("urn:schema", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("urn:schema")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func accepts(t interface{ Fatal(...any) }, s *jsonschema.Schema, call []byte) bool {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(call))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v) == nil
}

// TestSchemaAndTypesAgree compares names and types in both directions.
func TestSchemaAndTypesAgree(t *testing.T) {
	var root node
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	agree(t, "", root, reflect.TypeFor[track]())
}

// TestWhatIsRequiredIsDescribed, in the same place: strict validators, such as
// RudderStack's, refuse a schema that requires what it does not describe.
func TestWhatIsRequiredIsDescribed(t *testing.T) {
	var walk func(path string, v any)
	walk = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			properties, _ := v["properties"].(map[string]any)
			required, _ := v["required"].([]any)
			for _, name := range required {
				if _, ok := properties[name.(string)]; !ok {
					t.Errorf("%s requires %q without describing it", path, name)
				}
			}
			for key, sub := range v {
				walk(path+"/"+key, sub)
			}
		case []any:
			for _, sub := range v {
				walk(path, sub)
			}
		}
	}
	for name, text := range map[string][]byte{"schema": Schema(), "segment": SegmentPlan(), "rudderstack": RudderStackPlan()} {
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		walk(name, v)
	}
}

type node struct {
	Type       any
	Const      any
	Enum       []string
	Format     string
	Properties map[string]node
}

func agree(t *testing.T, path string, s node, goType reflect.Type) {
	t.Helper()
	seen := map[string]bool{}
	for f := range goType.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		seen[name] = true
		sub, ok := s.Properties[name]
		if !ok {
			t.Errorf("%s%s: in the type, not in the schema", path, name)
			continue
		}
		if got, want := sub.jsonType(), jsonTypeOf(f.Type); got != want {
			t.Errorf("%s%s: got type %q in the schema, want %q", path, name, got, want)
		}
		if f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[stamp]() {
			agree(t, path+name+".", sub, f.Type)
		}
	}
	for name := range s.Properties {
		if !seen[name] {
			t.Errorf("%s%s: in the schema, not in the type", path, name)
		}
	}
}

// jsonType reduces what the schema says to one word; where null is allowed too
// it is left out.
func (s node) jsonType() string {
	switch v := s.Type.(type) {
	case string:
		return strings.TrimSpace(v + " " + s.Format)
	case []any:
		return v[0].(string)
	}
	if s.Const != nil || s.Enum != nil {
		return "string"
	}
	return ""
}

func jsonTypeOf(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[stamp]():
		return "string date-time"
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Int64:
		return "integer"
	default:
		return "object"
	}
}

func TestSchemaNamesTheFourEvents(t *testing.T) {
	var root node
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, k := range Kinds() {
		want = append(want, string(k))
	}
	if got := root.Properties["event"].Enum; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// anEvent draws events of which about half are valid.
func anEvent(t *rapid.T) Event {
	id := rapid.SampledFrom([]string{"", "7", "abd627dbecffc", "é", "<&>"})
	unit := rapid.SampledFrom([]time.Time{{}, time.Unix(-1, 0), time.Unix(0, 0), time.Unix(1_772_355_600, 123e6)})
	some := func(label string, g *rapid.Generator[string]) string {
		if rapid.IntRange(0, 9).Draw(t, label+"?") > 0 {
			return "x1"
		}
		return g.Draw(t, label)
	}
	e := Event{
		UserID:      some("userId", id),
		AnonymousID: id.Draw(t, "anonymousId"),
		Kind:        Kind(rapid.SampledFrom([]Kind{Started, Ended, Sent, Received, "Order Completed"}).Draw(t, "event")),
		Properties: Properties{
			AgentID: id.Draw(t, "agent_id"), AgentName: id.Draw(t, "agent_name"), AgentUsername: id.Draw(t, "agent_username"),
			ConversationDuration: rapid.SampledFrom([]int64{0, 45, 203, 1<<53 - 1, 1 << 53, -1}).Draw(t, "conversation_duration"),
			ConversationID:       some("conversation_id", id),
			MessageBody:          rapid.String().Draw(t, "message_body"),
			MessageID:            some("message_id", id),
		},
		MessageID: strings.Repeat("é", rapid.SampledFrom([]int{1, 36, 100, 101}).Draw(t, "messageId")),
		Timestamp: unit.Filter(func(t time.Time) bool { return !t.IsZero() }).Draw(t, "timestamp"),
		SentAt:    unit.Draw(t, "sentAt"),
	}
	if rapid.Bool().Draw(t, "context?") {
		e.Context = Context{Integration{"chatwoot", "4.0"}, Library{"parlance", "1"}, LiveChat{AgentType: "human", Source: "shop"}}
	}
	return e
}

// TestThreeJudgesAgree: Validate, ValidateJSON and the schema say the same of
// every event that has a messageId and a timestamp.
func TestThreeJudgesAgree(t *testing.T) {
	s := compile(t, Schema())
	rapid.Check(t, func(t *rapid.T) {
		e := anEvent(t)
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		problems := e.Validate()
		want := len(problems) == 0
		if got := accepts(t, s, b); got != want {
			t.Fatalf("got %v from the schema, want %v, as Validate says %v of %s", got, want, problems, b)
		}
		if got := ValidateJSON(b); (len(got) == 0) != want {
			t.Fatalf("got %v from ValidateJSON, Validate says %v of %s", got, problems, b)
		}
	})
}

// TestPlansAcceptEveryValidEvent: no violation arises from what Parlance sends.
func TestPlansAcceptEveryValidEvent(t *testing.T) {
	rules := map[string]map[Kind]*jsonschema.Schema{
		"segment":     segmentRules(t),
		"rudderstack": rudderStackRules(t),
	}
	rapid.Check(t, func(t *rapid.T) {
		e := anEvent(t)
		if e.Validate() != nil {
			return
		}
		b, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		for name, plan := range rules {
			if !accepts(t, plan[e.Kind], b) {
				t.Fatalf("%s: got a violation from %s", name, b)
			}
		}
	})
}

// TestPlansRefuse makes sure that the plans are not empty words.
func TestPlansRefuse(t *testing.T) {
	for name, plan := range map[string]map[Kind]*jsonschema.Schema{"segment": segmentRules(t), "rudderstack": rudderStackRules(t)} {
		for _, k := range Kinds() {
			for _, properties := range []string{`{}`, `{"conversation_id":"","message_id":"m"}`, `{"conversation_id":7,"message_id":"m"}`,
				`{"conversation_id":"c","message_id":"m","conversation_duration":-1}`, `{"conversation_id":"c","message_id":"m","agent_name":null}`} {
				call := []byte(`{"userId":"u","type":"track","event":"` + string(k) + `","properties":` + properties + `}`)
				if accepts(t, plan[k], call) {
					t.Errorf("%s: got no violation from %s", name, call)
				}
			}
		}
	}
}

func segmentRules(t *testing.T) map[Kind]*jsonschema.Schema {
	t.Helper()
	var plan struct {
		Rules []struct {
			Type       string
			Key        Kind
			JSONSchema json.RawMessage
		}
	}
	if err := json.Unmarshal(SegmentPlan(), &plan); err != nil {
		t.Fatal(err)
	}
	if n := len(plan.Rules); n > 200 {
		t.Errorf("got %d rules, Segment takes 200 per call", n)
	}
	rules := map[Kind]*jsonschema.Schema{}
	for _, r := range plan.Rules {
		rules[r.Key] = compile(t, r.JSONSchema)
	}
	return rules
}

func rudderStackRules(t *testing.T) map[Kind]*jsonschema.Schema {
	t.Helper()
	var plan struct {
		Events []struct {
			Name  Kind
			Rules json.RawMessage
		}
	}
	if err := json.Unmarshal(RudderStackPlan(), &plan); err != nil {
		t.Fatal(err)
	}
	rules := map[Kind]*jsonschema.Schema{}
	for _, e := range plan.Events {
		rules[e.Name] = compile(t, e.Rules)
	}
	return rules
}

func TestPlanGoldens(t *testing.T) {
	for name, got := range map[string][]byte{"segment-plan.json": SegmentPlan(), "rudderstack-plan.json": RudderStackPlan()} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: got another plan than the file, want the same; if it is meant, run go test -update", name)
		}
	}
}
