package access

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"
)

const (
	// lifetime bounds a session, and idle how long nothing may come of it.
	lifetime = 7 * 24 * time.Hour
	idle     = 12 * time.Hour
)

// Rules say who may come in. The zero value lets in programs on this machine
// alone, as operators.
type Rules struct {
	Users  []Account
	Tokens []Token
	OIDC   OIDC
	// Bodies is the least role that may see what people wrote in chats; "" is
	// a viewer's.
	Bodies Role
}

// open reports whether there is nobody who could log in.
func (r *Rules) open() bool { return len(r.Users) == 0 && r.OIDC.Issuer == "" }

// An Account is somebody with a password.
type Account struct {
	Name string
	Hash string // argon2id, as Hash returns it
	Role Role
}

// A Token is what a program shows in place of a login.
type Token struct {
	Name  string
	Token string
	Role  Role
}

// Options are what a Guard needs.
type Options struct {
	Dir       string // where it keeps sessions and notes
	PublicURL string // how the world calls us; "" is by no name of our own
	Log       *slog.Logger
}

// A Guard lets people in. Its methods may be called concurrently.
type Guard struct {
	o        Options
	store    *store
	sessions *scs.SessionManager
	csrf     *http.CrossOriginProtection
	rules    atomic.Pointer[inForce]
	attempts limits
	hashing  *semaphore.Weighted // each takes memory
	refusals *rate.Limiter       // of notes of attempts that fail, which anybody can make
}

// inForce are rules with what is made of them.
type inForce struct {
	Rules
	tokens map[[sha256.Size]byte]Token // by hash, so that a search tells nothing of a secret
	oidc   *provider                   // nil without
}

// Open opens the guard's file.
func Open(o Options) (*Guard, error) {
	s, err := openStore(o.Dir)
	if err != nil {
		return nil, err
	}
	g := &Guard{o: o, store: s, sessions: scs.New(), csrf: http.NewCrossOriginProtection(), hashing: semaphore.NewWeighted(1),
		refusals: rate.NewLimiter(rate.Every(10*time.Second), 100)}
	m := g.sessions
	m.Store, m.Lifetime, m.IdleTimeout, m.HashTokenInStore = s, lifetime, idle, true
	m.Cookie.Name, m.Cookie.SameSite = "parlance", http.SameSiteLaxMode
	if strings.HasPrefix(o.PublicURL, "https://") {
		// The prefix has browsers refuse one that was not set by us over TLS.
		m.Cookie.Name, m.Cookie.Secure = "__Host-parlance", true
	}
	m.ErrorFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		o.Log.Error("console: session", "error", err)
		http.Error(w, "sessions cannot be read; the gateway's log says why", http.StatusInternalServerError)
	}
	g.Set(Rules{})
	return g, nil
}

// Set puts rules in force. A session of somebody whom they do not let in is
// over.
func (g *Guard) Set(r Rules) {
	f := &inForce{Rules: r, tokens: map[[sha256.Size]byte]Token{}}
	for _, t := range r.Tokens {
		f.tokens[sha256.Sum256([]byte(t.Token))] = t
	}
	if r.OIDC.Issuer != "" {
		f.oidc = &provider{o: r.OIDC, callback: strings.TrimRight(g.o.PublicURL, "/") + callbackPath}
	}
	g.rules.Store(f)
}

// Close closes the guard's file.
func (g *Guard) Close() error { return g.store.close() }

// Wrap lets requests through to h that may come in, and says who makes them.
// Others are sent to log in, or refused.
func (g *Guard) Wrap(h http.Handler) http.Handler {
	inner := g.sessions.LoadAndSave(g.csrf.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := g.user(r)
		switch {
		case err != nil:
			refuse(w, http.StatusForbidden, err.Error())
		case u.Name == "" && !public(r.URL.Path):
			g.askIn(w, r)
		default:
			h.ServeHTTP(w, r.WithContext(With(r.Context(), u)))
		}
	})))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Everybody's, and kept by caches: no session may go with it.
		if strings.HasPrefix(r.URL.Path, "/assets/") && !g.rules.Load().open() {
			h.ServeHTTP(w, r)
			return
		}
		bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !ok {
			inner.ServeHTTP(w, r)
			return
		}
		// No session, and no protection against forged requests: a browser
		// sends no such header of its own accord.
		u, ok := g.byToken(bearer)
		if !ok {
			w.Header().Set("WWW-Authenticate", "Bearer")
			refuse(w, http.StatusUnauthorized, "this token is not known here")
			return
		}
		h.ServeHTTP(w, r.WithContext(With(r.Context(), u)))
	})
}

// public are the pages of those who are not known yet.
func public(path string) bool {
	return path == "/login" || path == callbackPath || path == oidcPath
}

// askIn sends a browser to the login page, and tells a program what it lacks.
func (g *Guard) askIn(w http.ResponseWriter, r *http.Request) {
	page := r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") && !strings.HasSuffix(r.URL.Path, ".json")
	if !page {
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuse(w, http.StatusUnauthorized, "log in, or show a token: Authorization: Bearer …")
		return
	}
	to := "/login"
	if r.URL.Path != "/" || r.URL.RawQuery != "" {
		to += "?to=" + url.QueryEscape(r.URL.RequestURI())
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, text, status)
}

var (
	errElsewhere = errors.New("the console is open to this machine only, until its configuration names users: console: users: …, or oidc")
	// A proxy need not say that it is one, and everybody would be this machine.
	errPublic = errors.New("the console is closed, for public_url says that the world can reach this gateway, and the configuration names no users: console: users: …, or oidc; 'parlance password' makes one")
)

// user returns who makes a request; nobody if they have to log in. An error
// means that there is no way in.
func (g *Guard) user(r *http.Request) (User, error) {
	f := g.rules.Load()
	if f.open() {
		switch {
		case !Local(r):
			return User{}, errElsewhere
		case elsewhere(g.o.PublicURL):
			return User{}, errPublic
		}
		return f.grant(ThisMachine, Operator, false), nil
	}
	name := g.sessions.GetString(r.Context(), "name")
	if name == "" {
		return User{}, nil
	}
	if g.sessions.GetString(r.Context(), "by") == "oidc" {
		role, ok := f.OIDC.role(claimsOf(g.sessions.GetBytes(r.Context(), "claims")))
		if f.oidc == nil || !ok {
			return User{}, nil
		}
		return f.grant(name, role, true), nil
	}
	for _, a := range f.Users {
		// A new password ends the sessions that the old one began.
		if a.Name == name && g.sessions.GetString(r.Context(), "hash") == fingerprint(a.Hash) {
			return f.grant(name, a.Role, true), nil
		}
	}
	return User{}, nil
}

func fingerprint(hash string) string {
	sum := sha256.Sum256([]byte(hash))
	return string(sum[:8])
}

func (g *Guard) byToken(token string) (User, bool) {
	f := g.rules.Load()
	sum := sha256.Sum256([]byte(token))
	t, ok := f.tokens[sum]
	if !ok || subtle.ConstantTimeCompare([]byte(t.Token), []byte(token)) != 1 {
		return User{}, false
	}
	return f.grant("token "+t.Name, t.Role, false), true
}

func (f *inForce) grant(name string, role Role, logout bool) User {
	bodies := f.Bodies
	if bodies == "" {
		bodies = Viewer
	}
	return User{Name: name, Role: role, Bodies: role.May(bodies), Logout: logout}
}

// A Note is one thing that somebody did.
type Note struct {
	At     time.Time `json:"at"`
	User   string    `json:"user"`
	From   string    `json:"from"` // the address that it came from
	Action string    `json:"action"`
	Target string    `json:"target,omitempty"`
}

// Note writes down what the maker of a request does. Somebody who does things
// unseen is worse than a thing not done: heed the error.
func (g *Guard) Note(r *http.Request, action, target string) error {
	return g.note(r, Of(r.Context()).Name, action, target)
}

// maxNoted bounds each text of a note: requests say some of them.
const maxNoted = 300

func (g *Guard) note(r *http.Request, user, action, target string) error {
	n := Note{At: time.Now(), User: user, From: r.RemoteAddr, Action: action, Target: target}
	if c := client(r).String(); !strings.Contains(n.From, c) {
		n.From += " for " + c
	}
	for _, text := range []*string{&n.User, &n.Action, &n.Target} {
		if len(*text) > maxNoted {
			*text = strings.ToValidUTF8((*text)[:maxNoted], "") + "…"
		}
	}
	if err := g.store.note(r.Context(), n); err != nil {
		return fmt.Errorf("console: audit log: %w", err)
	}
	return nil
}

// refused writes down an attempt that fails whether it is written down or not:
// of a flood some, for the disk is not to be filled from outside.
func (g *Guard) refused(r *http.Request, user, action, target string) {
	if g.refusals.Allow() {
		_ = g.note(r, user, action, target)
	}
}

// Notes returns up to limit notes before a time, newest first.
func (g *Guard) Notes(ctx context.Context, before time.Time, limit int) ([]Note, error) {
	return g.store.notes(ctx, before, limit)
}
