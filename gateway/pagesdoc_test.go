package gateway

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
)

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")

// blocks returns the YAML of a page of docs/destinations.
func blocks(t *testing.T, page string) (list []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../docs/destinations", page))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range yamlBlock.FindAllStringSubmatch(string(b), -1) {
		list = append(list, m[1])
	}
	return list
}

// What a destination's page says to write down is right.
func TestDestinationPages(t *testing.T) {
	pages, err := filepath.Glob("../docs/destinations/*.md")
	if err != nil || len(pages) == 0 {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	paths := regexp.MustCompile(`file:/\S+`)
	env := func(name string) (string, bool) {
		switch {
		case strings.HasSuffix(name, "URL"):
			return "https://example.com/" + name, true
		case strings.HasPrefix(name, "HOOK"), strings.HasPrefix(name, "CRM"):
			return "whsec_" + strings.Repeat("abcd", 8), true
		}
		return strings.Repeat(name, 3), true
	}
	for _, page := range pages {
		list := blocks(t, filepath.Base(page))
		if len(list) == 0 || !strings.HasPrefix(list[0], "destinations:") {
			t.Errorf("%s does not begin with what to write into the configuration", page)
			continue
		}
		text := paths.ReplaceAllLiteralString("sources: {support: {type: api, token: abcdefghijklmnop}}\n"+list[0], "file:"+secret)
		if _, err := Parse([]byte(text), page, env); err != nil {
			t.Error(err)
		}
	}
}

// Each program of the page does what stands beside it.
func TestTransformExamples(t *testing.T) {
	want := map[string]string{
		"rename the events":             `"event":"Support: Live Chat Message Received"`,
		"rename the properties":         `"properties":{"chat_agent_id":"7","chat_agent_name":"Ann Lee"}`,
		"drop":                          `"context":{},"event":"Live Chat Message Received","messageId":"m-1","properties":{"agent_id":"7"}`,
		"add":                           `"context":{"groupId":"acme","live_chat":{"source":"support"}}`,
		"leave out":                     "",
		"change some, leave the others": `"brand":"acme"`,
	}
	programs := blocks(t, "README.md")
	lines := strings.Split(strings.TrimSpace(programs[len(programs)-1]), "\n")
	if len(lines) != len(want) {
		t.Errorf("got %d programs, want %d", len(lines), len(want))
	}
	for _, line := range lines {
		c := parse(t, "destinations:\n  log:\n    type: file\n    path: x\n    "+line)
		d := &taker{}
		err := deliver.Once(t.Context(), deliver.Options{Policy: resolve(t, c).Destinations[0].Policy, Destination: d}, journal.Event{
			MessageID: "m-1", Name: "Live Chat Message Received",
			JSON: []byte(`{"context":{"live_chat":{"source":"support"}},"event":"Live Chat Message Received","messageId":"m-1","properties":{"agent_id":"7","agent_name":"Ann Lee"},"type":"track"}`),
		})
		_, does, _ := strings.Cut(line, "# ")
		part, ok := want[does]
		if err != nil || !ok || !strings.Contains(d.call, part) || (part == "") != (d.call == "") {
			t.Errorf("%s: got %s (%v), want %s in it", does, d.call, err, part)
		}
	}
}

// A taker keeps the last call.
type taker struct{ call string }

func (d *taker) Limits() destination.Limits { return destination.Limits{} }
func (d *taker) Close() error               { return nil }
func (d *taker) Send(_ context.Context, a destination.Attempt) error {
	d.call = string(a.Calls[0].JSON)
	return nil
}

// The manual names every metric that there is, and no other.
func TestMetricsManual(t *testing.T) {
	manual, err := os.ReadFile("../docs/config.md")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`"(parlance_[a-z_]+)"`)
	there := map[string]bool{}
	err = filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range names.FindAllSubmatch(b, -1) {
			there[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range there {
		if !strings.Contains(string(manual), "`"+name+"`") {
			t.Errorf("docs/config.md lacks %s: write it into testdata/config.md.tmpl", name)
		}
	}
	for _, m := range regexp.MustCompile("`(parlance_[a-z_]+)").FindAllSubmatch(manual, -1) {
		if !there[string(m[1])] {
			t.Errorf("docs/config.md names %s, and there is no such metric", m[1])
		}
	}
}
