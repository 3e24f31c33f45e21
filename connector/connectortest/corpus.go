package connectortest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/corpus"
)

// Says is what files are expected to say, by name, as Summary writes it.
type Says map[string]string

// Corpus checks that every webhook that PARLANCE_CORPUS holds for the
// connector is read, and that those in says say that. Files in skip are no
// webhooks, such as answers of the tool's API; a * at the end of a name stands
// for anything.
func Corpus(t *testing.T, typ connector.Type, says Says, skip ...string) {
	c := typ.New(options())
	Files(t, typ, func(t *testing.T, name string, b []byte) {
		if skipped(name, skip) {
			return
		}
		for _, r := range recordedRequests(t, name, b) {
			p, err := c.Parse(r)
			if err != nil {
				t.Fatal(err)
			}
			Check(t, p)
			if want, ok := says[name]; ok && want != Summary(p) {
				t.Errorf("got  %s\nwant %s", Summary(p), want)
			} else if !ok {
				t.Logf("says %s", Summary(p))
			}
		}
	})
}

// Files calls f with every file that PARLANCE_CORPUS holds for the connector.
func Files(t *testing.T, typ connector.Type, f func(t *testing.T, name string, b []byte)) {
	for _, file := range corpusFiles(t, typ) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f(t, filepath.Base(file), b)
		})
	}
}

func skipped(name string, patterns []string) bool {
	for _, p := range patterns {
		prefix, open := strings.CutSuffix(p, "*")
		if name == p || open && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// corpusFiles returns the files of the corpus for a tool.
func corpusFiles(t testing.TB, typ connector.Type) (files []string) {
	dir := corpus.Dir(t)
	for _, pattern := range []string{"*.json", "*.jsonl"} {
		list, err := filepath.Glob(filepath.Join(dir, typ.Name, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range list {
			if !strings.HasSuffix(file, ".headers.jsonl") {
				files = append(files, file)
			}
		}
	}
	if len(files) == 0 {
		t.Fatalf("%s: got no files, want some", typ.Name)
	}
	return files
}

// recordedRequests reads a file of the corpus: a body, one with its headers a
// line (.jsonl), or the fields of a form (.form. in its name).
func recordedRequests(t *testing.T, name string, b []byte) (list []*connector.Request) {
	plain := http.Header{"Content-Type": {"application/json"}}
	switch {
	case strings.HasSuffix(name, ".jsonl"):
		in := bufio.NewScanner(bytes.NewReader(b))
		in.Buffer(nil, 16<<20)
		for in.Scan() {
			var line struct {
				Headers map[string]string
				Body    string
			}
			if err := json.Unmarshal(in.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			r := &connector.Request{Header: plain.Clone(), Body: []byte(line.Body), Received: noon}
			for name, value := range line.Headers {
				r.Header.Set(name, value)
			}
			list = append(list, r)
		}
	case strings.Contains(name, ".form."):
		var fields map[string]any
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatal(err)
		}
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, fmt.Sprint(value))
		}
		list = append(list, &connector.Request{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, Body: []byte(form.Encode()), Received: noon})
	default:
		list = append(list, &connector.Request{Header: plain, Body: b, Received: noon})
	}
	return list
}

// Summary tells what a webhook says in a line, without what anybody wrote:
// "message by customer m1 in 17 by u1; closed by agent 7 in 17 (private_note)".
func Summary(p connector.Parsed) string {
	var parts []string
	for _, a := range p.Activities {
		s := string(a.Type)
		if a.By != "" {
			s += " by " + string(a.By)
		}
		if a.Agent.ID != "" {
			s += " agent " + a.Agent.ID
		}
		if a.Message.ID != "" {
			s += " " + a.Message.ID
		}
		s += " in " + a.Conversation
		if a.Customer.UserID != "" {
			s += " user " + a.Customer.UserID
		}
		parts = append(parts, s)
	}
	s := strings.Join(parts, "; ")
	for _, l := range p.Lookups {
		s += " ?" + l.Path
	}
	if len(p.Dropped) > 0 {
		s += " (" + strings.Join(p.Dropped, ", ") + ")"
	}
	return strings.TrimSpace(s)
}
