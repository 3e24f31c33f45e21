package console_test

import (
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	neturl "net/url"
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
	tab.Choose("select[name=source]", "telegram")
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
	if _, page := get(t, url+"/setup", nil); !strings.Contains(page, "Only these lines come into the file") {
		t.Error("nothing can be added to it")
	}
}

// A second source and a second destination are added where the first are shown,
// to a file that somebody wrote.
func TestAddInBrowser(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	const text = "# ours\nsettle: 0s\nsources:\n  shop: {type: api, token: token} # the shop\n\n# where to\ndestinations:\n  log:\n    type: file\n    path: ./log.jsonl\n"
	if err := os.WriteFile("parlance.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := gateway.Load("parlance.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c.File = "parlance.yaml"
	url := run(t, *c)
	tab := browsertest.Open(t, url)
	tab.Go("/sources")
	tab.Click(".head .button")
	tab.See("h1", "Add a source")
	tab.Choose("select[name=source]", "telegram")
	tab.See("textarea", "type: telegram")
	tab.See("#url", url+"/in/support")
	tab.Type("input[name='source.name']", "bot\n")
	tab.See("#url", url+"/in/bot")
	tab.Click("form.try button")
	tab.See(".notice.bad", "BOT_SECRET: is empty: type it below")
	tab.Type("#secret-BOT_SECRET", "hunter22")
	tab.Shots("add-source")
	tab.Type("#secret-BOT_SECRET", "hunter22")
	tab.Click("form.try button")
	tab.See("h1", "bot")
	tab.See("[data-state=waiting]", "waiting for the first webhook…")

	tab.Go("/destinations")
	tab.Click(".head .button")
	tab.See("h1", "Add a destination")
	tab.See("textarea", "write_key: \"${SEGMENT_WRITE_KEY}\"")
	tab.Choose("select[name=destination]", "rudderstack")
	tab.See("textarea", "type: rudderstack")
	tab.Type("input[name='destination.of.endpoint']", "https://plane.example.com\n")
	tab.See("textarea", "endpoint: \"https://plane.example.com\"")
	tab.Shots("add-destination")
	tab.Type("#secret-RUDDERSTACK_WRITE_KEY", "hunter22")
	tab.Click("form.try button")
	tab.See("h1", "rudderstack")
	tab.See(".chip", "ok")

	got, err := os.ReadFile("parlance.yaml")
	want := strings.Replace(text, "the shop\n", "the shop\n  bot:\n    type: telegram\n    secret: \"file:secrets/bot_secret\"\n", 1) +
		"  rudderstack:\n    type: rudderstack\n    write_key: \"file:secrets/rudderstack_write_key\"\n    endpoint: \"https://plane.example.com\"\n"
	if err != nil || string(got) != want {
		t.Errorf("written: %s (%v), want %s", got, err, want)
	}
	if _, notes := get(t, url+"/audit.json", nil); !strings.Contains(notes, "parlance.yaml: rudderstack") || strings.Contains(notes, "hunter22") {
		t.Errorf("noted: %s", notes)
	}
	for _, page := range []string{"/setup", "/setup/source.json", "/setup/destination", "/sources", "/destinations"} {
		if _, body := get(t, url+page, nil); strings.Contains(body, "hunter22") {
			t.Errorf("%s shows a secret", page)
		}
	}
}

// Where the file cannot be written, the page shows what to write into it, and
// takes nothing.
func TestAddByHand(t *testing.T) {
	url := run(t, shop()) // of a program
	_, page := get(t, url+"/setup/source?source=telegram", nil)
	if !strings.Contains(page, "configured by a program") || !strings.Contains(page, "type: telegram") || strings.Contains(page, "Add it") {
		t.Errorf("got %s", page)
	}
	resp, body := ask(t, http.MethodPost, url+"/setup/source", func(r *http.Request) {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = io.NopCloser(strings.NewReader("text=sources%3A%20%7B%7D"))
	})
	if resp.StatusCode != http.StatusConflict {
		t.Errorf("got %d: %s", resp.StatusCode, body)
	}
}

// Every draft is right once its secrets are there, and what it asks for.
func TestDrafts(t *testing.T) {
	url := run(t, gateway.Config{})
	for _, kind := range []string{"source", "destination"} {
		types := parts(t, url+"/setup/"+kind+".json").Choices
		if len(types) < 18 {
			t.Errorf("%d types of %ss are offered", len(types), kind)
		}
		for _, c := range types {
			address := url + "/setup/" + kind + ".json?" + kind + "=" + c.Type
			query := "&" + kind + ".was=" + c.Type
			for _, f := range parts(t, address).Fields {
				value := f.Value
				if i := strings.Index(f.Hint, "such as "); i >= 0 && value == "" {
					value, _, _ = strings.Cut(f.Hint[i+len("such as "):], " ")
					value = strings.TrimRight(value, ";,")
				}
				query += "&" + kind + ".of." + f.Key + "=" + neturl.QueryEscape(cmp.Or(value, map[string]string{"endpoint": "https://x.example.com"}[f.Key], "live_chat"))
			}
			_, body := get(t, address+query, nil)
			var v struct{ Text string }
			if err := json.Unmarshal([]byte(body), &v); err != nil {
				t.Fatal(err)
			}
			_, err := gateway.Parse([]byte(v.Text), "draft", func(name string) (string, bool) {
				if strings.HasSuffix(name, "_URL") {
					return map[string]string{"POSTGRES_URL": "postgres://a:b@example.com/c", "CLICKHOUSE_URL": "https://a:b@example.com:8443"}[name], true
				}
				return "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", true
			})
			// Only the made-up secret may be wrong.
			if err != nil && !strings.Contains(err.Error(), "secret: ") && !strings.Contains(err.Error(), "url: ") && !strings.Contains(err.Error(), "write_key: must be") {
				t.Errorf("%s: %s\n%v", c.Type, v.Text, err)
			}
		}
	}
}

// parts returns the one part of a page on which something is added.
func parts(t *testing.T, url string) (part struct {
	Choices []struct{ Type string }
	Fields  []struct{ Key, Value, Hint string }
}) {
	t.Helper()
	_, body := get(t, url, nil)
	v := struct{ Parts []any }{[]any{&part}}
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	return part
}
