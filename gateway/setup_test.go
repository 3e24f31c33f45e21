package gateway

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/parlance-chat/parlance/internal/console"
)

// setUp is a gateway that has what a file says, "" for none, in a directory of
// its own.
func setUp(t *testing.T, text string) (*setup, string) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "parlance.yaml")
	c := Default()
	if text != "" {
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
		var err error
		if c, err = Load(path); err != nil {
			t.Fatal(err)
		}
	}
	c.Data, c.Listen, c.File, c.Log = filepath.Join(dir, "data"), NoListener, path, slog.New(slog.DiscardHandler)
	g, err := Open(*c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return &setup{g: g}, dir
}

const (
	support = "sources:\n  support:\n    type: chatwoot\n    secret: \"${SUPPORT_SECRET}\"\n"
	log     = "destinations:\n  log:\n    type: file\n    path: "
)

func typed(text string, pairs ...string) console.Addition {
	a := console.Addition{Text: text, Values: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		a.Values[pairs[i]] = pairs[i+1]
	}
	return a
}

// What comes from the environment or from a file is not shown to whoever sets
// up: it may be any secret of the machine.
func TestSetupShowsNoSecret(t *testing.T) {
	s, dir := setUp(t, "")
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte("of-somebody-else-0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ANOTHER_SECRET", "of-the-environment-0123456789")
	for _, path := range []string{"${ANOTHER_SECRET}", "file:" + file} {
		text := "sources:\n  support: {type: chatwoot, unsigned: true, path: \"" + path + "\"}\n"
		if got := s.Examine(typed(text, "ANOTHER_SECRET", "")); got.Path != "/in/…" {
			t.Errorf("%s: got %s", path, got.Path)
		}
		for _, key := range []string{"timezone", "type", "agent_ids", "program"} {
			if got := strings.Join(s.Examine(typed(text+"    "+key+": \""+path+"\"\n")).Problems, "\n"); strings.Contains(got, "0123456789") {
				t.Errorf("%s: %s: got %s", key, path, got)
			}
		}
	}
	if got := s.Examine(typed("sources:\n  support: {type: chatwoot, unsigned: true, path: \"${MINE}\"}\n", "MINE", "typed-0123456789abcdef")); got.Path != "/in/typed-0123456789abcdef" {
		t.Errorf("what was typed: got %s", got.Path)
	}
}

// What is there already is never written over, nor what a link leads to.
func TestSetupWritesOverNothing(t *testing.T) {
	s, dir := setUp(t, "")
	elsewhere := filepath.Join(dir, "elsewhere")
	for path, write := range map[string]func(path string) error{
		"secrets/support_secret": func(path string) error { return os.WriteFile(path, []byte("older"), 0o644) },
		"secrets/other_secret":   func(path string) error { return os.Symlink(elsewhere, path) },
	} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "secrets"), 0o700), write(filepath.Join(dir, path))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"SUPPORT_SECRET", "OTHER_SECRET"} {
		if err := s.Write(typed(strings.ReplaceAll(support, "SUPPORT_SECRET", name), name, "newer")); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}
	if b, err := os.ReadFile(filepath.Join(dir, "secrets", "support_secret")); err != nil || string(b) != "older" {
		t.Errorf("got %q, %v; want what was there", b, err)
	}
	if _, err := os.Stat(elsewhere); err == nil {
		t.Error("a file was made where a link leads")
	}
	two := strings.ReplaceAll(support, `"${SUPPORT_SECRET}"`, `["${GOOD_SECRET}", "${GOOD_secret}"]`)
	if err := s.Write(typed(two, "GOOD_SECRET", "newer", "GOOD_secret", "another")); err == nil {
		t.Error("two secrets went into one file")
	}
	if _, err := os.Stat(filepath.Join(dir, "secrets", "good_secret")); err == nil {
		t.Error("a secret stays of what was not put in force")
	}
}

// What is in force is what will be read at the next start.
func TestSetupIsWhatWillBeRead(t *testing.T) {
	s, dir := setUp(t, "")
	t.Chdir(dir)
	if err := s.Write(typed(support+log+"./${NAME}.jsonl\n", "SUPPORT_SECRET", "secret", "NAME", "events")); err == nil || !strings.Contains(err.Error(), "a part of a longer value") {
		t.Errorf("got %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range left {
		if strings.HasPrefix(e.Name(), "parlance.yaml") {
			t.Errorf("%s is left of what was refused", e.Name())
		}
	}
	if !s.State().Empty {
		t.Fatal("what was refused is in force")
	}
	if err := s.Write(typed(support+log+"./events.jsonl\n", "SUPPORT_SECRET", "secret")); err != nil {
		t.Fatal(err)
	}
	file := s.State().File
	if c, err := Load(file); err != nil || string(c.Sources[0].Secrets[0]) != "secret" {
		t.Errorf("what was written: %v", err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want it for nobody else to read", info.Mode(), err)
	}
}

// Of several who set up at once, one does.
func TestSetupAtOnce(t *testing.T) {
	s, _ := setUp(t, "")
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { errs[i] = s.Write(typed(support, "SUPPORT_SECRET", "secret")) })
	}
	group.Wait()
	done := 0
	for _, err := range errs {
		if err == nil {
			done++
		}
	}
	if done != 1 {
		t.Errorf("%d wrote a configuration: %v", done, errs)
	}
}

// An empty secret is named, with what to do.
func TestSetupTellsOfEmptySecret(t *testing.T) {
	s, _ := setUp(t, "")
	got := s.Examine(typed(support+"    botz: drop\n", "SUPPORT_SECRET", " ")).Problems
	want := []string{"SUPPORT_SECRET: is empty: type it below, or start the gateway with it in its environment",
		`line 5: sources.support.botz: unknown key "botz", did you mean "bots"?`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q, want %q", got, want)
	}
}

// kept is a configuration as people write them.
const kept = `# ours
data: ./data      # on the large disk

sources:
  # the web site's
  shop: {type: api, token: "${SHOP_TOKEN}"}

# tenants
workspaces:
  acme:
    bots: drop
    sources:
      desk:
        type: api
        token: desk-0123456789
`

// What is added stands behind what is there, which stays as it is, and is in
// force at once.
func TestSetupAdds(t *testing.T) {
	t.Setenv("SHOP_TOKEN", "shop-0123456789")
	s, dir := setUp(t, kept)
	t.Chdir(dir)
	if err := s.Write(typed(support+log+"./more.jsonl # look\n", "SUPPORT_SECRET", " secret ")); err != nil {
		t.Fatal(err)
	}
	if err := s.Write(typed("workspaces:\n  acme:\n    destinations:\n      out: {type: stdout, only: {sources: [desk]}}\n")); err != nil {
		t.Fatal(err)
	}
	secret := filepath.ToSlash(filepath.Join(dir, "secrets", "support_secret"))
	want := strings.Replace(kept, "\n\n# tenants", "\n  support:\n    type: chatwoot\n    secret: \"file:"+secret+"\"\n\n# tenants", 1) +
		"    destinations:\n      out: {type: stdout, only: {sources: [desk]}}\n\n" + log + "./more.jsonl # look\n"
	path := s.State().File
	if b, err := os.ReadFile(path); err != nil || string(b) != want {
		t.Errorf("got %s (%v), want %s", b, err, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("got %v, %v; want who may read it as it was", info.Mode(), err)
	}
	in := s.g.inForce.Load()
	if len(in.Sources) != 3 || in.Sources[1].Name != "support" || len(in.Destinations) != 2 {
		t.Errorf("in force: %d sources, %d destinations", len(in.Sources), len(in.Destinations))
	}
	if closed := s.State().Closed; closed != "" {
		t.Errorf("nothing more can be added: %s", closed)
	}
}

// An operator learns nothing of the machine by adding, changes nothing that is
// there, and writes nowhere else.
func TestSetupAddsNothingElse(t *testing.T) {
	t.Setenv("SHOP_TOKEN", "shop-0123456789")
	s, dir := setUp(t, kept)
	password := filepath.Join(dir, "password")
	if err := os.WriteFile(password, []byte("hunter22"), 0o600); err != nil {
		t.Fatal(err)
	}
	hook := "destinations:\n  hook:\n    type: webhook\n    unsigned: true\n    url: https://attacker.example.com\n    "
	for text, want := range map[string]string{
		hook + "authorization: \"${SHOP_TOKEN}\"\n":                                            "SHOP_TOKEN: is empty: type it below",
		hook + "authorization: \"file:" + password + "\"\n":                                    "no file of this machine is read",
		hook + "transform: \"file:" + password + "\"\n":                                        "no file of this machine is read",
		log + "/etc/cron.d/events.jsonl\n":                                                     "below the gateway's own directory",
		log + "./.profile\n":                                                                   "below the gateway's own directory",
		"workspaces:\n  acme:\n    destinations:\n      log: {type: file, path: ../x.jsonl}\n": "below the gateway's own directory",
		"console:\n  users: {}\n":                                                              "nothing to add",
		"public_url: https://attacker.example.com\n" + support:                                 "Only sources and destinations",
		"workspaces:\n  acme:\n    bots: include\n":                                            "Only sources and destinations",
		"workspaces:\n  new:\n    destinations:\n      out: {type: stdout}\n":                  "of workspaces that there are",
		"sources:\n  shop: {type: tracking, write_key: key}\n":                                 "is given twice",
		"sources:\n  more: {type: api, token: shop-0123456789}\n":                              "is the same as",
		"sources: {}\n": "nothing to add",
	} {
		a := typed(text, "SUPPORT_SECRET", "secret")
		got := strings.Join(s.Examine(a).Problems, "\n")
		if !strings.Contains(got, want) || strings.Contains(got, "hunter22") || strings.Contains(got, "0123456789") {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
		if err := s.Write(a); err == nil {
			t.Errorf("%s: it was written", text)
		}
	}
	if b, err := os.ReadFile(s.State().File); err != nil || string(b) != kept {
		t.Errorf("got %s (%v), want the file as it was", b, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "secrets")); err == nil {
		t.Error("a secret was written down")
	}
}

// A file that cannot be added to safely is left alone.
func TestSetupLeavesAlone(t *testing.T) {
	t.Setenv("SHOP_TOKEN", "shop-0123456789")
	add := typed(support, "SUPPORT_SECRET", "secret")
	t.Run("all in a line", func(t *testing.T) {
		s, _ := setUp(t, "sources: {shop: {type: api, token: shop-0123456789}}\n")
		if err := s.Write(add); err == nil || !strings.Contains(err.Error(), "write the lines into it yourself") {
			t.Errorf("got %v", err)
		}
	})
	for name, change := range map[string]func(path string) error{
		"a link": func(path string) error {
			return errors.Join(os.Rename(path, path+".real"), os.Symlink(path+".real", path))
		},
		"read-only": func(path string) error { return os.Chmod(path, 0o440) },
		"changed":   func(path string) error { return os.WriteFile(path, []byte(kept+"bots: drop\n"), 0o640) },
		"wrong":     func(path string) error { return os.WriteFile(path, []byte(kept+"botz: drop\n"), 0o640) },
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := setUp(t, kept)
			path := s.State().File
			if err := change(path); err != nil {
				t.Fatal(err)
			}
			was, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if s.State().Closed == "" || s.Write(add) == nil {
				t.Error("it can be written")
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != string(was) || len(s.g.inForce.Load().Sources) != 2 {
				t.Errorf("got %s (%v), want it as it was", b, err)
			}
		})
	}
}

// What cannot be put in force is not written either.
func TestSetupUndoes(t *testing.T) {
	t.Setenv("SHOP_TOKEN", "shop-0123456789")
	s, dir := setUp(t, kept)
	t.Chdir(dir)
	if err := s.g.journal.Close(); err != nil { // so that a new destination gets no place in the log
		t.Fatal(err)
	}
	if err := s.Write(typed(support+log+"./more.jsonl\n", "SUPPORT_SECRET", "secret")); err == nil {
		t.Fatal("got no error")
	}
	if b, err := os.ReadFile(s.State().File); err != nil || string(b) != kept || s.State().Closed != "" {
		t.Errorf("got %s (%v), want it as it was", b, err)
	}
	if left, err := filepath.Glob("secrets/*"); err != nil || len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}
