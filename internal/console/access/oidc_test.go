package access

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// A provider of a company whose people are all mia.
type company struct {
	*httptest.Server
	key    *rsa.PrivateKey
	claims map[string]any // beside those that every token has
	asked  url.Values     // what the browser brought
	spoil  func(jwt.MapClaims)
}

func newCompany(t *testing.T) *company {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p := &company{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token",
			"jwks_uri": p.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		b64 := base64.RawURLEncoding.EncodeToString
		_ = json.NewEncoder(w).Encode(map[string]any{"keys": []any{map[string]string{"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "1",
			"n": b64(key.N.Bytes()), "e": b64(big.NewInt(int64(key.E)).Bytes())}}})
	})
	mux.HandleFunc("/authorize", func(w http.ResponseWriter, r *http.Request) {
		p.asked = r.URL.Query()
		http.Redirect(w, r, p.asked.Get("redirect_uri")+"?code=c&state="+url.QueryEscape(p.asked.Get("state")), http.StatusSeeOther)
	})
	mux.HandleFunc("/token", p.token)
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	return p
}

func (p *company) token(w http.ResponseWriter, r *http.Request) {
	sum := sha256.Sum256([]byte(r.FormValue("code_verifier")))
	id, secret, _ := r.BasicAuth()
	if base64.RawURLEncoding.EncodeToString(sum[:]) != p.asked.Get("code_challenge") || id != "parlance" || secret != "s3cret" || r.FormValue("code") != "c" {
		http.Error(w, `{"error":"invalid_grant","hint":"s3cret"}`, http.StatusBadRequest)
		return
	}
	all := jwt.MapClaims{"iss": p.URL, "aud": "parlance", "sub": "1", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix(), "nonce": p.asked.Get("nonce")}
	for k, v := range p.claims {
		all[k] = v
	}
	if p.spoil != nil {
		p.spoil(all)
	}
	t := jwt.NewWithClaims(jwt.SigningMethodRS256, all)
	t.Header["kid"] = "1"
	signed, _ := t.SignedString(p.key)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": signed})
}

func TestOIDC(t *testing.T) {
	mia := map[string]any{"email": "mia@example.com", "email_verified": true}
	tests := []struct {
		name      string
		claims    map[string]any
		operators []string
		viewers   []string
		spoil     func(jwt.MapClaims)
		want      string // what the page says; "" is that they do not come in
	}{
		{name: "an operator", claims: mia, operators: []string{"Mia@example.com"}, viewers: []string{"@example.com"}, want: "mia@example.com operator bodies"},
		{name: "a domain", claims: mia, operators: []string{"max@example.com"}, viewers: []string{"@example.com"}, want: "mia@example.com viewer bodies"},
		{name: "a group", claims: map[string]any{"groups": []string{"support"}}, viewers: []string{"group:support"}, want: "1 viewer bodies"},
		{name: "nobody", claims: mia, viewers: []string{"max@example.com", "@example.org", "group:support"}},
		{name: "a longer domain", claims: map[string]any{"email": "mia@evil-example.com", "email_verified": true}, viewers: []string{"@example.com"}},
		{name: "not verified", claims: map[string]any{"email": "mia@example.com"}, viewers: []string{"@example.com"}},
		{name: "a group, by a name that anybody may claim", claims: map[string]any{"groups": []string{"support"}, "email": "boss@example.com"}, viewers: []string{"group:support"}, want: "1 viewer bodies"},
		{name: "a letter that looks like another", claims: map[string]any{"email": "mi\u212a@example.com", "email_verified": true}, viewers: []string{"mik@example.com"}},
		{name: "another's token", claims: mia, viewers: []string{"@example.com"}, spoil: func(c jwt.MapClaims) { c["aud"] = "other" }},
		{name: "another issuer", claims: mia, viewers: []string{"@example.com"}, spoil: func(c jwt.MapClaims) { c["iss"] = "https://evil.example.com" }},
		{name: "too old", claims: mia, viewers: []string{"@example.com"}, spoil: func(c jwt.MapClaims) { c["exp"] = time.Now().Add(-time.Hour).Unix() }},
		{name: "of another login", claims: mia, viewers: []string{"@example.com"}, spoil: func(c jwt.MapClaims) { c["nonce"] = "other" }},
	}
	p := newCompany(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p.claims, p.spoil = tt.claims, tt.spoil
			g, s, c := guarded(t, Rules{}, "")
			g.o.PublicURL = s.URL
			rules := Rules{OIDC: OIDC{Issuer: p.URL, ClientID: "parlance", ClientSecret: "s3cret", Operators: tt.operators, Viewers: tt.viewers}}
			g.Set(rules)
			status, body := ask(t, c, "GET", s.URL+oidcPath+"?to=/page", nil, "Accept", "text/html")
			if tt.want == "" {
				if status != http.StatusForbidden || strings.Contains(body, "s3cret") {
					t.Errorf("got %d %q, want 403", status, body)
				}
				return
			}
			if body != tt.want {
				t.Fatalf("got %d %q, want %q", status, body, tt.want)
			}
			// Who may come in no more is out at once.
			rules.OIDC.Operators, rules.OIDC.Viewers = []string{"max@example.com"}, nil
			g.Set(rules)
			if _, body := ask(t, c, "GET", s.URL+"/page", nil, "Accept", "text/html"); body != "please log in" {
				t.Errorf("after the rules changed: got %q", body)
			}
		})
	}
}

// Somebody cannot be logged in as another by a link.
func TestOIDCForgedReturn(t *testing.T) {
	p := newCompany(t)
	p.claims = map[string]any{"email": "evil@example.com", "email_verified": true}
	_, s, c := guarded(t, Rules{OIDC: OIDC{Issuer: p.URL, ClientID: "parlance", ClientSecret: "s3cret", Viewers: []string{"@example.com"}}}, "")
	for _, query := range []string{"?code=c&state=guessed", "?code=c&state=", "?code=c"} {
		if status, _ := ask(t, c, "GET", s.URL+callbackPath+query, nil); status != http.StatusForbidden {
			t.Errorf("%s: got %d, want 403", query, status)
		}
	}
}

// Whoever begins a login over and over does not fill the disk.
func TestOIDCFlood(t *testing.T) {
	p := newCompany(t)
	_, s, _ := guarded(t, Rules{OIDC: OIDC{Issuer: p.URL, ClientID: "parlance", ClientSecret: "s3cret", Viewers: []string{"@example.com"}}}, "")
	c := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	begun := 0
	for range 5 * perMinute {
		resp, err := c.Get(s.URL + oidcPath)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if len(resp.Cookies()) > 0 {
			begun++
			if age := time.Duration(resp.Cookies()[0].MaxAge) * time.Second; age > departTime+time.Minute {
				t.Fatalf("what is remembered of a login that has begun is kept for %s", age)
			}
		}
	}
	if begun > 2*perMinute {
		t.Errorf("%d were begun in a moment", begun)
	}
}
