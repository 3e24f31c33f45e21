package lint

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGoldens: what people see for each file of testdata.
func TestGoldens(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json*")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d files (%v), want some", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer in.Close()
			r, err := Check(in)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if err := r.WriteText(&got); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, filepath.Ext(file)) + ".txt"
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("got\n%s\nwant\n%s", got.Bytes(), want)
			}
		})
	}
}

// aCall writes a good call, changed as the arguments say: "key=value" sets a
// property to a JSON value, ".key=value" a field of the call, and "key" alone
// takes it out.
func aCall(event string, changes ...string) string {
	properties := map[string]json.RawMessage{"conversation_id": []byte(`"c1"`), "message_id": []byte(`"m1"`),
		"message_body": []byte(`"MARK body"`), "agent_name": []byte(`"MARK name"`)}
	fields := map[string]any{"userId": "u1", "type": "track", "event": event, "properties": properties}
	id := event
	for _, c := range changes {
		id += " " + c
		key, v, isSet := strings.Cut(c, "=")
		top, isTop := strings.CutPrefix(key, ".")
		switch {
		case isTop && isSet:
			fields[top] = json.RawMessage(v)
		case isTop:
			delete(fields, top)
		case isSet:
			properties[key] = json.RawMessage(v)
		default:
			delete(properties, key)
		}
	}
	if _, ok := fields["messageId"]; !ok && !slices.Contains(changes, ".messageId") {
		fields["messageId"] = fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(id)))
	}
	b, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(b)
}

const (
	started  = "Live Chat Conversation Started"
	sent     = "Live Chat Message Sent"
	received = "Live Chat Message Received"
	ended    = "Live Chat Conversation Ended"
)

func lines(calls ...string) string { return strings.Join(calls, "\n") + "\n" }

// found is what the tests look at of a finding.
func found(r Report) []string {
	var s []string
	for _, f := range r.Findings {
		s = append(s, strings.TrimSpace(fmt.Sprintf("%d %s %s", f.Line, f.Rule, f.Path)))
	}
	return s
}

var ruleTests = []struct {
	name string
	in   string
	want []string // line, rule, path
}{
	{"a whole conversation", lines(aCall(received, `message_id="m0"`, "conversation_duration=0"), aCall(started, "conversation_duration=0"),
		aCall(sent, "conversation_duration=0"), aCall(received, `message_id="m2"`, "conversation_duration=45"),
		aCall(ended, "message_id", "conversation_duration=203")), nil},
	{"goes on after its end", lines(aCall(started), aCall(sent), aCall(ended), aCall(sent, `message_id="m2"`), aCall(ended, `message_id="m2"`)), nil},
	{"starts again after its end", lines(aCall(started, "conversation_duration=0"), aCall(sent), aCall(ended, "conversation_duration=203"),
		aCall(started, `message_id="m2"`, "conversation_duration=0"), aCall(sent, `message_id="m2"`, "conversation_duration=0")), nil},
	{"started only", lines(aCall(started), aCall(received, `message_id="m2"`)), nil},
	{"bodies omitted", lines(aCall(started, "message_body"), aCall(sent, "message_body")), nil},
	{"two conversations interleaved", lines(aCall(started), aCall(started, `conversation_id="c2"`), aCall(ended, `conversation_id="c2"`), aCall(sent), aCall(ended)), nil},

	{"not JSON", lines(aCall(started), `{"userId": "u1", "event": "Live Ch`, aCall(sent)), []string{"2 bad-json"}},
	{"not a call", lines(aCall(started), `7`, `"x"`, `null`, `{"name":"x"}`), []string{"2 not-a-call", "3 not-a-call", "4 not-a-call", "5 not-a-call"}},
	{"more than is held", lines(aCall(started), `{"x":"`+strings.Repeat("x", maxValue)+`"}`, aCall(sent, "conversation_id")),
		[]string{"2 too-large", "3 missing-conversation-id properties.conversation_id"}},
	{"more than receivers take", lines(aCall(started, `message_body="`+strings.Repeat("x", 32_000)+`"`)), []string{"1 oversize-call"}},
	{"an empty batch", `{"batch": []}`, []string{"1 empty-batch batch"}},

	{"no name", lines(`{"type":"track","userId":"u1"}`, aCall("", `.action="track"`, ".type"), aCall("", ".event=null")),
		[]string{"1 missing-event event", "2 empty-string event", "3 null-value event"}},
	{"a name that is none", lines(aCall("", ".event=7")), []string{"1 wrong-type event"}},
	{"another case", lines(aCall("Live chat conversation started")), []string{"1 near-miss-event event"}},
	{"the name of 2015", lines(aCall("Live Chat Started")), []string{"1 near-miss-event event"}},
	{"a near miss starts a conversation", lines(aCall("chat_started"), aCall(ended)), []string{"1 near-miss-event event"}},
	{"another event", lines(aCall("Order Completed"), aCall("Conversation Started"), aCall("Chat Rated"), aCall("Live Chat Message Read")), nil},
	{"other calls", lines(`{"type":"identify","userId":"u1"}`, `{"type":"page","name":"Chat Started"}`, aCall("Chat Started", `.type="screen"`)), nil},
	{"the alias", lines(aCall(started, ".type", `.action="track"`)), []string{"1 action-alias action"}},
	{"the alias beside the type", lines(aCall(started, `.action="track"`)), []string{"1 action-alias action"}},
	{"no type", lines(aCall(started, ".type")), []string{"1 missing-type type"}},
	{"a page", lines(aCall(started, `.type="page"`)), []string{"1 not-track type"}},
	{"wrong types", lines(aCall(started, ".userId=7", "conversation_id=17", "agent_id=[]", `conversation_duration="0"`, ".context=1")),
		[]string{"1 wrong-type userId", "1 wrong-type properties.agent_id", "1 wrong-type properties.conversation_duration",
			"1 wrong-type properties.conversation_id", "1 wrong-type context"}},
	{"nulls", lines(aCall(started, "agent_id=null", "conversation_duration=null", "rating=null")),
		[]string{"1 null-value properties.rating", "1 null-value properties.agent_id", "1 null-value properties.conversation_duration"}},
	{"empty strings", lines(aCall(started, `agent_id=""`, `department=""`, `.anonymousId=""`)),
		[]string{"1 empty-string properties.department", "1 empty-string anonymousId", "1 empty-string properties.agent_id"}},
	{"a fraction", lines(aCall(started, "conversation_duration=0.5")), []string{"1 bad-duration properties.conversation_duration"}},
	{"a negative duration", lines(aCall(started, "conversation_duration=-1")), []string{"1 negative-duration properties.conversation_duration"}},
	{"bad times", lines(aCall(started, `.timestamp="yesterday"`, `.sentAt=5`)), []string{"1 bad-timestamp timestamp", "1 wrong-type sentAt"}},
	{"a long messageId", lines(aCall(started, `.messageId="`+strings.Repeat("x", 101)+`"`)), []string{"1 long-call-id messageId"}},
	{"nobody", lines(aCall(started, ".userId", ".anonymousId=null")), []string{"1 missing-user userId"}},
	{"no messageId", lines(aCall(started, ".messageId")), []string{"1 missing-call-id messageId"}},
	{"no properties", lines(aCall(started, ".properties")), []string{"1 missing-properties properties"}},
	{"empty properties", lines(aCall(started, ".properties={}")), []string{"1 empty-properties properties"}},
	{"properties null", lines(aCall(started, ".properties=null")), []string{"1 null-value properties"}},
	{"started without message", lines(aCall(started, "message_id", "message_body")), []string{"1 started-without-message properties.message_id"}},
	{"started without the message's ID", lines(aCall(started, "message_id")), []string{"1 missing-message-id properties.message_id"}},
	{"no ids", lines(aCall(sent, "conversation_id", "message_id")),
		[]string{"1 missing-conversation-id properties.conversation_id", "1 missing-message-id properties.message_id"}},
	{"camelCase", lines(aCall(started, "conversation_id", `conversationId="c1"`, `agentId="a"`)),
		[]string{"1 camel-case-property properties.agentId", "1 camel-case-property properties.conversationId"}},
	{"camelCase of its own", lines(aCall(started, `visitorName="x"`, `department="x"`, `URL=null`)),
		[]string{"1 camel-case-property properties.URL", "1 null-value properties.URL", "1 camel-case-property properties.visitorName"}},
	{"camelCase does not hide the rest", lines(aCall(ended, "conversation_id", `conversationId="c1"`)),
		[]string{"1 camel-case-property properties.conversationId", "1 ended-without-start event"}},
	{"nearly", lines(aCall(started, `agent_nmae="x"`, `messageid="m1"`)),
		[]string{"1 near-miss-property properties.agent_nmae", "1 near-miss-property properties.messageid"}},

	{"nothing shows that the customer wrote", lines(aCall(started, "message_body"), aCall(received, `message_id="m2"`)), []string{"1 unproven-start"}},
	{"started twice", lines(aCall(started), aCall(sent), aCall(started, `message_id="m2"`)), []string{"3 misplaced-start event"}},
	{"started late", lines(aCall(sent), aCall(started, `message_id="m2"`)), []string{"2 misplaced-start event"}},
	{"ended without start", lines(aCall(ended)), []string{"1 ended-without-start event"}},
	{"ended twice", lines(aCall(started), aCall(ended), aCall(ended, `message_id="m2"`)), []string{"3 ended-again event"}},
	{"ended without start, twice", lines(aCall(ended), aCall(ended, `message_id="m2"`)), []string{"1 ended-without-start event", "2 ended-again event"}},
	{"durations shrink", lines(aCall(started, "conversation_duration=0"), aCall(sent, "conversation_duration=45"), aCall(received, `message_id="m2"`, "conversation_duration=44"),
		aCall(ended, "conversation_duration=44")), []string{"3 shrinking-duration properties.conversation_duration"}},
	{"durations with a point shrink", lines(aCall(started, "conversation_duration=0.0"), aCall(sent, "conversation_duration=98.0"), aCall(ended, "conversation_duration=45.0")),
		[]string{"3 shrinking-duration properties.conversation_duration"}},
	{"two sources that count from 1", lines(aCall(started, "conversation_duration=90", `.context={"live_chat":{"source":"a"}}`),
		aCall(started, "conversation_duration=0", `.context={"live_chat":{"source":"b"}}`)), nil},
	{"time goes back in another field", lines(aCall(started, `.originalTimestamp="2026-03-01T09:00:00Z"`), aCall(sent, `.originalTimestamp="2026-03-01T08:59:58Z"`)),
		[]string{"2 time-going-back originalTimestamp"}},
	{"time goes back", lines(aCall(started, `.timestamp="2026-03-01T09:00:00Z"`, "conversation_duration=9"), aCall(sent, `.timestamp="2026-03-01T08:59:58Z"`, "conversation_duration=7"),
		aCall(ended, `.timestamp="2026-03-01T08:59:59Z"`, "conversation_duration=8")), []string{"2 time-going-back timestamp"}},
	{"swapped", lines(aCall(started), aCall(received), aCall(sent, `message_id="m2"`)), []string{"2 swapped-perspective properties.message_id"}},
	{"swapped, the other way round", lines(aCall(received), aCall(started)), []string{"2 swapped-perspective properties.message_id"}},
	{"as the specification's examples", lines(aCall(started), aCall(sent), aCall(received)), nil},
	{"messageId used again", lines(aCall(started, `.messageId="x"`), aCall(sent, `.messageId="x"`)), []string{"2 reused-call-id messageId"}},
	{"messageId of another call", lines(`{"type":"identify","userId":"u1","messageId":"x"}`, `{"type":"page","userId":"u1","messageId":"x"}`, aCall(sent, `.messageId="x"`)),
		[]string{"3 reused-call-id messageId"}},
	{"told twice", lines(aCall(started, `.messageId="x"`, `.sentAt="2026-03-01T09:00:00Z"`), aCall(started, `.messageId="x"`, `.sentAt="2026-03-01T09:00:05Z"`)), []string{"2 repeated-call messageId"}},
	{"one cause, many consequences", lines(aCall("Chat Started", ".properties={}", ".type", `.action="track"`, ".userId=null")),
		[]string{"1 near-miss-event event", "1 action-alias action", "1 empty-properties properties", "1 missing-user userId"}},
}

func TestRules(t *testing.T) {
	for _, tt := range ruleTests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Check(strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if got := found(r); !slices.Equal(got, tt.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tt.want, "\n"))
			}
			if got, want := r.Clean(), len(tt.want) == 0; got != want {
				t.Errorf("got Clean %v, want %v", got, want)
			}
		})
	}
}

// TestEveryRuleIsTested, and none is found that Rules does not list.
func TestEveryRuleIsTested(t *testing.T) {
	tested := map[string]bool{}
	for _, tt := range ruleTests {
		for _, w := range tt.want {
			tested[strings.Fields(w)[1]] = true
		}
	}
	for _, r := range Rules() {
		if !tested[r.Name] {
			t.Errorf("%s: no test finds it", r.Name)
		}
		if r.Help == "" || r.Severity != Error && r.Severity != Warning {
			t.Errorf("%s: got severity %q and help %q, want both", r.Name, r.Severity, r.Help)
		}
	}
}

// TestReportsNameNobody: neither message bodies nor names reach a report.
func TestReportsNameNobody(t *testing.T) {
	for _, tt := range ruleTests {
		r, err := Check(strings.NewReader(tt.in))
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := r.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(text.Bytes(), []byte("MARK")) || bytes.Contains(b, []byte("MARK")) {
			t.Errorf("%s: got the body or name in the report", tt.name)
		}
	}
}

// TestFindingsAreCounted beyond those that are held.
func TestFindingsAreCounted(t *testing.T) {
	r, err := Check(strings.NewReader(strings.Repeat(lines(aCall("Chat Started", ".messageId", "conversation_id")), 250)))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{nearMissEvent: 250, missingCallID: 250, missingConvID: 250}
	if !maps.Equal(r.Counts, want) || len(r.Findings) != 300 {
		t.Errorf("got %v and %d findings, want %v and 300", r.Counts, len(r.Findings), want)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if want := "250 near-miss-event (the first 100 shown)"; !strings.Contains(text.String(), want) {
		t.Errorf("got a text without %q", want)
	}
}

// TestForgetting: a conversation that may have been forgotten is not accused
// of having no start.
func TestForgetting(t *testing.T) {
	c := newChecker()
	c.conversations.max = 2
	in := lines(aCall(started), aCall(started, `conversation_id="c2"`), aCall(started, `conversation_id="c3"`), aCall(started, `conversation_id="c4"`),
		aCall(started, `conversation_id="c5"`), aCall(ended))
	if err := split(strings.NewReader(in), c.value); err != nil {
		t.Fatal(err)
	}
	c.finish()
	if !c.report.Clean() {
		t.Errorf("got %q, want nothing", found(c.report))
	}
}

func TestStrangeIDsAreTamed(t *testing.T) {
	in := lines(aCall(ended, `conversation_id="\u001b[2J`+strings.Repeat("x", 500)+`"`))
	r, err := Check(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := r.WriteText(&text); err != nil {
		t.Fatal(err)
	}
	if got := text.String(); strings.Contains(got, "\x1b") || !strings.Contains(got, `conversation "\x1b[2Jxxx`) || strings.Contains(got, strings.Repeat("x", 121)) {
		t.Errorf("got %q, want the id quoted and cut", got)
	}
}

// FuzzCheck: any input gives one report, twice the same, whose counts and
// findings agree.
func FuzzCheck(f *testing.F) {
	for _, tt := range ruleTests {
		if len(tt.in) < 10_000 {
			f.Add([]byte(tt.in))
		}
	}
	f.Add([]byte("[{\"a\": \"\\'\n}, 7, [[{}]], {\"batch\": [{}]}"))
	f.Add([]byte("{\"batch\":[\n[],{\"batch\":[{}]}]}\n]"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := Check(bytes.NewReader(b))
		again, errAgain := Check(iotest.OneByteReader(bytes.NewReader(b)))
		one, two := mustMarshal(t, r), mustMarshal(t, again)
		if !bytes.Equal(one, two) || (err == nil) != (errAgain == nil) {
			t.Fatalf("got %s (%v), then %s (%v)", one, err, two, errAgain)
		}
		held := map[string]int{}
		for _, f := range r.Findings {
			held[f.Rule]++
			if f.Line < 1 || f.Line > bytes.Count(b, []byte("\n"))+1 {
				t.Fatalf("got line %d, want one of the input", f.Line)
			}
		}
		for rule, n := range r.Counts {
			if held[rule] != min(n, maxFindings) {
				t.Fatalf("%s: got %d of %d findings", rule, held[rule], n)
			}
		}
		if err := r.WriteText(io.Discard); err != nil {
			t.Fatal(err)
		}
	})
}

func mustMarshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
