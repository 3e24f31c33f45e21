package console_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/console/browsertest"
)

// From nothing to the first real event, by hand.
func TestSetupInBrowser(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	path := filepath.Join(dir, "parlance.yaml")
	url := run(t, gateway.Config{File: path, Settle: gateway.NoSettle})
	tab := browsertest.Open(t, url)
	tab.Go("/")
	tab.See("h1", "Setup")
	tab.Choose("select[name=tool]", "telegram")
	tab.See(".doc", "BotFather")
	tab.See("#url", url+"/in/support")
	tab.Shots("setup")

	tab.Click("form.try button")
	tab.See(".notice.bad", "SUPPORT_SECRET")
	tab.Type("#secret-SUPPORT_SECRET", "secret")
	tab.Click("form.try button")
	tab.See("h1", "support")
	tab.See("[data-state=waiting]", "waiting for the first webhook…")
	if status := telegram(t, url, "secret"); status != 200 {
		t.Fatalf("got %d, want 200", status)
	}
	tab.See("[data-state=good]", "webhooks come")

	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	written, err := gateway.Load(path)
	if err != nil || strings.Contains(string(b), "${") || len(written.Sources) != 1 || string(written.Sources[0].Secrets[0]) != "secret" {
		t.Errorf("written: %s (%v), want the secret in a file of its own", b, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "secrets", "support_secret")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file: %v (%v), want it unreadable for others", info, err)
	}
	tab.Go("/setup")
	tab.See(".notice", "To add a chat tool, edit that file")
	if n := browsertest.Eval[int](tab, `document.querySelectorAll('form.try button').length`); n != 0 {
		t.Error("a configuration can be written over")
	}
}

// Every draft is right once its secrets are there, and what stands in capitals.
func TestDrafts(t *testing.T) {
	url := run(t, gateway.Config{})
	_, page := get(t, url+"/setup", nil)
	for _, kind := range []string{"tool", "receiver"} {
		_, list, _ := strings.Cut(page, `<select name="`+kind+`">`)
		list, _, _ = strings.Cut(list, "</select>")
		for option := range strings.SplitSeq(list, `value="`) {
			typ, _, ok := strings.Cut(option, `"`)
			if !ok || strings.Contains(typ, "<") || typ == "" {
				continue
			}
			_, body := get(t, url+"/setup?"+kind+"="+typ, nil)
			_, text, _ := strings.Cut(body, `<textarea id="text"`)
			_, text, _ = strings.Cut(text, ">")
			text, _, _ = strings.Cut(text, "</textarea>")
			text = strings.NewReplacer("&#34;", `"`, "&#39;", "'", "&#43;", "+").Replace(text)
			_, err := gateway.Parse([]byte(text), "draft", func(string) (string, bool) { return "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", true })
			// Only the made-up secret may be wrong.
			if err != nil && !strings.Contains(err.Error(), "secret: ") && !strings.Contains(err.Error(), "url: ") && !strings.Contains(err.Error(), "write_key: must be") {
				t.Errorf("%s: %s\n%v", typ, text, err)
			}
		}
	}
}
