package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// TestForms: the same calls say the same in every form.
func TestForms(t *testing.T) {
	calls := []string{aCall(started), aCall(sent, "agent_id=null"), aCall(ended, `conversation_id="c2"`)}
	array := "[" + strings.Join(calls, ",\n") + "]"
	pretty := func(s string) string {
		var b bytes.Buffer
		if err := json.Indent(&b, []byte(s), "", "  "); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	forms := map[string]string{
		"lines":               lines(calls...),
		"lines with CRLF":     strings.Join(calls, "\r\n\r\n"),
		"lines with BOM":      "\uFEFF" + lines(calls...),
		"array":               array,
		"array in one line":   "[" + strings.Join(calls, ",") + "]",
		"pretty array":        pretty(array),
		"batch":               `{"writeKey":"k","batch":` + array + `}`,
		"pretty batch":        pretty(`{"sentAt":null,"batch":` + array + `}`),
		"batches in lines":    lines(`{"batch":[`+calls[0]+`]}`, `{"batch":[`+calls[1]+","+calls[2]+`]}`),
		"batches in array":    `[{"batch":[` + calls[0] + `]},` + "\n" + `{"batch":[` + calls[1] + "," + calls[2] + `]}]`,
		"objects in one line": strings.Join(calls, ""),
		"objects in lines":    lines(calls[0]+" "+calls[1], calls[2]),
		"pretty objects":      pretty(calls[0]) + "\n" + pretty(calls[1]) + pretty(calls[2]),
	}
	want := []string{"null-value properties.agent_id", "ended-without-start event"}
	for name, in := range forms {
		r, err := Check(strings.NewReader(in))
		if err != nil {
			t.Errorf("%s: got %v, want no error", name, err)
			continue
		}
		var got []string
		for i, f := range r.Findings {
			got = append(got, f.Rule+" "+f.Path)
			if f.Call != i+2 {
				t.Errorf("%s: got call %d, want %d", name, f.Call, i+2)
			}
		}
		if !slices.Equal(got, want) || r.Calls != 3 || r.LiveChat != 3 || r.Conversations != 2 {
			t.Errorf("%s: got %q in %d calls, %d Live Chat, %d conversations, want %q in 3, 3, 2", name, got, r.Calls, r.LiveChat, r.Conversations, want)
		}
	}
}

// TestLinesOfAPrettyBatch: a finding points at its call, not at the batch.
func TestLinesOfAPrettyBatch(t *testing.T) {
	in := "\n{\n  \"batch\": [\n    " + aCall(started) + ",\n    " + aCall(sent, "agent_id=null") + "\n  ]\n}\n"
	r, err := Check(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := found(r), []string{"5 null-value properties.agent_id"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestBroken: broken JSON is named with its place in the input, and does not
// hide what comes behind it.
func TestBroken(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"an escape that is none, in lines", lines(aCall(started), `{"a": "I\'ll"}`),
			`not JSON: invalid character '\'' in string escape code: JSON has no escape \'; write ' alone, at line 2, column 10`},
		{"in a pretty array", "[\n  " + aCall(started) + ", {\n    \"a\": \"I\\'ll\"\n  }\n]", `not JSON: invalid character '\'' in string escape code: JSON has no escape \'; write ' alone, at line 3, column 13`},
		{"in a compact array", `[{"type":"page"},{"a":x},` + aCall(started) + `]`, "not JSON: invalid character 'x' looking for beginning of value, at line 1, column 23"},
		{"a string without end", "[{\n\"a\": \"x\n}," + aCall(started) + "]", `not JSON: invalid character '\n' in string literal, at line 2, column 8`},
		{"an array without end", `[` + aCall(started) + ",\n", "not JSON: it ends in the middle, at line 2, column 2"},
		{"a comma too many", `[` + aCall(started) + `,]`, "not JSON: a comma with nothing behind it, at line 1, column 205"},
		{"two commas", `[` + aCall(started) + `,,{"type":"page"}]`, "not JSON: a comma where none belongs, at line 1, column 205"},
		{"a comma too few", `[{"type":"page"} ` + aCall(started) + `]`, "not JSON: a comma is missing, at line 1, column 18"},
		{"commas without an array", "{\n\"type\":\"page\"},\n" + aCall(started), "not JSON: a comma where none belongs, at line 2, column 15"},
		{"an array cut off", `[` + aCall(started) + `,{"a`, "not JSON: it ends in the middle, at line 1, column 208"},
		{"the first line", lines(`{"a":"b`, aCall(started)), "not JSON: it ends in the middle, at line 1, column 8"},
		{"rubbish in front", lines(`<html>`, aCall(started)), "not JSON: invalid character '<' looking for beginning of value, at line 1, column 1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := Check(strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if len(r.Findings) != 1 || r.Findings[0].Problem != tt.want || r.LiveChat != 1 {
				t.Errorf("got %+v and %d Live Chat events, want %q and 1", r.Findings, r.LiveChat, tt.want)
			}
		})
	}
}

func TestUnusable(t *testing.T) {
	for _, in := range []string{"", " \n", "[]", "<html></html>", "id,name\n1,x\n", "[1, 2]", `{"type": "tra`, `[{"type": "tra`, `{"name": "x"}`, `{"events": [` + aCall(started) + `]}`, "\xff\xfe{\x00}\x00"} {
		if _, err := Check(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), "no call found") {
			t.Errorf("%q: got %v, want an error that says that no call was found", in, err)
		}
	}
	broken := errors.New("disk on fire")
	for name, r := range map[string]io.Reader{
		"at once":  iotest.ErrReader(broken),
		"in lines": io.MultiReader(strings.NewReader(strings.Repeat(lines(aCall(started)), 5000)), iotest.ErrReader(broken)),
		"in array": io.MultiReader(strings.NewReader("["+strings.Repeat(aCall(started)+",\n", 5000)), iotest.ErrReader(broken)),
	} {
		if _, err := Check(r); !errors.Is(err, broken) {
			t.Errorf("%s: got %v, want %v", name, err, broken)
		}
	}
}
