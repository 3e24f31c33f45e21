package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The examples of the API's page do what it says, and nobody else gets in.
func TestAPIExamples(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	page, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	p := newProgram(t, "data")
	p.ledger.refuse = func(id string) bool { return strings.HasSuffix(id, "001") }
	p.start()
	p.chat(1, 2, 6)
	examples := 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		examples++
		line = strings.ReplaceAll(strings.Replace(line, "curl -s", "curl -s -f", 1), "http://127.0.0.1:8080", p.url)
		out, err := exec.Command("sh", "-c", line).Output()
		if err != nil || !json.Valid(out) {
			t.Errorf("%s: got %v and %s", line, err, out)
		}
		if told := strings.Contains(string(out), "hello"); told != strings.Contains(line, "body=true") {
			t.Errorf("%s: got\n%s\nwhich shows what people wrote: %v", line, out, told)
		}
	}
	if examples < 10 {
		t.Errorf("the page has %d examples", examples)
	}
	p.run(0, "nothing parked", "parked")
	p.run(0, "cancelled", "replay", "list")
	for name, tt := range map[string]struct {
		method, path, body string
		header             http.Header
		host               string
		status             int
	}{
		"a page elsewhere whose name leads here": {"GET", "/api/status", "", nil, "evil.example.com", http.StatusForbidden},
		"through a proxy":                        {"GET", "/api/status", "", http.Header{"X-Forwarded-For": {"203.0.113.7"}}, "", http.StatusForbidden},
		"another site's form":                    {"POST", "/api/parked/drop", `{"all":true}`, http.Header{"Content-Type": {"text/plain"}}, "", http.StatusUnsupportedMediaType},
		"another site's script":                  {"POST", "/api/parked/drop", `{"all":true}`, http.Header{"Content-Type": {"application/json"}, "Origin": {"https://evil.example.com"}}, "", http.StatusForbidden},
		"a filter spelled wrong":                 {"POST", "/api/parked/drop", `{"al":true}`, http.Header{"Content-Type": {"application/json"}}, "", http.StatusBadRequest},
		"nothing named":                          {"POST", "/api/parked/drop", `{}`, http.Header{"Content-Type": {"application/json"}}, "", http.StatusBadRequest},
		"an unknown token":                       {"GET", "/api/status", "", http.Header{"Authorization": {"Bearer nobody"}}, "", http.StatusUnauthorized},
		"what only the socket has":               {"GET", "/api/events", "", nil, "", http.StatusNotFound},
		"the same without its place":             {"POST", "/parked/drop", `{"all":true}`, http.Header{"Content-Type": {"application/json"}}, "", http.StatusNotFound},
	} {
		req, err := http.NewRequest(tt.method, p.url+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		if tt.header != nil {
			req.Header = tt.header
		}
		req.Host = tt.host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.status || resp.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %d, want %d", name, resp.StatusCode, tt.status)
		}
	}
	p.stop()
}
