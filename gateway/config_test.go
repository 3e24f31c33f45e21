package gateway

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/destination/file"
	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/internal/deliver"
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

func TestSettle(t *testing.T) {
	for yaml, want := range map[string]time.Duration{"": 2 * time.Second, "settle: 0": NoSettle, "settle: 0s": NoSettle, "settle: 1m30s": 90 * time.Second, "settle: 1d": 24 * time.Hour} {
		c := parse(t, yaml)
		resolve(t, c) // as a gateway does once more
		if c.Settle != want {
			t.Errorf("%q: got %v, want %v", yaml, c.Settle, want)
		}
	}
}

// A source's switch goes before the workspace's, that before the top level's.
func TestSwitches(t *testing.T) {
	c := parse(t, `
bots: drop
ended: any
channels: chat
message_body: omit
sources:
  a: {type: api, token: a, bots: include, identify: on, reopen: restart, inactivity: 1h}
destinations:
  log: {type: file, path: a, perspective: company}
workspaces:
  acme:
    bots: include
    inactivity: 1d
    inactivity_end: on
    message_body: redact
    sources:
      b: {type: api, token: b, ended: explicit, identity: email, channels: [chat, email]}
      c: {type: api, token: c, automation: include, first_message: started_only, inactivity: 0, inactivity_end: off}
    destinations:
      log: {type: file, path: b}
      all: {type: file, path: c, message_body: include}
`)
	got := resolve(t, c)
	wantRules := []conversation.Rules{
		{Bots: conversation.Include, Ended: conversation.Any, Channels: []string{"chat"}, Identify: true, Reopen: conversation.Restart, Inactivity: time.Hour},
		{Bots: conversation.Include, Ended: conversation.Explicit, Channels: []string{"chat", "email"}, Identity: conversation.Email, Inactivity: 24 * time.Hour, InactivityEnd: true},
		{Bots: conversation.Include, Ended: conversation.Any, Channels: []string{"chat"}, Automation: conversation.Include, FirstMessage: conversation.StartedOnly},
	}
	for i, want := range wantRules {
		if s := got.Sources[i]; !reflect.DeepEqual(s.Rules, want) {
			t.Errorf("%s: got %+v, want %+v", s.Name, s.Rules, want)
		}
	}
	wantPolicy := []deliver.Policy{
		{MessageBody: deliver.Omit, Perspective: deliver.Company},
		{MessageBody: deliver.Redact},
		{MessageBody: deliver.Include},
	}
	for i, want := range wantPolicy {
		if d := got.Destinations[i]; d.Policy != want {
			t.Errorf("%s: got %+v, want %+v", d.Name, d.Policy, want)
		}
	}
}

// A chat tool's own reopen and inactivity hold unless the configuration says
// otherwise.
func TestRulesOfTheTool(t *testing.T) {
	r := newResolver()
	r.connectors = []connector.Type{{Name: "thread", Reopen: conversation.Restart, Inactivity: time.Hour, New: func(connector.Options) connector.Connector { return nil }}}
	got, problems := r.resolve(&Config{Data: "d", Listen: NoListener, Retention: Retention{1, 1}, Sources: []Source{
		{Name: "a", Type: "thread", Secrets: []Secret{"x"}},
		{Name: "b", Type: "thread", Secrets: []Secret{"x"}, Rules: Rules{Reopen: conversation.Continue, Inactivity: NoInactivity}},
	}})
	if len(problems) > 0 {
		t.Fatalf("got %v, want no problems", problems)
	}
	if a, b := got.Sources[0].Rules.Reopen, got.Sources[1].Rules.Reopen; a != conversation.Restart || b != conversation.Continue {
		t.Errorf("got %q and %q, want restart and continue", a, b)
	}
	if a, b := got.Sources[0].Rules.Inactivity, got.Sources[1].Rules.Inactivity; a != time.Hour || b != 0 {
		t.Errorf("inactivity: got %v and %v, want 1h and 0", a, b)
	}
}

// A tool whose times have no zone can be told it, also on a machine that knows
// no zones; and any other tool cannot.
func TestTimezone(t *testing.T) {
	var zone string
	var types []connector.Type
	for name, zoneless := range map[string]bool{"zoneless": true, "other": false} {
		types = append(types, connector.Type{Name: name, Zoneless: zoneless, New: func(o connector.Options) connector.Connector {
			zone = o.Zone.String()
			return nil
		}})
	}
	for _, tt := range []struct {
		tool, zone, want string
		problems         int
	}{
		{"zoneless", "Europe/Berlin", "Europe/Berlin", 0}, {"zoneless", "", "UTC", 0}, {"zoneless", "Local", "", 1}, {"zoneless", "Berlin", "", 1}, {"other", "Europe/Berlin", "", 1},
	} {
		r := newResolver()
		r.connectors = types
		_, problems := r.resolve(&Config{Data: "d", Listen: NoListener, Retention: Retention{1, 1}, Sources: []Source{{Name: "a", Type: tt.tool, Secrets: []Secret{"x"}, Timezone: tt.zone}}})
		if len(problems) != tt.problems || tt.problems == 0 && zone != tt.want {
			t.Errorf("%+v: got %q and problems %v", tt, zone, problems)
		}
	}
}

// A signature that vouches for nothing of a body, or not for its time, is none.
func TestSignatureVouches(t *testing.T) {
	for signature, want := range map[string]string{
		`{header: X-Sign}`:                                                            "",
		`{header: X-Sign, signed: "{url}{form}"}`:                                     "",
		`{header: X-Sign, signed: "{time}.{body}", time: X-Time}`:                     "",
		`{header: X-Sign, signed: "{time}.{body}", value: "t={time},v1={signature}"}`: "",
		`{query: token, hash: token}`:                                                 "",
		`{header: X-Sign, signed: "{url}"}`:                                           "holds neither {body} nor {form}",
		`{header: X-Sign, time: X-Time}`:                                              "does not hold {time}",
		`{header: X-Sign, signed: "{body}", value: "t={time},v1={signature}"}`:        "does not hold {time}",
	} {
		_, err := Parse([]byte("sources: {a: {type: custom, secret: x, program: empty, signature: "+signature+"}}\ndestinations: {log: {type: file, path: a}}"), "f", nil)
		if err == nil && want != "" || err != nil && (want == "" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", signature, err, want)
		}
	}
}

// The second of the Segment family in a workspace has messageIds of its own.
func TestSalt(t *testing.T) {
	c := parse(t, `
destinations:
  log: {type: file, path: a}
  eu: {type: segment, write_key: a, region: eu}
  us: {type: segment, write_key: b}
  archive: {type: file, path: b}
workspaces:
  acme: {destinations: {us: {type: segment, write_key: b}}}
`)
	var got []string
	for _, d := range resolve(t, c).Destinations {
		got = append(got, d.Name+"="+d.Policy.Salt)
	}
	if want := "log= eu= us=us archive= us="; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

// A platform that takes Sent and Received to be the company's gets them so,
// whatever the workspace says, unless the destination itself says something.
func TestPerspectiveOfThePlatform(t *testing.T) {
	c := parse(t, `
perspective: customer
destinations:
  a: {type: customerio, write_key: a}
  b: {type: customerio, write_key: b, perspective: customer, message_body: omit}
  c: {type: segment, write_key: c}
`)
	var got []string
	for _, d := range resolve(t, c).Destinations {
		got = append(got, string(d.Policy.Perspective)+" "+string(d.Policy.MessageBody))
	}
	if want := []string{"company ", "customer omit", "customer "}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Two destinations that write to one file would write over each other.
func TestSameFileTwice(t *testing.T) {
	_, err := Parse([]byte("destinations: {log: {type: file, path: ./a}}\nworkspaces: {acme: {destinations: {log: {type: file, path: a}}}}\n"), "parlance.yaml", env)
	if want := "parlance.yaml:2:36: workspaces.acme.destinations.log: writes to the same place as destinations.log"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Declared first is first, whatever the names are.
func TestOrder(t *testing.T) {
	names := strings.Fields("z y x m n o a c b 1 0")
	yaml := "destinations:\n"
	for _, n := range names {
		yaml += "  " + n + ": {type: file, path: " + n + "}\n"
	}
	var got []string
	for _, d := range resolve(t, parse(t, yaml)).Destinations {
		got = append(got, d.Name)
	}
	if !reflect.DeepEqual(got, names) {
		t.Errorf("got %v, want %v", got, names)
	}
}

// The namespace follows the first secret, and nothing else.
func TestNamespace(t *testing.T) {
	of := func(yaml string) string { return resolve(t, parse(t, yaml)).Sources[0].Namespace }
	plain := of("sources: {a: {type: chatwoot, secret: one}}")
	for yaml, same := range map[string]bool{
		"sources: {b: {type: chatwoot, secret: one, bots: drop}}": true,
		"sources: {a: {type: chatwoot, secret: [one, two]}}":      true,
		"sources: {a: {type: chatwoot, secret: [two, one]}}":      false,
		"sources: {a: {type: api, token: one}}":                   true,
		"sources: {a: {type: api, token: two}}":                   false,
	} {
		if got := of(yaml); (got == plain) != same || len(got) != 64 {
			t.Errorf("%s: got %s, the same %v: %v", yaml, got, got == plain, same)
		}
	}
	for yaml, want := range map[string]string{
		"namespace: top\nsources: {a: {type: api, token: x}}":                                               "top",
		"namespace: top\nsources: {a: {type: api, token: x, namespace: own}}":                               "own",
		"namespace: top\nworkspaces: {w: {namespace: w, sources: {a: {type: api, token: x}}}}":              "w",
		"namespace: top\nworkspaces: {w: {sources: {a: {type: chatwoot, secret: x, identity: email}}}}":     "top",
		"sources: {a: {type: chatwoot, unsigned: true, path: 0123456789abcdefghijkl, namespace: \"$${a\"}}": "${a",
	} {
		if got := of(yaml); got != want {
			t.Errorf("%s: got %q, want %q", yaml, got, want)
		}
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
