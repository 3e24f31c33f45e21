package gateway

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// empty is a gateway that has nothing configured yet, in a directory of its own.
func empty(t *testing.T) (*setup, string) {
	t.Helper()
	dir := t.TempDir()
	g, err := Open(Config{Data: filepath.Join(dir, "data"), Listen: NoListener, File: filepath.Join(dir, "parlance.yaml"), Log: slog.New(slog.DiscardHandler)})
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

// What comes from the environment or from a file is not shown to whoever sets
// up: it may be any secret of the machine.
func TestSetupShowsNoSecret(t *testing.T) {
	s, dir := empty(t)
	file := filepath.Join(dir, "password")
	if err := os.WriteFile(file, []byte("of-somebody-else-0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ANOTHER_SECRET", "of-the-environment-0123456789")
	for _, path := range []string{"${ANOTHER_SECRET}", "file:" + file} {
		text := "sources:\n  support: {type: chatwoot, unsigned: true, path: \"" + path + "\"}\n"
		if _, got := s.Address(text, map[string]string{"ANOTHER_SECRET": ""}); got != "/in/…" {
			t.Errorf("%s: got %s", path, got)
		}
		for _, key := range []string{"timezone", "type", "agent_ids", "program"} {
			if got := strings.Join(s.Check(text+"    "+key+": \""+path+"\"\n", nil), "\n"); strings.Contains(got, "0123456789") {
				t.Errorf("%s: %s: got %s", key, path, got)
			}
		}
	}
	if _, got := s.Address("sources:\n  support: {type: chatwoot, unsigned: true, path: \"${MINE}\"}\n", map[string]string{"MINE": "typed-0123456789abcdef"}); got != "/in/typed-0123456789abcdef" {
		t.Errorf("what was typed: got %s", got)
	}
}

// What is there already is never written over, nor what a link leads to.
func TestSetupWritesOverNothing(t *testing.T) {
	s, dir := empty(t)
	elsewhere := filepath.Join(dir, "elsewhere")
	for path, write := range map[string]func(path string) error{
		"secrets/support_secret": func(path string) error { return os.WriteFile(path, []byte("older"), 0o644) },
		"secrets/other_secret":   func(path string) error { return os.Symlink(elsewhere, path) },
	} {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, "secrets"), 0o700), write(filepath.Join(dir, path))); err != nil {
			t.Fatal(err)
		}
	}
	values := map[string]string{"SUPPORT_SECRET": "newer", "OTHER_SECRET": "newer", "GOOD_SECRET": "newer", "GOOD_secret": "another"}
	for _, name := range []string{"SUPPORT_SECRET", "OTHER_SECRET"} {
		if err := s.Write(strings.ReplaceAll(support, "SUPPORT_SECRET", name), values); err == nil {
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
	if err := s.Write(two, values); err == nil {
		t.Error("two secrets went into one file")
	}
	if _, err := os.Stat(filepath.Join(dir, "secrets", "good_secret")); err == nil {
		t.Error("a secret stays of what was not put in force")
	}
}

// What is in force is what will be read at the next start.
func TestSetupIsWhatWillBeRead(t *testing.T) {
	s, dir := empty(t)
	t.Chdir(dir)
	values := map[string]string{"SUPPORT_SECRET": "secret", "NAME": "events"}
	if err := s.Write(support+log+"./${NAME}.jsonl\n", values); err == nil || !strings.Contains(err.Error(), "a part of a longer value") {
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
	if !s.Open() {
		t.Fatal("what was refused is in force")
	}
	if err := s.Write(support+log+"./events.jsonl\n", values); err != nil {
		t.Fatal(err)
	}
	if c, err := Load(s.File()); err != nil || string(c.Sources[0].Secrets[0]) != "secret" {
		t.Errorf("what was written: %v", err)
	}
	if info, err := os.Stat(s.File()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want it for nobody else to read", info.Mode(), err)
	}
}

// Of several who set up at once, one does.
func TestSetupAtOnce(t *testing.T) {
	s, _ := empty(t)
	var group sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		group.Go(func() { errs[i] = s.Write(support, map[string]string{"SUPPORT_SECRET": "secret"}) })
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
