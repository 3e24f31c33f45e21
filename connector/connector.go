// Package connector defines what the gateway needs from a chat tool.
//
// A chat tool is one folder below this one and one line in package all.
// Package connectortest holds what each must pass.
package connector

import (
	"errors"
	"net/http"
	"time"

	"github.com/parlance-chat/parlance/conversation"
)

// ErrSignature means that the chat tool did not sign a webhook, or that it was
// signed too long ago.
var ErrSignature = errors.New("signature")

// A Connector understands the webhooks of one chat tool.
// Its methods do no I/O and may be called concurrently.
type Connector interface {
	// Verify returns nil if the tool signed body. Otherwise its error wraps
	// ErrSignature.
	Verify(header http.Header, body []byte) error

	// Parse returns the activities that body reports, in the order they
	// happened. A well-formed webhook of no interest yields none. An error means that the webhook is unreadable.
	// Parse does not retain body.
	Parse(header http.Header, body []byte) (Parsed, error)
}

// Parsed is what a webhook says.
type Parsed struct {
	Activities []conversation.Activity
	// Dropped counts what the connector left out on purpose, by reason:
	// "private_note", "unknown_author", "unknown_event", … A reason never
	// holds anything that a person wrote.
	Dropped []string
}

// A Scrubber removes what must not be stored.
type Scrubber interface {
	// Scrub returns body without the credentials that the tool leaves in it.
	// It may change body in place.
	Scrub(body []byte) []byte
}

// A Faker also writes what it reads. The simulator speaks to the gateway
// through it, and connectortest checks that reading undoes writing.
type Faker interface {
	Connector
	// Fake returns the signed webhooks that the tool would send for a.
	Fake(a conversation.Activity) []Webhook
}

// A Webhook is one request that a tool makes.
type Webhook struct {
	Header http.Header
	Body   []byte
}

// Options are what the configuration of any chat tool may hold. The zero
// value of each field is its default.
type Options struct {
	// Secrets are the tool's shared secrets, HMAC keys or static tokens. Any
	// of them is accepted, so that a secret can be changed without a gap.
	Secrets []string
	// Unsigned accepts webhooks without a signature, and those whose signature
	// there is no secret to check by.
	Unsigned bool
	// UnverifiedIDs accepts customer ids that the tool could not verify.
	UnverifiedIDs bool
	// Now is the clock by which signatures grow old; nil is time.Now.
	Now func() time.Time
}

// A Type is one chat tool in the list.
type Type struct {
	Name  string // as in the configuration
	Title string // as its vendor writes it
	// Reopen is what a customer's message after the end means where the
	// configuration does not say: separate cases continue, one endless
	// thread restarts.
	Reopen conversation.Reopen
	New    func(Options) Connector
}
