package gateway_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/parlance-chat/parlance/gateway"
)

// Whoever shows a token may do what its role allows, and is in the audit log.
func TestAPIRoles(t *testing.T) {
	const viewer, operator, admin = "viewer-0123456789abcdef", "operator-0123456789abcdef", "parlance-0123456789abcdef"
	_, url := run(t, gateway.Config{Destinations: []gateway.Destination{toFile("log", t.TempDir()+"/log.jsonl")}, Console: gateway.Console{
		Users:  []gateway.ConsoleUser{{Name: "mia", Password: "$argon2id$v=19$m=65536,t=1,p=2$c29tZXNhbHRzb21lc2FsdA$iWh06vD8Fy27wf9npn6FXWiCX4K6pW6Ue1Bnzz07Z8A", Role: "operator"}},
		Tokens: []gateway.ConsoleToken{{Name: "board", Token: viewer, Role: "viewer"}, {Name: "robot", Token: operator, Role: "operator"}},
		Bodies: "operator"}})
	for name, tt := range map[string]struct {
		method, path, token string
		status              int
	}{
		"nobody":                                {"GET", "/api/status", "", http.StatusUnauthorized},
		"an unknown token":                      {"GET", "/api/status", admin, http.StatusUnauthorized},
		"a viewer looks":                        {"GET", "/api/status", viewer, http.StatusOK},
		"a viewer wants to see what was said":   {"GET", "/api/parked?body=true", viewer, http.StatusForbidden},
		"a viewer acts":                         {"POST", "/api/destinations/log/pause", viewer, http.StatusForbidden},
		"an operator looks":                     {"GET", "/api/parked?body=true", operator, http.StatusOK},
		"an operator acts":                      {"POST", "/api/destinations/log/pause", operator, http.StatusOK},
		"an operator acts on what is not there": {"POST", "/api/destinations/nobody/pause", operator, http.StatusBadRequest},
	} {
		req, err := http.NewRequest(tt.method, url+tt.path, bytes.NewReader([]byte(`{"by": "somebody else"}`)))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		if tt.token != "" {
			req.Header.Set("Authorization", "Bearer "+tt.token)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != tt.status {
			t.Errorf("%s: got %d, want %d", name, resp.StatusCode, tt.status)
		}
	}
	if status, body := get(t, url+"/api/status", "Authorization", "Bearer "+viewer); status != http.StatusOK || !bytes.Contains([]byte(body), []byte(`"by":"token robot"`)) {
		t.Errorf("who paused it: got %d and %s", status, body)
	}
	if _, body := get(t, url+"/audit.json", "Authorization", "Bearer "+operator); !bytes.Contains([]byte(body), []byte("/api/destinations/log/pause")) {
		t.Errorf("the audit log: got %s", body)
	}
}

// A page elsewhere whose name was made to lead here does not get at the
// metrics, which name workspaces and sources.
func TestMetricsByAnotherName(t *testing.T) {
	_, url := run(t, gateway.Config{})
	for host, want := range map[string]int{"": http.StatusOK, "attacker.example.com": http.StatusForbidden} {
		req, err := http.NewRequest("GET", url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = host
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("asked as %q: got %d, want %d", host, resp.StatusCode, want)
		}
	}
}
