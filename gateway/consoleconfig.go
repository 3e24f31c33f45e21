package gateway

import (
	"slices"
	"strings"

	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Console says who may see and do what in the console's pages. Without users
// and without oidc they are open to this machine, and closed to all others; to
// all, where public_url is not this machine's.
type Console struct {
	// People who log in with a password, by name.
	Users []ConsoleUser `yaml:"users,omitempty"`
	// What programs show in place of a login, as `Authorization: Bearer …`, by name.
	Tokens []ConsoleToken `yaml:"tokens,omitempty"`
	// People who log in at the company's provider (OpenID Connect). Needs public_url; the address to come back to is `PUBLIC_URL/login/oidc/callback`.
	OIDC ConsoleOIDC `yaml:"oidc,omitempty"`
	// Who may see what people wrote in chats: `viewer` is everybody, `operator` hides it from viewers.
	Bodies access.Role `yaml:"bodies,omitempty"`
}

// A ConsoleUser is somebody who logs in with a password.
type ConsoleUser struct {
	Name string `yaml:",key"`

	// What `parlance password` makes of their password. Required.
	Password Secret `yaml:"password"`
	// `viewer` may look, `operator` may also pause, resend, replay and drop. Required.
	Role access.Role `yaml:"role"`
}

// A ConsoleToken is what a program shows.
type ConsoleToken struct {
	Name string `yaml:",key"`

	// At least 22 characters that nobody can guess, such as what `openssl rand -hex 16` prints. Required.
	Token Secret `yaml:"token"`
	// As of users. Required.
	Role access.Role `yaml:"role"`
}

// ConsoleOIDC is a company's OpenID Connect provider.
type ConsoleOIDC struct {
	// The provider's address, such as `https://accounts.google.com`.
	Issuer string `yaml:"issuer,omitempty"`
	// What the provider calls this gateway.
	ClientID string `yaml:"client_id,omitempty"`
	// What proves that it is it.
	ClientSecret Secret `yaml:"client_secret,omitempty"`
	// Who are operators: e-mail addresses that the provider has verified, `@example.com` for all of a domain, or `group:NAME`.
	Operators []string `yaml:"operators,omitempty"`
	// Who are viewers, likewise.
	Viewers []string `yaml:"viewers,omitempty"`
}

// console checks who may come in, and returns it in the words of package access.
func (r *resolver) console(c *Config) {
	at := func(keys ...string) (path string) {
		path = "console"
		for _, k := range keys {
			path = strictyaml.Join(path, k)
		}
		return path
	}
	out := &r.out.Console
	seen := map[string]bool{}
	for _, u := range c.Console.Users {
		r.name(at("users", u.Name), u.Name, seen)
		r.role(at("users", u.Name), u.Role)
		if err := access.CheckHash(string(u.Password)); err != nil {
			r.tell(at("users", u.Name, "password"), "%v", err)
		}
		out.Users = append(out.Users, access.Account{Name: u.Name, Hash: string(u.Password), Role: u.Role})
	}
	clear(seen)
	tokens := map[Secret]bool{}
	for _, t := range c.Console.Tokens {
		r.name(at("tokens", t.Name), t.Name, seen)
		r.role(at("tokens", t.Name), t.Role)
		if len(t.Token) < unguessable {
			r.tell(at("tokens", t.Name, "token"), `must be at least %d characters that nobody can guess, such as what "openssl rand -hex 16" prints`, unguessable)
		}
		if tokens[t.Token] {
			r.tell(at("tokens", t.Name, "token"), "is the same as another's; nobody could tell the two apart")
		}
		tokens[t.Token] = true
		out.Tokens = append(out.Tokens, access.Token{Name: t.Name, Token: string(t.Token), Role: t.Role})
	}
	r.oidc(at("oidc"), c)
	oneOf(r, "console", "bodies", c.Console.Bodies, access.Viewer, access.Operator)
	out.Bodies = c.Console.Bodies
}

func (r *resolver) role(path string, role access.Role) {
	if role == "" {
		r.tell(strictyaml.Join(path, "role"), "is missing; write viewer or operator")
	}
	oneOf(r, path, "role", role, access.Viewer, access.Operator)
}

// oidc checks the provider.
func (r *resolver) oidc(path string, c *Config) {
	o := c.Console.OIDC
	people := slices.Concat(o.Operators, o.Viewers)
	if o.Issuer == "" {
		if o.ClientID != "" || o.ClientSecret != "" || len(people) > 0 {
			r.tell(strictyaml.Join(path, "issuer"), "is missing; write the provider's address, such as https://accounts.google.com")
		}
		return
	}
	if !strings.HasPrefix(o.Issuer, "https://") && !strings.HasPrefix(o.Issuer, "http://127.0.0.1:") {
		r.tell(strictyaml.Join(path, "issuer"), "must begin with https://")
	}
	for key, value := range map[string]string{"client_id": o.ClientID, "client_secret": string(o.ClientSecret)} {
		if value == "" {
			r.tell(strictyaml.Join(path, key), "is missing; the provider tells it where you register this gateway")
		}
	}
	if len(people) == 0 {
		r.tell(path, "lets nobody in; name operators or viewers, such as operators: [mia@example.com]")
	}
	for _, who := range people {
		if !strings.Contains(who, "@") && !strings.HasPrefix(who, "group:") {
			r.tell(path, "operators and viewers are e-mail addresses, @DOMAIN or group:NAME")
			break
		}
	}
	if c.PublicURL == "" {
		r.tell("public_url", "is missing; the provider has to know where to send people back to")
	}
	r.out.Console.OIDC = access.OIDC{Issuer: o.Issuer, ClientID: o.ClientID, ClientSecret: string(o.ClientSecret), Operators: o.Operators, Viewers: o.Viewers}
}

// HashPassword returns what stands for a password in the configuration.
func HashPassword(password string) (string, error) { return access.Hash(password) }
