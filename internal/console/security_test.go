package console_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination/segment"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/console"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/console/browsertest"
	"github.com/parlance-chat/parlance/internal/control"
)

const (
	viewerToken   = "viewer-0123456789abcdef0123"
	operatorToken = "operator-0123456789abcdef01"
)

// locked is a gateway that people have to log in to.
func locked(t *testing.T) gateway.Config {
	t.Helper()
	hash, err := gateway.HashPassword("correct horse battery staple")
	if err != nil {
		t.Fatal(err)
	}
	c := shop()
	c.Console = gateway.Console{
		Users:  []gateway.ConsoleUser{{Name: "mia", Password: gateway.Secret(hash), Role: access.Viewer}, {Name: "otto", Password: gateway.Secret(hash), Role: access.Operator}},
		Tokens: []gateway.ConsoleToken{{Name: "look", Token: viewerToken, Role: access.Viewer}, {Name: "act", Token: operatorToken, Role: access.Operator}},
		Bodies: access.Operator,
	}
	return c
}

// routes are all addresses of the console and the API, with their methods.
func routes(t *testing.T) (list []string) {
	t.Helper()
	guard, err := access.Open(access.Options{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	all := append(console.New(console.Options{Guard: guard}).Routes(), control.Routes("/api")...)
	for _, pattern := range all {
		method, path, _ := strings.Cut(pattern, " ")
		path = strings.NewReplacer("{name}", "1", "{name...}", "config.md", "{id}", "1", "{$}", "").Replace(path)
		if path == "/login" || path == "/login.json" || strings.HasPrefix(path, "/login/") || strings.HasPrefix(path, "/assets/") {
			continue // which are for those who are not known yet
		}
		list = append(list, method+" "+path)
	}
	if len(list) < 30 {
		t.Fatalf("got %d routes: %v", len(list), list)
	}
	return list
}

// ask makes a request, and follows nobody elsewhere.
func ask(t *testing.T, method, address string, change func(*http.Request)) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	if change != nil {
		change(req)
	}
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var b []byte
	if resp.Header.Get("Content-Type") != "text/event-stream" { // which has no end
		if b, err = io.ReadAll(resp.Body); err != nil {
			t.Fatal(err)
		}
	}
	return resp, string(b)
}

func bearer(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

// Nobody sees or does anything without a login, with a token that somebody made
// up, or without the role.
func TestEveryRouteIsClosed(t *testing.T) {
	url := run(t, locked(t))
	tell(t, url, `{"activities":[`+hello+`]}`)
	for _, route := range routes(t) {
		method, path, _ := strings.Cut(route, " ")
		for name, change := range map[string]func(*http.Request){
			"nobody":              nil,
			"a forged token":      bearer("operator-0123456789abcdef02"),
			"an empty token":      bearer(""),
			"a forged session":    func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "parlance", Value: "made-up"}) },
			"somebody who claims": func(r *http.Request) { r.Header.Set("X-Forwarded-For", "127.0.0.1"); r.Host = "localhost" },
		} {
			resp, body := ask(t, method, url+path, change)
			if resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s: %s: got %d", name, route, resp.StatusCode)
			}
			if strings.Contains(body, "Norway") || strings.Contains(body, "shop") {
				t.Errorf("%s: %s: the answer tells something", name, route)
			}
		}
		if resp, _ := ask(t, method, url+path, func(r *http.Request) { r.Header.Set("Accept", "text/html") }); method == "GET" && !strings.HasSuffix(path, ".json") &&
			!strings.HasPrefix(path, "/api") && (resp.StatusCode != http.StatusSeeOther || !strings.HasPrefix(resp.Header.Get("Location"), "/login")) {
			t.Errorf("a browser: %s: got %d, %q, want to be sent to the login", route, resp.StatusCode, resp.Header.Get("Location"))
		}
		resp, _ := ask(t, method, url+path, bearer(viewerToken))
		if closed := resp.StatusCode == http.StatusForbidden; closed != (method == "POST" && path != "/logout" && !looks[path] || path == "/audit" || path == "/audit.json") {
			t.Errorf("a viewer: %s: got %d", route, resp.StatusCode)
		}
		if resp, _ := ask(t, method, url+path, bearer(operatorToken)); resp.StatusCode == http.StatusForbidden || resp.StatusCode == http.StatusUnauthorized {
			t.Errorf("an operator: %s: got %d", route, resp.StatusCode)
		}
	}
}

// looks are requests that are posted for their size, and change nothing.
var looks = map[string]bool{"/sources/1": true}

// A page of another site cannot have the browser of somebody who is logged in,
// or sits at the machine, do anything.
func TestForgedRequests(t *testing.T) {
	for name, c := range map[string]gateway.Config{"this machine": shop(), "a login": locked(t)} {
		url := run(t, c)
		var session *http.Cookie
		if len(c.Console.Users) > 0 {
			session = login(t, url, "otto")
		}
		for _, route := range routes(t) {
			method, path, _ := strings.Cut(route, " ")
			if method != "POST" {
				continue
			}
			for _, header := range [][2]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://attacker.example.com"}} {
				resp, _ := ask(t, method, url+path, func(r *http.Request) {
					r.Header.Set(header[0], header[1])
					if session != nil {
						r.AddCookie(session)
					}
				})
				if resp.StatusCode != http.StatusForbidden {
					t.Errorf("%s: %s with %v: got %d, want 403", name, route, header, resp.StatusCode)
				}
			}
		}
	}
}

// login logs somebody in, and returns the session.
func login(t *testing.T, address, name string) *http.Cookie {
	t.Helper()
	c := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.PostForm(address+"/login", url.Values{"name": {name}, "password": {"correct horse battery staple"}, "to": {"//attacker.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Location") != "/" || len(resp.Cookies()) == 0 {
		t.Fatalf("got %d to %q, want a session and the first page", resp.StatusCode, resp.Header.Get("Location"))
	}
	return resp.Cookies()[0]
}

// Whoever may not see what people wrote, or who they are, sees it nowhere, though
// a receiver repeats what it was sent; nor can they find it out by looking for it.
func TestBodiesAreHidden(t *testing.T) {
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		http.Error(w, "I do not want "+string(b), http.StatusBadRequest)
	}))
	defer receiver.Close()
	c := locked(t)
	c.Identity = "email"
	c.Destinations = []gateway.Destination{{Name: "segment", Type: "segment", Settings: &segment.Settings{WriteKey: "key", Region: "us", Endpoint: receiver.URL}}}
	url := run(t, c)
	tell(t, url, `{"activities":[`+strings.Replace(hello, `"user_id":"u-1"`, `"email":"zoe@example.net","name":"Zoe Quist"`, 1)+`]}`)
	until := time.Now().Add(patience)
	for !strings.Contains(page(t, url+"/parked.json", operatorToken), "Norway") || !strings.Contains(page(t, url+"/conversations.json", operatorToken), "zoe@") {
		if time.Now().After(until) {
			t.Fatal("nothing is parked, or in the archive")
		}
		time.Sleep(10 * time.Millisecond)
	}
	paths := []string{"/conversations/17", "/conversations/17.json", "/sources/shop", "/sources/shop.json", "/destinations/segment", "/destinations/segment.json", "/live/stream?after=0"}
	for _, route := range routes(t) {
		if method, path, _ := strings.Cut(route, " "); method == "GET" {
			paths = append(paths, path)
		}
	}
	for _, path := range paths {
		text := page(t, url+path, viewerToken)
		for _, private := range []string{"Norway", "zoe@", "Zoe Quist", "I do not want"} {
			if strings.Contains(text, private) {
				t.Errorf("%s: a viewer sees %q", path, private)
			}
		}
	}
	for _, path := range []string{"/parked?reason=Norway", "/api/parked?reason=Norway", "/conversations?text=Norway", "/conversations?find=zoe@example.net"} {
		if resp, _ := ask(t, "GET", url+path, bearer(viewerToken)); resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: a viewer is told: %d", path, resp.StatusCode)
		}
	}
	for _, path := range []string{"/events/1", "/parked", "/api/parked?body=true", "/live/stream?after=0", "/conversations/17"} {
		if !strings.Contains(page(t, url+path, operatorToken), "Norway") {
			t.Errorf("%s: an operator does not see it", path)
		}
	}
}

// page returns what stands at an address, of a stream its first records.
func page(t *testing.T, address, token string) string {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, "GET", address, nil)
	if err != nil {
		t.Fatal(err)
	}
	bearer(token)(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	var text strings.Builder
	for in := bufio.NewScanner(resp.Body); in.Scan() && in.Text() != ""; {
		text.WriteString(in.Text() + "\n")
	}
	return text.String()
}

// No form takes more than it needs, and whoever may not send one has nothing
// of it kept, in memory or on disk.
func TestHugeForms(t *testing.T) {
	address := run(t, locked(t))
	for _, kind := range []string{"application/x-www-form-urlencoded", "multipart/form-data; boundary=b"} {
		var sent atomic.Int64 // the client may still be sending when it has the answer
		req, err := http.NewRequest("POST", address+"/sources/shop", io.TeeReader(io.LimitReader(zeros{}, 64<<20), counter{&sent}))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Authorization", "Bearer "+viewerToken)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		if sent.Load() > 16<<20 {
			t.Errorf("%s: %d MB were taken", kind, sent.Load()>>20)
		}
	}
	resp, _ := ask(t, "POST", address+"/sources/shop", func(r *http.Request) {
		bearer(viewerToken)(r)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader("body="+strings.Repeat("x", 3<<20))), -1
	})
	if resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("got %d, want 413", resp.StatusCode)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	copy(b, "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n")
	return len(b), nil
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// Where a configuration is there, nobody has another one looked at: what is
// wrong with it would tell of the gateway's environment and files.
func TestSetupIsClosed(t *testing.T) {
	address := run(t, locked(t))
	t.Setenv("ANOTHER_SECRET", "of-the-environment-0123456789")
	form := url.Values{"text": {"sources:\n  x: {type: chatwoot, unsigned: true, path: \"${ANOTHER_SECRET}\"}\n"}}
	resp, body := ask(t, "POST", address+"/setup", func(r *http.Request) {
		bearer(operatorToken)(r)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(form.Encode())), -1
	})
	if resp.StatusCode != http.StatusConflict || strings.Contains(body, "0123456789") {
		t.Errorf("got %d, and the secret: %v", resp.StatusCode, strings.Contains(body, "0123456789"))
	}
}

func TestLoginInBrowser(t *testing.T) {
	url := run(t, locked(t))
	tab := browsertest.Open(t, url)
	tab.Go("/sources?workspace=default")
	tab.See("h1", "Log in")
	tab.Shots("login")
	tab.Type("input[name=name]", "mia")
	tab.Type("input[name=password]", "wrong\n")
	tab.See(".notice.bad", "the name or the password is wrong")
	tab.Go("/sources")
	tab.Type("input[name=name]", "mia")
	tab.Type("input[name=password]", "correct horse battery staple\n")
	tab.See("h1", "Sources")
	tab.See(".tools", "mia · log out")
	if tab.Shows("nav", "Setup") {
		t.Error("a viewer is led to Setup, where only an operator can do anything")
	}
	tab.ExpectComplaints()
	tab.Go("/audit")
	tab.See(".notice", "for operators")
	tab.Click(".tools form button")
	tab.See("h1", "Log in")
	tab.Go("/")
	tab.See("h1", "Log in")
}

// Whatever stands in any field that a chat tool can fill is shown, and does
// nothing.
func TestHostileTexts(t *testing.T) {
	c := shop()
	c.Sources[0].Name = "1"
	url := run(t, c)
	const hostile = `"><script>window.pwned=1</script><img src=x onerror=window.pwned=1>'{{.}}`
	activity := map[string]any{"id": hostile, "type": "message", "conversation_id": hostile, "time": "2026-03-02T09:00:00Z", "by": "customer",
		"message":  map[string]string{"id": hostile, "body": hostile},
		"agent":    map[string]string{"id": hostile, "name": hostile, "username": hostile},
		"customer": map[string]string{"user_id": hostile, "anonymous_id": hostile, "contact_id": hostile, "email": hostile, "name": hostile},
		"channel":  "chat", "conversation_url": "javascript:window.pwned=1"}
	b, err := json.Marshal(map[string]any{"activities": []any{activity}})
	if err != nil {
		t.Fatal(err)
	}
	tell(t, url, string(b))
	tab := browsertest.Open(t, url)
	tab.ExpectComplaints() // there is not everything of which there is a page
	for _, route := range routes(t) {
		method, path, _ := strings.Cut(route, " ")
		if method != "GET" || strings.HasSuffix(path, ".json") || strings.HasPrefix(path, "/api/") || path == "/live/stream" || strings.Contains(path, "download") {
			continue
		}
		tab.Go(path + "?conversation=" + query(hostile) + "&source=" + query(hostile) + "&user=" + query(hostile) + "&told=" + query(hostile))
		tab.Go(path)
		pwned := browsertest.Eval[bool](tab, `window.pwned !== undefined || [...document.querySelectorAll('a')].some(a => a.protocol === 'javascript:')`)
		if pwned {
			t.Errorf("%s: what a chat tool filled in ran", path)
		}
	}
	tab.Go("/events/1")
	tab.See("pre", hostile[:20])
}

func query(s string) string { return url.QueryEscape(s) }
