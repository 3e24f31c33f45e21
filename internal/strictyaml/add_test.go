package strictyaml

import (
	"strings"
	"testing"
)

// Whatever is added stands where somebody would write it, and the rest is as it
// was, byte for byte.
func TestAdd(t *testing.T) {
	const more = "sources:\n  # the shop's\n  shop:\n    type: api\n    program: |\n      .a\n\n        .b\n"
	added := "  # the shop's\n  shop:\n    type: api\n    program: |\n      .a\n\n        .b\n"
	deeper := strings.ReplaceAll("  "+strings.ReplaceAll(strings.TrimSuffix(added, "\n"), "\n", "\n  ")+"\n", "\n  \n", "\n\n")
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":            {"", more},
		"only a comment":     {"# mine\n", "# mine\n\n" + more},
		"another key":        {"data: x # here\n\n# end\n", "data: x # here\n\n" + more + "\n# end\n"},
		"empty":              {"sources:\ndata: x\n", "sources:\n" + added + "data: x\n"},
		"empty, with a line": {"sources:\n  # none: {}\ndata: x\n", "sources:\n" + added + "  # none: {}\ndata: x\n"},
		"behind others": {"sources:\n  a: {type: b} # one\n\n  c:\n    d: |\n      e\n\n# next\ndata: x\n",
			"sources:\n  a: {type: b} # one\n\n  c:\n    d: |\n      e\n" + added + "\n# next\ndata: x\n"},
		"further right":     {"sources:\n    a:\n        type: b", "sources:\n    a:\n        type: b\n" + deeper},
		"a list at the key": {"sources:\n  a:\n    list:\n    - b\n    - c\ndata: x\n", "sources:\n  a:\n    list:\n    - b\n    - c\n" + added + "data: x\n"},
		"Windows":           {"sources:\r\n  a: b\r\n", "sources:\r\n  a: b\r\n" + strings.ReplaceAll(added, "\n", "\r\n")},
	} {
		got, err := Add([]byte(tt.text), []byte(more))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, tt.want)
		}
	}
	got, err := Add([]byte("workspaces:\n  acme:\n    bots: drop\n  other: {}\n"), []byte("workspaces:\n  acme:\n    sources:\n      a: b\n"))
	if want := "workspaces:\n  acme:\n    bots: drop\n    sources:\n      a: b\n  other: {}\n"; err != nil || string(got) != want {
		t.Errorf("deep: got %q, %v; want %q", got, err, want)
	}
}

// What cannot be added without changing what is there is left alone, and no
// value shows.
func TestAdd_not(t *testing.T) {
	for name, text := range map[string]string{
		"in one line":    "sources: {a: hunter22}\n",
		"given already":  "sources:\n  shop: hunter22\n",
		"no mapping":     "sources: hunter22\n",
		"all in one":     "{data: hunter22}\n",
		"two documents":  "data: hunter22\n---\ndata: y\n",
		"no YAML":        "data: [hunter22\n",
		"keys in a line": "? {a: hunter22}\n: b\n",
	} {
		if got, err := Add([]byte(text), []byte("sources:\n  shop:\n    type: api\n")); err == nil || strings.Contains(err.Error(), "hunter22") {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// Whatever is added to whatever, the lines of the text are there still, in
// their order.
func FuzzAdd(f *testing.F) {
	f.Add("sources:\n  a:\n    b: c\n", "sources:\n  d:\n    e: f\n")
	f.Add("a: |\n  b\n\n c", "d: 1")
	f.Fuzz(func(t *testing.T, text, more string) {
		got, err := Add([]byte(text), []byte(more))
		if err != nil {
			return
		}
		rest := string(got)
		for line := range strings.Lines(text) {
			_, after, ok := strings.Cut(rest, line)
			if !ok {
				t.Fatalf("%q is missing in %q", line, got)
			}
			rest = after
		}
	})
}
