// Package connectortest holds what every connector must pass.
package connectortest

import (
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

var update = flag.Bool("update", false, "rewrite what recorded webhooks are expected to say")

// Secret is the secret of the connector that Test makes.
const Secret = "connectortest-secret"

// noon is when everything happens.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func options() connector.Options {
	return connector.Options{Secrets: []string{"an older secret", Secret}, Now: func() time.Time { return noon }}
}

// Test checks a connector against the recorded webhooks in dir: each *.json is
// a body, and *.golden beside it what it says, which -update rewrites.
func Test(t *testing.T, typ connector.Type, dir string) {
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: got %d recorded webhooks (%v), want some", dir, len(files), err)
	}
	c := typ.New(options())
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			recorded(t, c, file, body)
		})
	}
	if f, ok := c.(connector.Faker); ok {
		t.Run("fake", func(t *testing.T) { faked(t, typ, f) })
	}
	t.Run("nonsense", func(t *testing.T) {
		for _, body := range []string{"", "null", "[]", "{}", `"x"`, "{", "\xff", `{"event":{}}`, strings.Repeat("[", 10_000)} {
			_, _ = c.Parse(http.Header{}, []byte(body)) // must not panic
			if err := c.Verify(http.Header{}, []byte(body)); !errors.Is(err, connector.ErrSignature) {
				t.Errorf("unsigned %.20q: got %v, want ErrSignature", body, err)
			}
		}
	})
}

// recorded checks one body.
func recorded(t *testing.T, c connector.Connector, file string, body []byte) {
	want := parse(t, c, slices.Clone(body))
	Check(t, want)
	if s, ok := c.(connector.Scrubber); ok {
		scrubbed := s.Scrub(slices.Clone(body))
		if got := show(t, parse(t, c, slices.Clone(scrubbed))); got != show(t, want) {
			t.Error("a scrubbed body says something else")
		}
		if again := s.Scrub(slices.Clone(scrubbed)); string(again) != string(scrubbed) {
			t.Error("scrubbing again changes the body")
		}
		if !json.Valid(scrubbed) && json.Valid(body) {
			t.Error("a scrubbed body is not JSON any more")
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			own := slices.Clone(body)
			p, err := c.Parse(http.Header{}, own)
			for i := range own {
				own[i] = 'x' // Parse must not retain it
			}
			if err != nil || show(t, p) != show(t, want) {
				t.Errorf("said again, at once with others, it says something else (%v)", err)
			}
		})
	}
	wg.Wait()
	golden(t, strings.TrimSuffix(file, ".json")+".golden", show(t, want))
}

func parse(t *testing.T, c connector.Connector, body []byte) connector.Parsed {
	t.Helper()
	p, err := c.Parse(http.Header{}, body)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func show(t *testing.T, p connector.Parsed) string {
	b, err := json.MarshalIndent(p, "", "\t")
	if err != nil {
		t.Error(err)
	}
	return string(b) + "\n"
}

func golden(t *testing.T, file, got string) {
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// Check checks that activities have what every activity must have.
func Check(t *testing.T, p connector.Parsed) {
	t.Helper()
	for _, a := range p.Activities {
		known := slices.Contains([]conversation.Type{conversation.Message, conversation.Closed, conversation.Reopened, conversation.Assigned, conversation.Identified}, a.Type)
		by := slices.Contains([]conversation.Author{"", conversation.Customer, conversation.HumanAgent, conversation.Bot, conversation.Automation, conversation.System}, a.By)
		if a.ID == "" || a.Conversation == "" || a.Time.IsZero() || !known || !by {
			t.Errorf("activity %q of type %q by %q in conversation %q: something is missing or unknown", a.ID, a.Type, a.By, a.Conversation)
		}
		if a.Type == conversation.Message && (a.By == "" || a.Message.ID == "") {
			t.Errorf("activity %q: a message without author or ID", a.ID)
		}
	}
}

// faked checks that reading undoes writing, and who may sign.
func faked(t *testing.T, typ connector.Type, f connector.Faker) {
	for _, a := range activities() {
		webhooks := f.Fake(a)
		if len(webhooks) == 0 {
			t.Errorf("%s %s: no webhook", a.Type, a.By)
		}
		for _, w := range webhooks {
			signed(t, typ, f, w)
			p := parse(t, f, slices.Clone(w.Body))
			Check(t, p)
			if a.By == conversation.System && a.Type == conversation.Message {
				if len(p.Activities) > 0 {
					t.Error("a private note became an activity")
				}
				continue
			}
			if len(p.Activities) != 1 {
				t.Errorf("%s %s: got %d activities, want 1", a.Type, a.By, len(p.Activities))
				continue
			}
			got := p.Activities[0]
			if got.Type != a.Type || got.By != a.By || got.Conversation != a.Conversation || !got.Time.Equal(a.Time) ||
				got.Message != a.Message || got.Customer != a.Customer || got.Agent.ID != a.Agent.ID || got.Channel != a.Channel || !got.StartedAt.Equal(a.StartedAt) {
				t.Errorf("%s %s: got %+v, want %+v", a.Type, a.By, got, a)
			}
		}
	}
}

// signed checks a webhook's signature, and what must not pass for it.
func signed(t *testing.T, typ connector.Type, f connector.Faker, w connector.Webhook) {
	t.Helper()
	if err := typ.New(connector.Options{Secrets: []string{"an older secret"}, Now: options().Now}).Verify(w.Header, w.Body); err != nil {
		t.Errorf("signed: got %v", err)
	}
	if err := f.Verify(w.Header, w.Body); err != nil {
		t.Errorf("signed, with two secrets: got %v", err)
	}
	for name, c := range map[string]connector.Connector{
		"another secret": typ.New(connector.Options{Secrets: []string{"another"}, Now: options().Now}),
		"no secret":      typ.New(connector.Options{Now: options().Now}),
		"empty secret":   typ.New(connector.Options{Secrets: []string{""}, Now: options().Now}),
	} {
		if err := c.Verify(w.Header, w.Body); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", name, err)
		}
	}
	if err := f.Verify(w.Header, append(slices.Clone(w.Body), ' ')); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("a changed body: got %v, want ErrSignature", err)
	}
	for name, values := range w.Header {
		if !strings.Contains(strings.ToLower(name), "signature") {
			continue
		}
		for _, wrong := range []string{"", values[0][:len(values[0])-1], values[0] + "00", "sha256=", strings.Repeat("0", 64)} {
			h := w.Header.Clone()
			h.Set(name, wrong)
			if err := f.Verify(h, w.Body); !errors.Is(err, connector.ErrSignature) {
				t.Errorf("%s of %d bytes: got %v, want ErrSignature", name, len(wrong), err)
			}
		}
	}
}

// activities are one of each kind.
func activities() []conversation.Activity {
	base := conversation.Activity{Conversation: "17", Time: noon, StartedAt: noon.Add(-time.Minute), Channel: "chat",
		Customer: conversation.Person{UserID: "u-1", ContactID: "42", Email: "mia@example.com", Name: "Mia Berg"}}
	agent := conversation.Agent{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}
	var list []conversation.Activity
	for i, by := range []conversation.Author{conversation.Customer, conversation.HumanAgent, conversation.Bot, conversation.System} {
		a := base
		a.Type, a.By, a.ID = conversation.Message, by, "message:"+string(rune('1'+i))
		a.Message = conversation.Text{ID: string(rune('1' + i)), Body: "hello"}
		if by != conversation.Customer {
			a.Agent = agent
		}
		list = append(list, a)
	}
	for _, typ := range []conversation.Type{conversation.Closed, conversation.Assigned} {
		a := base
		a.Type, a.ID, a.Agent = typ, string(typ), agent
		list = append(list, a)
	}
	return list
}

// Corpus runs f with every file that PARLANCE_CORPUS holds for the connector.
func Corpus(t *testing.T, typ connector.Type, f func(t *testing.T, file string, b []byte)) {
	corpus := os.Getenv("PARLANCE_CORPUS")
	if corpus == "" {
		t.Skip("PARLANCE_CORPUS is not set: no recorded webhooks of real tools here")
	}
	files, err := filepath.Glob(filepath.Join(corpus, typ.Name, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: got %d files (%v), want some", typ.Name, len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f(t, file, b)
		})
	}
}
