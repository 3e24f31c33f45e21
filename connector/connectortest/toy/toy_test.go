package toy

import (
	"os"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/connectortest"
)

func TestConnector(t *testing.T) { connectortest.Test(t, Type(), "testdata") }

func FuzzParse(f *testing.F) { connectortest.Fuzz(f, Type(), "testdata") }

// CONTRIBUTING.md shows what is here.
func TestContributing(t *testing.T) {
	page, err := os.ReadFile("../../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range []string{"toy.go", "fake.go", "toy_test.go"} {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(b)
	}
	blocks := strings.Split(string(page), "```go\n")[1:]
	for _, block := range blocks {
		block, _, _ = strings.Cut(block, "```")
		if !strings.Contains(code.String(), block) {
			t.Errorf("is not in the toy connector:\n%s", block)
		}
	}
	if len(blocks) < 4 {
		t.Errorf("got %d blocks of Go, want 4", len(blocks))
	}
}

// Whoever cannot be told apart for sure says nothing.
func TestKinds(t *testing.T) {
	tests := []struct{ body, want string }{
		{`{"event":"message","at":1,"chat":{"id":1},"by":{"kind":"visitor"},"message":{"id":5,"private":false}}`, "message by customer 5 in 1"},
		{`{"event":"message","at":1,"chat":{"id":1},"by":{"kind":"agent","id":7},"message":{"id":5,"private":false}}`, "message by agent agent 7 5 in 1"},
		{`{"event":"message","at":1,"chat":{"id":1},"by":{"kind":"robot","id":9},"message":{"id":5,"private":false}}`, "message by bot agent 9 5 in 1"},
		{`{"event":"message","at":1,"chat":{"id":1},"by":{"kind":"ghost"},"message":{"id":5,"private":false}}`, "(unknown_author)"},
		{`{"event":"message","at":1,"chat":{"id":1},"by":{"kind":"agent"},"message":{"id":5}}`, "(private_note)"},
		{`{"event":"closed","at":1,"chat":{"id":1}}`, "closed in 1"},
		{`{"event":"typing"}`, ""},
		{`{"event":"moon"}`, "(unknown_event)"},
	}
	for _, tt := range tests {
		p, err := Type().New(connector.Options{}).Parse(&connector.Request{Body: []byte(tt.body)})
		if got := connectortest.Summary(p); err != nil || got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.body, got, err, tt.want)
		}
	}
}
