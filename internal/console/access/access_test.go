package access

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

const password = "correct horse battery staple"

// guarded is a server whose only page says who sees it, and a browser.
func guarded(t *testing.T, r Rules, publicURL string) (*Guard, *httptest.Server, *http.Client) {
	t.Helper()
	g, err := Open(Options{Dir: t.TempDir(), PublicURL: publicURL, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	g.Set(r)
	mux := http.NewServeMux()
	mux.HandleFunc("/login", func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if err := g.Login(r, r.FormValue("name"), r.FormValue("password")); err != nil {
				http.Error(w, err.Error(), http.StatusForbidden)
			}
			return
		}
		io.WriteString(w, "please log in")
	})
	mux.HandleFunc("/logout", func(w http.ResponseWriter, r *http.Request) { _ = g.Logout(r) })
	mux.HandleFunc(oidcPath, func(w http.ResponseWriter, r *http.Request) {
		if err := g.Depart(w, r); err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
		}
	})
	mux.HandleFunc(callbackPath, func(w http.ResponseWriter, r *http.Request) {
		to, err := g.Arrive(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		u := Of(r.Context())
		io.WriteString(w, u.Name+" "+string(u.Role))
		if u.Bodies {
			io.WriteString(w, " bodies")
		}
	})
	s := httptest.NewServer(g.Wrap(mux))
	t.Cleanup(s.Close)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return g, s, &http.Client{Jar: jar}
}

func ask(t *testing.T, c *http.Client, method, address string, form url.Values, header ...string) (status int, body string) {
	t.Helper()
	req, err := http.NewRequest(method, address, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func account(t *testing.T, name string, role Role) Account {
	t.Helper()
	h, err := Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckHash(h); err != nil {
		t.Fatal(err)
	}
	return Account{name, h, role}
}

func TestPasswordLogin(t *testing.T) {
	mia := account(t, "mia", Viewer)
	g, s, c := guarded(t, Rules{Users: []Account{mia}, Bodies: Operator}, "")
	html := []string{"Accept", "text/html"}
	if status, body := ask(t, c, "GET", s.URL+"/a?b=c", nil, html...); body != "please log in" {
		t.Errorf("before: got %d %q", status, body)
	}
	if status, _ := ask(t, c, "GET", s.URL+"/a", nil); status != http.StatusUnauthorized {
		t.Errorf("a program before: got %d, want 401", status)
	}
	for _, wrong := range []url.Values{{"name": {"mia"}, "password": {"wrong"}}, {"name": {"max"}, "password": {password}}, {"name": {""}, "password": {""}},
		{"name": {"mia"}, "password": {strings.Repeat("long", 1000)}}} {
		if status, _ := ask(t, c, "POST", s.URL+"/login", wrong); status != http.StatusForbidden {
			t.Errorf("%v: got %d, want 403", wrong, status)
		}
	}
	right := url.Values{"name": {"mia"}, "password": {password}}
	if status, body := ask(t, c, "POST", s.URL+"/login", right); status != http.StatusOK {
		t.Fatalf("got %d %s", status, body)
	}
	if _, body := ask(t, c, "GET", s.URL+"/a", nil, html...); body != "mia viewer" {
		t.Errorf("got %q, want mia the viewer, who sees no bodies", body)
	}

	// A password that was changed ends the session.
	g.Set(Rules{Users: []Account{account(t, "mia", Viewer)}})
	if _, body := ask(t, c, "GET", s.URL+"/a", nil, html...); body != "please log in" {
		t.Errorf("after the password changed: got %q", body)
	}
	g.Set(Rules{Users: []Account{mia}})
	ask(t, c, "POST", s.URL+"/logout", url.Values{})
	if _, body := ask(t, c, "GET", s.URL+"/a", nil, html...); body != "please log in" {
		t.Errorf("after logging out: got %q", body)
	}

	notes, err := g.Notes(t.Context(), time.Now().Add(time.Minute), 10)
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, n := range notes {
		actions = append(actions, n.User+" "+n.Action)
	}
	if got, want := strings.Join(actions, ", "), "mia logout, mia login,  login failed, max login failed, mia login failed"; got != want {
		t.Errorf("audit log: got %q, want %q", got, want)
	}
}

// A session that somebody planted before the login is not the one after it,
// and is stored nowhere as it is.
func TestSessionIsRenewed(t *testing.T) {
	g, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}}, "")
	ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {password}})
	u, _ := url.Parse(s.URL)
	first := c.Jar.Cookies(u)[0].Value
	ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {password}})
	second := c.Jar.Cookies(u)[0].Value
	if first == second {
		t.Error("the session's token stayed")
	}
	if _, found, err := g.store.Find(second); found || err != nil {
		t.Errorf("a token is stored as it is (%v)", err)
	}
}

func TestTooManyAttempts(t *testing.T) {
	_, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}}, "")
	for range perMinute {
		ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {strings.Repeat("wrong", 300)}})
	}
	if _, body := ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {password}}); !strings.Contains(body, ErrTooMany.Error()) {
		t.Errorf("got %q, want too many attempts", body)
	}
}

func TestTokens(t *testing.T) {
	const token = "0123456789abcdef0123456789abcdef"
	_, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}, Tokens: []Token{{"ci", token, Viewer}}}, "")
	for header, want := range map[string]int{"Bearer " + token: 200, "Bearer " + token[1:]: 401, "Bearer ": 401, "Basic " + token: 401} {
		if status, _ := ask(t, c, "POST", s.URL+"/a", nil, "Authorization", header); status != want {
			t.Errorf("%q: got %d, want %d", header, status, want)
		}
	}
	if _, body := ask(t, c, "GET", s.URL+"/a", nil, "Authorization", "Bearer "+token); body != "token ci viewer bodies" {
		t.Errorf("got %q", body)
	}
}

// A page elsewhere cannot have a browser act here.
func TestForgedRequests(t *testing.T) {
	for _, rules := range []Rules{{}, {Users: []Account{account(t, "mia", Operator)}}} {
		_, s, c := guarded(t, rules, "")
		if len(rules.Users) > 0 {
			ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {password}})
		}
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://attacker.example.com"}, {"Origin", "null"}} {
			if status, _ := ask(t, c, "POST", s.URL+"/a", url.Values{}, header...); status != http.StatusForbidden {
				t.Errorf("%v: got %d, want 403", header, status)
			}
		}
		if status, _ := ask(t, c, "POST", s.URL+"/a", url.Values{}, "Sec-Fetch-Site", "same-origin"); status != http.StatusOK {
			t.Errorf("our own page: got %d, want 200", status)
		}
	}
}

// Without users only this machine comes in, if it means this machine.
func TestLocal(t *testing.T) {
	tests := []struct {
		from, host, header string
		page               string // that the request is from
		http10             bool
		want               bool
	}{
		{from: "127.0.0.1:5", host: "localhost:8080", want: true},
		{from: "[::1]:5", host: "[::1]:8080", want: true},
		{from: "127.0.0.1:5", host: "127.0.0.1", want: true},
		{from: "192.0.2.1:5", host: "localhost:8080"},
		{from: "127.0.0.1:5", host: "attacker.example.com"},
		{from: "127.0.0.1:5", host: "localhost.attacker.example.com"},
		{from: "127.0.0.1:5", host: "localhost", header: "X-Forwarded-For"},
		{from: "127.0.0.1:5", host: "localhost", header: "Forwarded"},
		{from: "127.0.0.1:5", host: "127.0.0.1:8080", http10: true},
		{from: "nowhere", host: "localhost"},
		{from: "127.0.0.1:5", host: "127.0.0.1:8080", page: "http://127.0.0.1:8080/sources", want: true},
		{from: "127.0.0.1:5", host: "127.0.0.1:8080", page: "https://chats.example.com/"},
	}
	for _, tt := range tests {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr, r.Host = tt.from, tt.host
		if tt.header != "" {
			r.Header.Set(tt.header, "192.0.2.1")
		}
		if tt.page != "" {
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			r.Header.Set("Referer", tt.page)
		}
		if tt.http10 {
			r.ProtoMajor, r.ProtoMinor = 1, 0
		}
		if got := Local(r); got != tt.want {
			t.Errorf("%+v: got %v", tt, got)
		}
	}
}

// Where a proxy leads here, nobody is let in who does not log in: nothing tells
// that nginx, as it is set up without a word, is not a browser of this machine.
func TestPublicIsClosed(t *testing.T) {
	for publicURL, want := range map[string]int{"": 200, "http://127.0.0.1:8080": 200, "http://localhost": 200, "https://chats.example.com": 403, "http://192.0.2.1": 403} {
		_, s, c := guarded(t, Rules{}, publicURL)
		if status, _ := ask(t, c, "GET", s.URL+"/a", nil); status != want {
			t.Errorf("public_url %q: got %d, want %d", publicURL, status, want)
		}
	}
}

// Behind a proxy everybody comes from its address, and nobody may use up the
// attempts of all.
func TestClient(t *testing.T) {
	for _, tt := range []struct{ from, forwarded, want string }{
		{"192.0.2.1:5", "", "192.0.2.1"},
		{"192.0.2.1:5", "198.51.100.7", "192.0.2.1"},
		{"127.0.0.1:5", "", "127.0.0.1"},
		{"127.0.0.1:5", "203.0.113.9, 198.51.100.7", "198.51.100.7"},
		{"10.0.0.3:5", "198.51.100.7", "198.51.100.7"},
		{"127.0.0.1:5", "unknown", "127.0.0.1"},
		{"[::1]:5", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"[::ffff:127.0.0.1]:5", "::ffff:198.51.100.7", "198.51.100.7"},
	} {
		r := httptest.NewRequest("POST", "/login", nil)
		r.RemoteAddr = tt.from
		r.Header.Set("X-Forwarded-For", tt.forwarded)
		if got := network(client(r)); got != tt.want {
			t.Errorf("%+v: got %s", tt, got)
		}
	}
	_, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}}, "")
	for range perMinute + 1 {
		ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"max"}, "password": {"wrong"}}, "X-Forwarded-For", "198.51.100.7")
	}
	if status, body := ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {password}}, "X-Forwarded-For", "198.51.100.8"); status != http.StatusOK {
		t.Errorf("got %d %s: another's attempts count as hers", status, body)
	}
}

// However many names and addresses are tried, what is remembered of them is
// bounded, and the attempts at an account that exists count on.
func TestManyNames(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // in which no time passes
		var l limits
		for range perMinute {
			l.allow("name mia", true)
		}
		for i := range maxLimits + 1000 {
			if !l.allow(fmt.Sprint("name ", i), false) {
				t.Fatal("the first attempt of a name is one too many")
			}
		}
		if l.allow("name mia", true) {
			t.Error("the attempts of mia are forgotten")
		}
		if len(l.list) > maxLimits {
			t.Errorf("%d are remembered, want up to %d", len(l.list), maxLimits)
		}
	})
}

// What nobody has to log in for cannot fill the disk.
func TestFloodOfAttempts(t *testing.T) {
	g, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}}, "")
	for range 300 {
		ask(t, c, "POST", s.URL+"/login", url.Values{"name": {strings.Repeat("n", maxName)}, "password": {"wrong"}})
	}
	notes, err := g.Notes(t.Context(), time.Now().Add(time.Minute), 1000)
	if err != nil || len(notes) > 150 {
		t.Errorf("got %d notes, %v; want about 100", len(notes), err)
	}
	r := httptest.NewRequest("POST", "/", nil)
	if err := g.note(r, "mia", strings.Repeat("ä", 5000), ""); err != nil {
		t.Fatal(err)
	}
	if notes, err = g.Notes(t.Context(), time.Now().Add(time.Minute), 1); err != nil || len(notes[0].Action) > maxNoted+len("…") || !utf8.ValidString(notes[0].Action) {
		t.Errorf("got a note of %d bytes, %v", len(notes[0].Action), err)
	}
}

// A request that was under way when somebody logged out does not bring their
// session back.
func TestLogoutIsFinal(t *testing.T) {
	g, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}}, "")
	ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {password}})
	u, _ := url.Parse(s.URL)
	cookie := c.Jar.Cookies(u)[0]
	slow, err := g.sessions.Load(t.Context(), cookie.Value)
	if err != nil {
		t.Fatal(err)
	}
	ask(t, c, "POST", s.URL+"/logout", url.Values{})
	if _, _, err := g.sessions.Commit(slow); err != nil {
		t.Fatal(err)
	}
	if status, _ := ask(t, &http.Client{}, "GET", s.URL+"/a", nil, "Cookie", cookie.Name+"="+cookie.Value); status != http.StatusUnauthorized {
		t.Errorf("got %d, want 401", status)
	}
}

// What caches may keep carries nobody's session.
func TestAssetsCarryNoSession(t *testing.T) {
	_, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}}, "")
	ask(t, c, "POST", s.URL+"/login", url.Values{"name": {"mia"}, "password": {password}})
	for path, want := range map[string]bool{"/a": true, "/assets/console.css": false} {
		resp, err := c.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := len(resp.Cookies()) > 0; got != want {
			t.Errorf("%s: sets a cookie: %v", path, got)
		}
	}
}

func TestBack(t *testing.T) {
	for to, want := range map[string]string{"/a?b": "/a?b", "": "/", "//evil.example.com": "/", `/\evil.example.com`: "/", "https://evil.example.com": "/", "/a\r\nb": "/"} {
		if got := Back(to); got != want {
			t.Errorf("%q: got %q, want %q", to, got, want)
		}
	}
}

func TestCheckHash(t *testing.T) {
	for _, bad := range []string{"", "secret", "$2a$10$abc", "$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHRzYWx0c2E$c2FsdHNhbHRzYWx0c2FsdHNhbHRzYWx0c2FsdHM"} {
		if CheckHash(bad) == nil {
			t.Errorf("%q: got no error", bad)
		}
	}
}

func TestSecureCookie(t *testing.T) {
	g, s, c := guarded(t, Rules{Users: []Account{account(t, "mia", Operator)}}, "https://chats.example.com")
	c.Jar = nil
	req, _ := http.NewRequest("POST", s.URL+"/login", strings.NewReader(url.Values{"name": {"mia"}, "password": {password}}.Encode()))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	cookie := resp.Header.Get("Set-Cookie")
	for _, part := range []string{"__Host-parlance=", "HttpOnly", "Secure", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("got %q, want %s", cookie, part)
		}
	}
	_ = g
}
