// Package connectortest holds what every connector must pass.
package connectortest

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"flag"
	"maps"
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

// Secret is the secret of the connector that Test makes: a key also for tools
// that write theirs in hex or base64.
const Secret = "636f6e6e6563746f722d746573742d736563726574aa"

// privateKey is a secret for tools that sign with RSA.
var privateKey = sync.OnceValue(func() string {
	key, err := rsa.GenerateKey(rand.Reader, 1024) // quick; nothing is kept by it
	if err != nil {
		panic("BUG: " + err.Error())
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		panic("BUG: " + err.Error())
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
})

// noon is when everything happens.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func options() connector.Options {
	return connector.Options{Secrets: []string{privateKey(), "an older secret", Secret}, AgentIDs: []string{"agent-*", "7", "8"}, BotIDs: []string{"900"}, Now: func() time.Time { return noon }}
}

// Test checks a connector against the recorded webhooks in dir and, if it is a
// Faker, against conversations that it plays. Each *.json or *.form in dir is a
// body; *.headers beside it are its headers, one a line, "URL: …" among them if
// it counts; *.answers, what the tool's API says, a JSON object by path, null
// for what it does not know; *.golden is what it says, which -update rewrites.
func Test(t *testing.T, typ connector.Type, dir string) {
	c := typ.New(options())
	for _, file := range bodies(t, dir) {
		t.Run(filepath.Base(file), func(t *testing.T) { recorded(t, c, file) })
	}
	if f, ok := c.(connector.Faker); ok {
		t.Run("signed", func(t *testing.T) { signed(t, typ, f) })
		t.Run("played", func(t *testing.T) { played(t, typ, f) })
	}
	t.Run("nonsense", func(t *testing.T) {
		for _, body := range []string{"", "null", "[]", "{}", `"x"`, "{", "\xff", `{"event":{}}`, strings.Repeat("[", 10_000), "payload=%7B%7D", "data=["} {
			r := &connector.Request{Header: http.Header{}, Body: []byte(body)}
			_, _ = c.Parse(r) // must not panic
			if err := c.Verify(r); typ.Signs != connector.Never && !errors.Is(err, connector.ErrSignature) {
				t.Errorf("unsigned %.20q: got %v, want ErrSignature", body, err)
			}
		}
	})
}

func bodies(t testing.TB, dir string) (files []string) {
	for _, pattern := range []string{"*.json", "*.form"} {
		list, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, list...)
	}
	if len(files) == 0 {
		t.Fatalf("%s: got no recorded webhooks, want some", dir)
	}
	return files
}

// request reads a recorded webhook.
func request(t testing.TB, file string) *connector.Request {
	body, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := &connector.Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: body, Received: noon}
	if strings.HasSuffix(file, ".form") {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body = bytes.TrimSpace(body)
	}
	r.Answers = answers(t, strings.TrimSuffix(file, filepath.Ext(file))+".answers")
	headers, err := os.ReadFile(strings.TrimSuffix(file, filepath.Ext(file)) + ".headers")
	if errors.Is(err, os.ErrNotExist) {
		return r
	}
	in := bufio.NewScanner(bytes.NewReader(headers))
	for in.Scan() {
		name, value, _ := strings.Cut(in.Text(), ": ")
		if name == "URL" {
			r.URL = value
		} else {
			r.Header.Set(name, value)
		}
	}
	return r
}

// answers reads what a tool's API says, if there is a file that tells.
func answers(t testing.TB, file string) map[string][]byte {
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var list map[string]json.RawMessage
	if err = errors.Join(err, json.Unmarshal(b, &list)); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	all := map[string][]byte{}
	for path, answer := range list {
		if all[path] = answer; string(answer) == "null" {
			all[path] = nil
		}
	}
	return all
}

// own returns r with a body of its own.
func own(r *connector.Request) *connector.Request {
	c := *r
	c.Body = slices.Clone(r.Body)
	return &c
}

// recorded checks one recorded webhook.
func recorded(t *testing.T, c connector.Connector, file string) {
	r := request(t, file)
	want := parse(t, c, own(r))
	Check(t, want)
	if s, ok := c.(connector.Scrubber); ok {
		scrubbed := own(r)
		scrubbed.Body = s.Scrub(scrubbed.Body)
		if got := show(t, parse(t, c, own(scrubbed))); got != show(t, want) {
			t.Error("a scrubbed body says something else")
		}
		if again := s.Scrub(slices.Clone(scrubbed.Body)); string(again) != string(scrubbed.Body) {
			t.Error("scrubbing again changes the body")
		}
		if !json.Valid(scrubbed.Body) && json.Valid(r.Body) {
			t.Error("a scrubbed body is not JSON any more")
		}
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			again := own(r)
			p, err := c.Parse(again)
			for i := range again.Body {
				again.Body[i] = 'x' // Parse must not retain it
			}
			if err != nil || show(t, p) != show(t, want) {
				t.Errorf("said again, at once with others, it says something else (%v)", err)
			}
		})
	}
	wg.Wait()
	golden(t, strings.TrimSuffix(file, filepath.Ext(file))+".golden", show(t, want))
}

func parse(t *testing.T, c connector.Connector, r *connector.Request) connector.Parsed {
	t.Helper()
	p, err := c.Parse(r)
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
		known := slices.Contains([]conversation.Type{conversation.Message, conversation.Closed, conversation.Reopened, conversation.Assigned, conversation.Identified, conversation.Ending}, a.Type)
		by := slices.Contains([]conversation.Author{"", conversation.Customer, conversation.HumanAgent, conversation.Bot, conversation.Company, conversation.Automation, conversation.System}, a.By)
		if a.ID == "" || a.Conversation == "" || a.Time.IsZero() || !known || !by {
			t.Errorf("activity %q of type %q by %q in conversation %q: something is missing or unknown", a.ID, a.Type, a.By, a.Conversation)
		}
		if a.Type == conversation.Message && (a.By == "" || a.Message.ID == "") {
			t.Errorf("activity %q: a message without author or ID", a.ID)
		}
	}
}

// signed checks who may sign what.
func signed(t *testing.T, typ connector.Type, f connector.Faker) {
	if typ.Signs == connector.Never {
		return
	}
	for _, r := range f.Fake(history(1)[:1]) {
		checkSigned(t, typ, f, &r)
	}
}

func checkSigned(t *testing.T, typ connector.Type, f connector.Faker, r *connector.Request) {
	t.Helper()
	if err := f.Verify(r); err != nil {
		t.Errorf("signed, with two secrets: got %v", err)
	}
	for name, c := range map[string]connector.Connector{
		"another secret": typ.New(connector.Options{Secrets: []string{"another"}, Now: options().Now}),
		"no secret":      typ.New(connector.Options{Now: options().Now}),
		"empty secret":   typ.New(connector.Options{Secrets: []string{""}, Now: options().Now}),
	} {
		if err := c.Verify(r); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", name, err)
		}
	}
	if !strings.Contains(strings.ToLower(typ.Gives.Signature), "token") {
		changed := own(r)
		changed.Body = append(changed.Body, ' ')
		if err := f.Verify(changed); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("a changed body: got %v, want ErrSignature", err)
		}
	}
	for name, values := range r.Header {
		if !strings.Contains(strings.ToLower(name), "signature") {
			continue
		}
		for _, wrong := range []string{"", values[0][:len(values[0])-1], values[0] + "00", "sha256=", strings.Repeat("0", 64)} {
			forged := *r
			forged.Header = r.Header.Clone()
			forged.Header.Set(name, wrong)
			if err := f.Verify(&forged); !errors.Is(err, connector.ErrSignature) {
				t.Errorf("%s of %d bytes: got %v, want ErrSignature", name, len(wrong), err)
			}
		}
	}
}

// Fuzz fuzzes a connector, beginning with the recorded webhooks in dir and
// with what it fakes.
func Fuzz(f *testing.F, typ connector.Type, dir string) {
	c := typ.New(options())
	header, said := map[string]http.Header{}, map[string][]byte{}
	for _, file := range bodies(f, dir) {
		r := request(f, file)
		header[r.Header.Get("Content-Type")] = r.Header
		maps.Copy(said, r.Answers)
		f.Add(r.Header.Get("Content-Type"), r.Body)
	}
	if faker, ok := c.(connector.Faker); ok {
		all := history(2)
		for n := range all {
			for _, r := range faker.Fake(all[:n+1]) {
				header[r.Header.Get("Content-Type")] = r.Header
				f.Add(r.Header.Get("Content-Type"), r.Body)
			}
		}
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		h := header[contentType]
		if h == nil {
			h = http.Header{"Content-Type": {contentType}}
		}
		p, err := c.Parse(&connector.Request{Header: h, Body: slices.Clone(body), Answers: said})
		if err == nil {
			Check(t, p)
		}
		if s, ok := c.(connector.Scrubber); ok {
			if scrubbed := s.Scrub(slices.Clone(body)); json.Valid(body) && !json.Valid(scrubbed) {
				t.Error("scrubbing broke the JSON")
			}
		}
	})
}
