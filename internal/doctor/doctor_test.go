package doctor

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/jq"
)

// A fake is a destination of which this and that is known.
type fake struct {
	url, account string
	found        []destination.Finding
	err          error
	sent         []destination.Call
}

func (f *fake) Limits() destination.Limits { return destination.Limits{} }
func (f *fake) Close() error               { return nil }
func (f *fake) Send(_ context.Context, a destination.Attempt) error {
	f.sent = append(f.sent, a.Calls...)
	return f.err
}
func (f *fake) Examine(context.Context) []destination.Finding { return f.found }
func (f *fake) Location() (url, account string)               { return f.url, f.account }

type settings struct{ N int }

func (f *fake) patient(name string, s settings) Patient {
	return Patient{Name: name, Type: destination.Type{Name: "fake"}, Settings: &s, Destination: f}
}

func TestExamine(t *testing.T) {
	good := &fake{found: []destination.Finding{{Text: "knows the key"}}}
	// Of one that cannot be reached, nothing else is told: it would be the same
	// in other words.
	gone := &fake{url: "http://127.0.0.1:1/", found: []destination.Finding{{Text: "BUG"}}}
	silent := &fake{}
	looked := destination.Type{Name: "file", Look: func(s any) []destination.Finding {
		return []destination.Finding{{Text: "is there"}}
	}}
	parts, _ := Examine(t.Context(), []Patient{good.patient("a", settings{1}), gone.patient("b", settings{2}), silent.patient("c", settings{3}), {Name: "d", Type: looked}})
	for i, want := range []string{"knows the key", "does not answer", "nothing can be known", "is there"} {
		if len(parts[i].Findings) != 1 || !strings.Contains(parts[i].Findings[0].Text, want) {
			t.Errorf("%s: got %+v, want %q", parts[i].Name, parts[i].Findings, want)
		}
	}
	Sort(parts)
	if parts[0].Name != "b" || parts[0].Worst() != destination.Problem {
		t.Errorf("got %s first, want what is worst", parts[0].Name)
	}
}

// A test event is marked, is nobody's, and is sent as the gateway would; only
// what chooses and transforms events is left aside.
func TestSend(t *testing.T) {
	program, err := jq.Compile("empty", nil)
	if err != nil {
		t.Fatal(err)
	}
	d := &fake{}
	id, err := Send(t.Context(), "default", d, deliver.Policy{Only: &deliver.Filter{Events: []string{"Ended"}}, Transform: program, Salt: "second"})
	if err != nil || len(d.sent) != 1 || d.sent[0].MessageID != id {
		t.Fatalf("got %v, %+v", err, d.sent)
	}
	var call struct {
		Type, Event, AnonymousID, MessageID, Timestamp, SentAt string
		Properties                                             map[string]any
	}
	if err := json.Unmarshal(d.sent[0].JSON, &call); err != nil {
		t.Fatal(err)
	}
	if call.Type != "track" || call.Event != TestEvent || call.AnonymousID != tester || call.MessageID != id || call.Properties["test"] != true || call.SentAt == "" || call.Timestamp == "" {
		t.Errorf("got %s", d.sent[0].JSON)
	}
}

func TestSendTest(t *testing.T) {
	for _, tt := range []struct {
		err   error
		level destination.Level
		want  string
	}{
		{nil, destination.Good, "messageId 7"},
		{&destination.Pause{Reason: "401 Unauthorized; is the write key right?"}, destination.Problem, "not taken: 401 Unauthorized"},
		{&destination.Refusal{Reason: "no such event"}, destination.Problem, "refused: no such event"},
		{&destination.Wait{For: time.Minute, Reason: "429"}, destination.Warning, "asked to wait 1m0s"},
		{context.DeadlineExceeded, destination.Problem, "deadline"},
	} {
		p := (&fake{found: []destination.Finding{{Text: "unknown", Do: "try --send-test"}}}).patient("a", settings{})
		p.Changed = true
		p.Test = func(context.Context) (string, error) { return "7", tt.err }
		parts, _ := Examine(t.Context(), []Patient{p})
		f := parts[0].Findings[1:]
		if parts[0].Findings[0].Do != "" {
			t.Errorf("got %+v, which says what is being done", parts[0].Findings[0])
		}
		if len(f) != 1 || f[0].Level != tt.level || !strings.Contains(f[0].Text, tt.want) || f[0].Do == "" {
			t.Errorf("%v: got %+v, want %q", tt.err, f, tt.want)
		}
	}
}

func TestDoubles(t *testing.T) {
	a, b := &fake{url: "https://x/v1", account: "k"}, &fake{url: "https://X/v1", account: "k"}
	other, nowhere := &fake{url: "https://x/v1", account: "l"}, &fake{url: "https://z"}
	patients := []Patient{a.patient("a", settings{1}), b.patient("b", settings{2}), other.patient("c", settings{3}), nowhere.patient("d", settings{3})}
	parts := make([]Part, len(patients))
	Doubles(patients, parts)
	if len(parts[0].Findings) != 0 || len(parts[1].Findings) != 1 || len(parts[2].Findings) != 0 || len(parts[3].Findings) != 1 {
		t.Fatalf("got %+v", parts)
	}
	if f := parts[1].Findings[0]; f.Level != destination.Warning || !strings.Contains(f.Text, "destination a:") {
		t.Errorf("got %+v", f)
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	now := time.Now()
	journal := filepath.Join(dir, "journal.db")
	if found := Directory(dir, journal, now); !strings.Contains(found[0].Text, "nothing is kept") || found[0].Level != destination.Good {
		t.Errorf("got %+v", found)
	}
	if err := os.WriteFile(journal, make([]byte, 2048), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := Directory(dir, journal, now.Add(3*time.Hour)); !strings.Contains(found[0].Text, "has 2.0 KB and was last written 3 hours ago") && !strings.Contains(found[0].Text, "2 hours ago") {
		t.Errorf("got %+v", found)
	}
	if found := Directory(filepath.Join(journal, "below"), journal, now); len(found) != 1 || found[0].Level != destination.Problem {
		t.Errorf("below a file: got %+v", found)
	}
}

func TestReachable(t *testing.T) {
	for said, want := range map[string]destination.Level{"ok\n": destination.Good, "<html>": destination.Warning} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/chats/healthz" {
				t.Errorf("got %s", r.URL.Path)
			}
			io.WriteString(w, said)
		}))
		if f := Reachable(t.Context(), server.URL+"/chats/"); f.Level != want || f.Text == "" {
			t.Errorf("%q: got %+v", said, f)
		}
		server.Close()
		if f := Reachable(t.Context(), server.URL); f.Level != destination.Warning || !strings.Contains(f.Text, "does not answer") || strings.Contains(f.Text, "endpoint") {
			t.Errorf("gone: got %+v", f)
		}
	}
}

func TestPublicURL(t *testing.T) {
	for _, tt := range []struct {
		public, listen string
		tools          bool
		want           string
	}{
		{"https://chats.example.com", "127.0.0.1:8080", true, ""},
		{"", "0.0.0.0:8080", true, ""},
		{"", "127.0.0.1:8080", false, ""},
		{"", "none", true, ""},
		{"", "127.0.0.1:8080", true, "listens on 127.0.0.1:8080 only"},
		{"http://chats.example.com", "", true, "is http"},
		{"https://localhost", "", true, "only this machine"},
		{"https://10.0.0.7:8443", "", true, "only this machine"},
	} {
		if f := PublicURL(tt.public, tt.listen, tt.tools); !strings.Contains(f.Text, tt.want) || (f.Text == "") != (tt.want == "") {
			t.Errorf("%+v: got %+v", tt, f)
		}
	}
}
