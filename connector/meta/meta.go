// Package meta is what WhatsApp, Messenger and Instagram have in common: how an
// app of Meta signs, and its handshake. Package messenger reads what Messenger
// and Instagram send.
//
// Source: https://developers.facebook.com/docs/graph-api/webhooks/getting-started
package meta

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/parlance-chat/parlance/connector"
)

// Signature is for Gives.
const Signature = "HMAC-SHA256"

// TestEntry is the id of an entry that the dashboard made up to try a webhook.
const TestEntry = "0"

// scheme is how Meta signs: over the bytes that it sends, in which whatever is
// not ASCII is escaped, é as \u00e9.
var scheme = connector.Scheme{Header: "X-Hub-Signature-256", Value: "sha256={signature}"}

// An App verifies what an app of Meta sends. The secrets are its app secret and
// the verify token that somebody made up for the handshake.
type App struct{ all, keys connector.Options }

// NewApp returns an app with the secrets of o.
//
// A verify token travels in addresses, and may be anything, so it must not serve
// as a key. App secrets have a shape of their own: where one of the secrets has
// it, only those that do are keys.
func NewApp(o connector.Options) App {
	a := App{o, o}
	if slices.ContainsFunc(o.Secrets, isAppSecret) {
		a.keys.Secrets = slices.DeleteFunc(slices.Clone(o.Secrets), func(s string) bool { return !isAppSecret(s) })
	}
	return a
}

// isAppSecret reports whether s looks like an app secret: 32 hexadecimal digits.
func isAppSecret(s string) bool { return len(s) == 32 && strings.Trim(s, "0123456789abcdef") == "" }

// Verify implements connector.Connector.
func (a App) Verify(r *connector.Request) error { return scheme.Verify(a.keys, r) }

// Greet implements connector.Greeter: any of the secrets may be the verify
// token.
func (a App) Greet(r *connector.Request) (string, error) {
	u, err := url.Parse(r.URL)
	if err != nil {
		return "", fmt.Errorf("%w: the address cannot be read", connector.ErrSignature)
	}
	q := u.Query()
	challenge := q.Get("hub.challenge")
	if q.Get("hub.mode") != "subscribe" || challenge == "" {
		return "", fmt.Errorf("%w: it is no handshake", connector.ErrSignature)
	}
	if err := a.all.VerifyToken(q.Get("hub.verify_token")); err != nil {
		return "", err
	}
	return challenge, nil
}

// Sign writes the body of r as Meta does, and signs it.
func (a App) Sign(r *connector.Request) {
	r.Body = escape(r.Body)
	r.Header.Set("Content-Type", "application/json")
	scheme.Sign(a.keys, r)
}

// escape writes JSON as Meta does: é as \u00e9, and so whatever is not ASCII, and / as \/.
func escape(body []byte) []byte {
	b := make([]byte, 0, len(body))
	for _, r := range string(body) {
		switch {
		case r == '/':
			b = append(b, `\/`...)
		case r < 0x80:
			b = append(b, byte(r))
		case r > 0xffff:
			r -= 0x10000
			b = fmt.Appendf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			b = fmt.Appendf(b, `\u%04x`, r)
		}
	}
	return b
}
