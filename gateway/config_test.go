package gateway

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/destination/file"
	"github.com/parlance-chat/parlance/destination/segment"
)

var update = flag.Bool("update", false, "rewrite what is expected")

// environment is what ${NAME} stands for in these tests.
var environment = map[string]string{
	"CHATWOOT_SECRET": "chatwoot-secret-4711",
	"SUPPORT_SECRET":  "support-secret-4711",
	"SHOP_TOKEN":      "shop-token-4711",
	"OTHER_TOKEN":     "other-token-4711",
	"WEBSITE_KEY":     "website-key-4711",
	"SEGMENT_KEY":     "segment-key-4711",
}

func env(name string) (string, bool) {
	v, ok := environment[name]
	return v, ok
}

func noSecrets(t *testing.T, text string) {
	t.Helper()
	for name, secret := range environment {
		if strings.Contains(text, secret) {
			t.Errorf("the text holds the value of %s", name)
		}
	}
}

func parse(t *testing.T, yaml string) *Config {
	t.Helper()
	c, err := Parse([]byte(yaml), "parlance.yaml", env)
	if err != nil {
		t.Fatalf("got %v, want no error", err)
	}
	return c
}

func resolve(t *testing.T, c *Config) *Resolved {
	t.Helper()
	r, err := c.Resolve()
	if err != nil {
		t.Fatalf("got %v, want no error", err)
	}
	return r
}

// golden compares got with a file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update rewrites it). got:\n%s\nwant:\n%s", path, got, want)
	}
}

// Every mistake is told at once, with its line and column.
func TestBrokenConfiguration(t *testing.T) {
	data, err := os.ReadFile("testdata/broken.yaml")
	if err != nil {
		t.Fatal(err)
	}
	_, err = Parse(data, "broken.yaml", env)
	var wrong *ConfigError
	if !errors.As(err, &wrong) {
		t.Fatalf("got %v, want a *ConfigError", err)
	}
	golden(t, "testdata/broken.txt", err.Error()+"\n")
	noSecrets(t, err.Error())
}

const example = `data: ./data

listen: 127.0.0.1:8080
settle: 2s
sources:
  support: {type: chatwoot, secret: "${CHATWOOT_SECRET}"}       # POST /in/support
  shop:    {type: api, token: "${SHOP_TOKEN}"}                  # POST /v1/activities
  website: {type: tracking, write_key: "${WEBSITE_KEY}"}        # POST /v1/batch and friends
destinations:
  segment: {type: segment, write_key: "${SEGMENT_KEY}", region: us}   # or endpoint: http://…
  log:     {type: file, path: ./events.jsonl}                   # one call per line, as it would be sent
`

func TestExample(t *testing.T) {
	c := parse(t, example)
	got := resolve(t, c)
	var names []string
	for _, s := range got.Sources {
		names = append(names, s.Workspace+"/"+s.Name)
	}
	for _, d := range got.Destinations {
		names = append(names, d.Workspace+"/"+d.Name+":"+string(d.Type))
	}
	want := "default/support default/shop default/website default/segment:segment default/log:file"
	if strings.Join(names, " ") != want {
		t.Errorf("got %v, want %v", names, want)
	}
	if got.Sources[0].Connector == nil || got.Sources[1].Tokens[0] != environment["SHOP_TOKEN"] || got.Sources[2].WriteKeys[0] != environment["WEBSITE_KEY"] {
		t.Error("a source lacks its connector, token or write key")
	}
	if s := got.Destinations[0].Settings.(*segment.Settings); string(s.WriteKey) != environment["SEGMENT_KEY"] || s.Region != "us" {
		t.Errorf("segment: got %+v", s)
	}
	if s := got.Destinations[1].Settings.(*file.Settings); s.Path != "./events.jsonl" || s.Keep == 0 {
		t.Errorf("file: got %+v", s)
	}
}

// A file that says nothing has the documented defaults.
func TestEmpty(t *testing.T) {
	for _, yaml := range []string{"", "# nothing yet\n", "sources:\ndestinations:\n", "{}"} {
		if got := parse(t, yaml); !reflect.DeepEqual(got, Default()) {
			t.Errorf("%q: got %+v, want %+v", yaml, got, Default())
		}
	}
	var zero Config
	if r := resolve(t, &zero); len(r.Sources)+len(r.Destinations) > 0 || !reflect.DeepEqual(&zero, Default()) {
		t.Errorf("zero: got %+v, want %+v", zero, Default())
	}
}

// A program may write in Go what others write in YAML.
func TestInGo(t *testing.T) {
	c := Config{
		Sources: []Source{{Name: "support", Type: "chatwoot", Secrets: []Secret{"abc"}, Rules: Rules{Ended: conversation.Any}}},
		Destinations: []Destination{
			{Name: "segment", Type: "segment", Settings: &segment.Settings{WriteKey: "k", Region: "eu"}},
			{Name: "log", Type: "file", Settings: &file.Settings{Path: "x", Keep: 1}},
		},
	}
	r := resolve(t, &c)
	if r.Sources[0].Rules.Ended != conversation.Any || r.Destinations[0].Settings != c.Destinations[0].Settings {
		t.Errorf("got %+v", r)
	}
	wrong := Config{
		Settle:  NoSettle,
		Sources: []Source{{Name: "support", Type: "chatwoot"}, {Name: "support", Type: "api", Tokens: []Secret{""}}, {Name: "-"}},
		Destinations: []Destination{
			{Name: "segment", Type: "segment"},
			{Name: "log", Type: "file", Settings: file.Settings{}},
			{Name: "nil", Type: "file", Settings: (*file.Settings)(nil)},
		},
		Workspaces: []Workspace{{Name: "default"}, {Name: "a"}, {Name: "a"}},
	}
	_, err := wrong.Resolve()
	if err == nil {
		t.Fatal("got no error")
	}
	golden(t, "testdata/wrong-in-go.txt", err.Error()+"\n")
}

func TestLoad(t *testing.T) {
	if _, err := Load(filepath.Join(t.TempDir(), "absent.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: got %v, want fs.ErrNotExist", err)
	}
	path := filepath.Join(t.TempDir(), "parlance.yaml")
	if err := os.WriteFile(path, []byte("sources: {a: {type: api, token: \"file:"+path+"x\"}}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Load(path)
	if err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path+":1:33: sources.a.token: file "+path+"x: no such file") {
		t.Errorf("absent secret: got %v", err)
	}
}

// Who only looks needs no secrets, but the right directory.
func TestPeek(t *testing.T) {
	path := filepath.Join(t.TempDir(), "parlance.yaml")
	for yaml, want := range map[string]string{
		"data: ./here\nsources: {a: {type: api, token: \"${NOT_SET_HERE}\"}}\nworkspaces: {acme: {bots: what}}": "",
		"listen: what":              "",
		"data: \"${NOT_SET_HERE}\"": "1:7: data: the environment variable",
		"retention: {events: what}": "1:21: retention.events",
		"data: [":                   "is no YAML",
		"a":                         "must be a mapping",
	} {
		if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Peek(path)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", yaml, err, want)
		}
		if strings.Contains(yaml, "acme") && (c.Data != "./here" || c.Workspaces[0].Name != "acme") {
			t.Errorf("%s: got %+v", yaml, c)
		}
	}
}

// Whatever stands in the file, it is told or printed without a secret.
func FuzzParse(f *testing.F) {
	broken, err := os.ReadFile("testdata/broken.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(broken)
	f.Add([]byte(example))
	f.Add([]byte("workspaces: {a: {sources: {b: {type: chatwoot, unsigned: true, path: \"${SUPPORT_SECRET}xxxxx\"}}}}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("file:")) {
			return // would read files
		}
		var b bytes.Buffer
		c, err := Parse(data, "parlance.yaml", env)
		if err == nil {
			err = c.Print(&b)
		} else {
			b.WriteString(err.Error())
			err = nil
		}
		if err != nil {
			t.Errorf("printing: %v", err)
		}
		noSecrets(t, b.String())
	})
}
