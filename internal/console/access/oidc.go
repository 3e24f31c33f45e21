package access

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// The addresses of a login at the company's provider: where it begins, and
// where the provider sends the browser back to.
const (
	oidcPath     = "/login/oidc"
	callbackPath = "/login/oidc/callback"
)

// OIDC says how a company's people log in, and what they may do.
type OIDC struct {
	Issuer       string // such as https://accounts.example.com
	ClientID     string
	ClientSecret string
	// Operators and Viewers name people by e-mail address, "@example.com" for
	// all of a domain, or "group:NAME".
	Operators, Viewers []string
}

// claims are what a provider says of somebody.
type claims struct {
	Subject  string   `json:"sub"`
	Email    string   `json:"email"`
	Verified bool     `json:"email_verified"`
	Groups   []string `json:"groups"`
}

func claimsOf(stored []byte) (c claims) {
	_ = json.Unmarshal(stored, &c) // we wrote it
	return c
}

// role returns what somebody may do, if they may come in at all.
func (o *OIDC) role(c claims) (Role, bool) {
	for _, one := range []struct {
		role Role
		who  []string
	}{{Operator, o.Operators}, {Viewer, o.Viewers}} {
		if slices.ContainsFunc(one.who, c.are) {
			return one.role, true
		}
	}
	return "", false
}

// are reports whether somebody is meant by who. An address that the provider
// has not verified is anybody's.
func (c claims) are(who string) bool {
	if group, ok := strings.CutPrefix(who, "group:"); ok {
		return slices.Contains(c.Groups, group)
	}
	if !c.Verified || c.Email == "" {
		return false
	}
	if strings.HasPrefix(who, "@") {
		_, domain, _ := strings.Cut(c.Email, "@")
		return same("@"+domain, who)
	}
	return same(c.Email, who)
}

// same reports whether two addresses are the same but for the case of ASCII
// letters. To strings.EqualFold, "ſ" is an s and "K" may be the sign of Kelvin:
// another's address.
func same(a, b string) bool {
	lower := func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}
	return strings.Map(lower, a) == strings.Map(lower, b)
}

// A provider is a company's. What it publishes is fetched at the first login,
// so that a gateway starts without it.
type provider struct {
	o        OIDC
	callback string

	mu       sync.Mutex // guards the fields below
	config   *oauth2.Config
	verifier *oidc.IDTokenVerifier
}

// providerTime bounds each conversation with a provider.
const providerTime = 10 * time.Second

var providerClient = &http.Client{Timeout: providerTime}

func (p *provider) discover(ctx context.Context) (*oauth2.Config, *oidc.IDTokenVerifier, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.config != nil {
		return p.config, p.verifier, nil
	}
	// Its keys are fetched long after this request.
	found, err := oidc.NewProvider(oidc.ClientContext(context.WithoutCancel(ctx), providerClient), p.o.Issuer)
	if err != nil {
		return nil, nil, fmt.Errorf("console: the OIDC provider: %w", err)
	}
	p.config = &oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: p.callback, Scopes: []string{oidc.ScopeOpenID, "email", "profile", "groups"}}
	p.verifier = found.Verifier(&oidc.Config{ClientID: p.o.ClientID})
	return p.config, p.verifier, nil
}

// HasOIDC reports whether people can log in at a provider.
func (g *Guard) HasOIDC() bool { return g.rules.Load().oidc != nil }

// HasPasswords reports whether people can log in with a password.
func (g *Guard) HasPasswords() bool { return len(g.rules.Load().Users) > 0 }

// departTime is how long somebody may take at the provider.
const departTime = 15 * time.Minute

var errNoOIDC = errors.New("console: no OIDC provider is configured")

// Depart sends a browser to the provider. It comes back to Arrive.
func (g *Guard) Depart(w http.ResponseWriter, r *http.Request) error {
	p := g.rules.Load().oidc
	if p == nil {
		return errNoOIDC
	}
	// Each keeps something on disk, and anybody may ask.
	if !g.attempts.allow(network(client(r)), false) {
		return ErrTooMany
	}
	config, _, err := p.discover(r.Context())
	if err != nil {
		return err
	}
	if g.sessions.GetString(r.Context(), "name") == "" {
		g.sessions.SetDeadline(r.Context(), time.Now().Add(departTime))
	}
	state, nonce, verifier := rand.Text(), rand.Text(), oauth2.GenerateVerifier()
	g.sessions.Put(r.Context(), "state", state)
	g.sessions.Put(r.Context(), "nonce", nonce)
	g.sessions.Put(r.Context(), "verifier", verifier)
	g.sessions.Put(r.Context(), "to", Back(r.FormValue("to")))
	http.Redirect(w, r, config.AuthCodeURL(state, oidc.Nonce(nonce), oauth2.S256ChallengeOption(verifier)), http.StatusSeeOther)
	return nil
}

// Arrive begins a session for whom the provider sent, and returns where they
// wanted to go.
func (g *Guard) Arrive(r *http.Request) (to string, err error) {
	f := g.rules.Load()
	state, nonce := g.sessions.PopString(r.Context(), "state"), g.sessions.PopString(r.Context(), "nonce")
	verifier, to := g.sessions.PopString(r.Context(), "verifier"), g.sessions.PopString(r.Context(), "to")
	switch {
	case f.oidc == nil:
		return "", errNoOIDC
	case state == "" || r.FormValue("state") != state:
		return "", ErrWrong // somebody else's login, or one from long ago
	}
	c, err := f.oidc.exchange(r.Context(), r.FormValue("code"), verifier, nonce)
	if err != nil {
		return "", err
	}
	name := c.Subject
	if c.Verified && c.Email != "" {
		name = c.Email
	}
	if _, ok := f.OIDC.role(c); !ok {
		g.refused(r, name, "login refused", "not in the configuration's operators or viewers")
		return "", ErrWrong
	}
	stored, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return Back(to), g.begin(r, name, map[string]any{"by": "oidc", "claims": stored})
}

// exchange turns what the browser brought into what the provider says of who
// sits there.
func (p *provider) exchange(ctx context.Context, code, verifier, nonce string) (c claims, err error) {
	config, check, err := p.discover(ctx)
	if err != nil {
		return c, err
	}
	token, err := config.Exchange(oidc.ClientContext(ctx, providerClient), code, oauth2.VerifierOption(verifier))
	if err != nil {
		// The error holds the answer, and that may hold anything.
		return c, errors.New("console: the OIDC provider refused the code that the browser brought; is client_secret right?")
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := check.Verify(ctx, raw)
	if err != nil {
		return c, fmt.Errorf("console: the OIDC provider's token: %w", err)
	}
	if id.Nonce != nonce {
		return c, errors.New("console: the OIDC provider's token is of another login")
	}
	return c, id.Claims(&c)
}
