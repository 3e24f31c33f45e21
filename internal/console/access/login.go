package access

import (
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/time/rate"
)

// parameters are OWASP's second choice, which takes 19 MiB and not 46: a
// gateway has to live with little memory.
var parameters = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Hash returns what the configuration holds in place of a password.
func Hash(password string) (string, error) { return argon2id.CreateHash(password, parameters) }

// maxMemory bounds, in KiB, what comparing with a hash may take.
const maxMemory = 256 * 1024

// CheckHash says what is wrong with the hash of a password.
func CheckHash(hash string) error {
	p, _, _, err := argon2id.DecodeHash(hash)
	if err != nil || p.Memory > maxMemory || p.Iterations > 20 {
		return errors.New("must be what 'parlance password' prints between the quotes, which begins with $argon2id$")
	}
	return nil
}

// Errors of Login.
var (
	ErrWrong   = errors.New("name or password is wrong")
	ErrTooMany = errors.New("too many attempts; wait a minute")
)

// nobody is compared with where there is no such user, so that it takes as long.
var nobody = sync.OnceValue(func() string {
	h, _ := Hash("nobody has this password")
	return h
})

// maxName is longer than any name of an account.
const maxName = 100

// Login begins a session for somebody who knows a password.
func (g *Guard) Login(r *http.Request, name, password string) error {
	if len(name) > maxName {
		return ErrWrong
	}
	account, users := Account{Hash: nobody()}, g.rules.Load().Users
	i := slices.IndexFunc(users, func(a Account) bool { return a.Name == name })
	known := i >= 0
	if known {
		account = users[i]
	}
	if !g.attempts.allow(network(client(r)), false) || !g.attempts.allow("name "+name, known) {
		g.refused(r, name, "login refused", "too many attempts")
		return ErrTooMany
	}
	if len(password) > 1000 {
		return ErrWrong
	}
	if err := g.hashing.Acquire(r.Context(), 1); err != nil {
		return err
	}
	ok, err := argon2id.ComparePasswordAndHash(password, account.Hash)
	g.hashing.Release(1)
	if err != nil || !ok || !known {
		g.refused(r, name, "login failed", "")
		return ErrWrong
	}
	return g.begin(r, name, map[string]any{"by": "password", "hash": fingerprint(account.Hash)})
}

// begin begins a session.
func (g *Guard) begin(r *http.Request, name string, values map[string]any) error {
	// A new token, so that one that somebody planted before is worth nothing.
	if err := g.sessions.RenewToken(r.Context()); err != nil {
		return err
	}
	for k, v := range values {
		g.sessions.Put(r.Context(), k, v)
	}
	g.sessions.Put(r.Context(), "name", name)
	return g.note(r, name, "login", "")
}

// Logout ends the session of a request, if it has one.
func (g *Guard) Logout(r *http.Request) error {
	if !Of(r.Context()).Logout {
		return nil
	}
	if err := g.Note(r, "logout", ""); err != nil {
		return err
	}
	return g.sessions.Destroy(r.Context())
}

// Back returns where to go after a login: a page of ours, whatever is asked.
func Back(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}

// network returns what one person may have many addresses of.
func network(addr netip.Addr) string {
	if p, err := addr.Prefix(64); addr.Is6() && err == nil {
		return p.String()
	}
	return addr.String()
}

// limits bound the attempts of each name and address. The zero value is ready.
type limits struct {
	mu   sync.Mutex // guards list
	list map[string]*limit
}

type limit struct {
	*rate.Limiter
	kept bool // for ever
}

const (
	perMinute = 10
	// maxLimits bounds how many are remembered.
	maxLimits = 10_000
)

// allow reports whether one more attempt is allowed. Those that are not kept
// may be forgotten where there are too many.
func (l *limits) allow(who string, kept bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.list == nil {
		l.list = map[string]*limit{}
	}
	if l.list[who] == nil {
		if len(l.list) >= maxLimits {
			l.forget()
		}
		l.list[who] = &limit{rate.NewLimiter(rate.Every(time.Minute/perMinute), perMinute), kept}
	}
	return l.list[who].Allow()
}

// forget lets go of those who have done nothing for a while, and of some others
// if those are few: to look through all for each one would take long. The caller
// holds mu.
func (l *limits) forget() {
	for who, one := range l.list {
		if one.Tokens() >= perMinute {
			delete(l.list, who)
		}
	}
	for who, one := range l.list {
		if len(l.list) < maxLimits*9/10 {
			return
		}
		if !one.kept {
			delete(l.list, who)
		}
	}
}
