package gateway

import (
	"bytes"
	"cmp"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/conversation"
)

// What Print writes comes to the same once the secrets are put back.
func TestPrint(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("\n from-a-file-4711 \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := parse(t, strings.NewReplacer(`"${CHATWOOT_SECRET}"`, `"file:`+secret+`"`, "settle: 2s", "settle: 0").Replace(example)+`
channels: [chat, email]
identify: on
workspaces:
  acme:
    reopen: restart
    sources:
      old: {type: chatwoot, unsigned: true, path: "${SUPPORT_SECRET}-0123456789", unverified_ids: true}
      new: {type: api, token: ["${OTHER_TOKEN}"]}
    destinations:
      log: {type: file, path: "./a$${b}: c.jsonl", rotate_mb: 0, message_body: redact}
    alerts:
      team: {url: https://example.com/hook, repeat: 1d}
      quiet: {url: https://example.com/quiet, lag: {age: 0, events: 5}}
`)
	var b bytes.Buffer
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	noSecrets(t, b.String())
	if strings.Contains(b.String(), "4711") {
		t.Error("a secret was printed")
	}
	golden(t, "testdata/print.yaml", b.String())

	again := b.String()
	for _, s := range []string{"from-a-file-4711", "${SHOP_TOKEN}", "${WEBSITE_KEY}", "${SEGMENT_KEY}", "${SUPPORT_SECRET}-0123456789", "${OTHER_TOKEN}", "https://example.com/hook", "https://example.com/quiet"} {
		again = strings.Replace(again, "…", s, 1)
	}
	got, want := resolve(t, parse(t, again)), resolve(t, c)
	for i := range want.Sources {
		want.Sources[i].Rules, got.Sources[i].Rules = printed(want.Sources[i].Rules), printed(got.Sources[i].Rules)
	}
	for i, s := range got.Sources {
		if s.Type == typeTracking {
			continue // has no rules
		}
		if w := want.Sources[i]; !reflect.DeepEqual(s.Rules, w.Rules) || s.Path != w.Path || s.Type != w.Type || s.Name != w.Name ||
			!reflect.DeepEqual(s.Tokens, w.Tokens) || s.Namespace != w.Namespace {
			t.Errorf("source %s differs", s.Name)
		}
	}
	for i, d := range got.Destinations {
		if w := want.Destinations[i]; d.Name != w.Name || !reflect.DeepEqual(d.Settings, w.Settings) {
			t.Errorf("destination %s differs", d.Name)
		}
	}
	if !reflect.DeepEqual(got.Alerts, want.Alerts) || len(want.Alerts) != 2 || want.Alerts[0].Limit.Age != lateAfter || want.Alerts[1].Limit.Age != 0 {
		t.Errorf("alerts: got %+v, want %+v", got.Alerts, want.Alerts)
	}
}

// Nobody has to look up which channels count.
func TestPrintDefaults(t *testing.T) {
	var b bytes.Buffer
	if err := Default().Print(&b); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "channels: [chat, messaging]\n") {
		t.Errorf("got %s", b.String())
	}
}

// printed returns rules with the defaults that Print writes.
func printed(r conversation.Rules) conversation.Rules {
	r.FirstMessage = cmp.Or(r.FirstMessage, conversation.StartedAndSent)
	r.Ended = cmp.Or(r.Ended, conversation.Explicit)
	r.Reopen = cmp.Or(r.Reopen, conversation.Continue)
	r.Bots = cmp.Or(r.Bots, conversation.Include)
	r.Automation = cmp.Or(r.Automation, conversation.Drop)
	r.Identity = cmp.Or(r.Identity, conversation.ExternalID)
	return r
}

// A printed secret must not become a real one.
func TestHiddenSecretRefused(t *testing.T) {
	_, err := Parse([]byte("sources: {a: {type: api, token: …}}"), "parlance.yaml", env)
	if err == nil || !strings.Contains(err.Error(), "parlance.yaml:1:33: sources.a.token: was hidden") {
		t.Errorf("got %v", err)
	}
}
