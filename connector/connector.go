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

// A Request is one request of a chat tool.
type Request struct {
	Method string // empty means POST
	URL    string // as the tool called it: the gateway's public URL, with the query
	Header http.Header
	Body   []byte
	// Received is when it arrived, or zero if nobody knows: for the tools that
	// tell of something without a time. Whatever has one is told by that.
	Received time.Time
	// Answers is what the tool's API said to the Lookups of an earlier Parse
	// of the same request, by path; nil where it knows nothing of it. For a
	// Keyed connector it also holds what its Keys said, by address.
	Answers map[string][]byte
}

// A Connector understands the webhooks of one chat tool.
// Its methods do no I/O and may be called concurrently.
type Connector interface {
	// Verify returns nil if the tool signed r. Otherwise its error wraps
	// ErrSignature.
	Verify(r *Request) error

	// Parse returns what r reports, in the order it happened. A well-formed
	// webhook of no interest reports nothing. An error means that the webhook
	// is unreadable. Parse does not retain the body.
	Parse(r *Request) (Parsed, error)
}

// Parsed is what a webhook says.
type Parsed struct {
	Activities []conversation.Activity
	// Agents and Contacts are people of whom the webhook tells beside any
	// conversation: by their ids, what else is known of them.
	Agents   []conversation.Agent  `json:",omitempty"`
	Contacts []conversation.Person `json:",omitempty"`
	// Dropped counts what the connector left out on purpose, by reason:
	// "private_note", "unknown_author", "unknown_event", … A reason never
	// holds anything that a person wrote.
	Dropped []string
	// Reply, if not empty, is what the tool waits for in place of the usual
	// answer: the end of a handshake.
	Reply string `json:",omitempty"`
	// Visit, if not empty, is an address of the tool that the gateway is to
	// call once: the end of a handshake.
	Visit string `json:",omitempty"`
	// Lookups are what the tool's API must say before the rest of the webhook
	// can be read. Once it has, the same request is parsed again, with Answers,
	// and of its headers with Content-Type alone.
	Lookups []Lookup `json:",omitempty"`
}

// A Lookup is a question to a tool's API.
type Lookup struct {
	Path string // below the API's address, with its query
	// Keep is how long the answer may serve other webhooks too; 0 is not at all.
	Keep time.Duration
}

// A Scrubber removes what must not be stored.
type Scrubber interface {
	// Scrub returns body without the credentials that the tool leaves in it.
	// It may change body in place.
	Scrub(body []byte) []byte
}

// A Greeter ends a handshake that is a GET request.
type Greeter interface {
	// Greet returns what the tool waits for, or an error that wraps
	// ErrSignature.
	Greet(r *Request) (reply string, err error)
}

// A Keyed connector verifies with keys that the tool publishes.
type Keyed interface {
	// Keys returns the addresses of the keys that verifying r takes: only
	// ones that are the tool's own. The gateway gets and keeps them.
	Keys(r *Request) []string
}

// A Faker also writes what it reads. The simulator speaks to the gateway
// through it, and connectortest checks that reading undoes writing.
type Faker interface {
	Connector
	// Fake returns the signed requests that the tool makes once the last
	// activity of a conversation's history has happened; none if it then
	// makes none. A Message by the System in it is a private note.
	Fake(history []conversation.Activity) []Request
}

// An Answerer is a Faker whose webhooks take Lookups: it plays the tool's API
// too.
type Answerer interface {
	Faker
	// Answer is what the API says of a path once the last activity of a
	// history has happened; nil if it knows nothing of it.
	Answer(history []conversation.Activity, path string) []byte
}

// Options are what the configuration of any chat tool may hold. The zero
// value of each field is its default.
type Options struct {
	// Secrets are the tool's shared secrets, HMAC keys, public keys or static
	// tokens. Any of them is accepted, so that a secret can be changed without
	// a gap.
	Secrets []string
	// Unsigned accepts webhooks without a signature, and those whose signature
	// there is no secret to check by.
	Unsigned bool
	// UnverifiedIDs accepts customer ids that the tool could not verify.
	UnverifiedIDs bool
	// UserIDField and AnonymousIDField name the tool's custom attributes that
	// carry the company's own id for the customer and the site's Segment
	// anonymousId.
	UserIDField, AnonymousIDField string
	// AgentIDs are the ids of those who speak for the company, where the tool
	// itself does not tell; a * at the end stands for anything.
	AgentIDs []string
	// BotIDs are the ids of bots, likewise, where the tool does not tell them
	// from people.
	BotIDs []string
	// Zone is where the clock of a Zoneless tool stands; nil is UTC.
	Zone *time.Location
	// Program and Scheme are what type custom reads and verifies by.
	Program string
	Scheme  Scheme
	// URL is where what a Faker writes will go, for tools that sign it too.
	URL string
	// Now is the clock by which signatures grow old; nil is time.Now.
	Now func() time.Time
}

// AnonymousIDFields are the custom attributes that may carry the site's Segment
// anonymousId: the one that the configuration names, or the usual ones.
func (o Options) AnonymousIDFields() []string {
	if o.AnonymousIDField != "" {
		return []string{o.AnonymousIDField}
	}
	return []string{"segment_anonymous_id", "anonymous_id", "ajs_anonymous_id"}
}

// A Type is one chat tool in the list.
type Type struct {
	Name  string // as in the configuration
	Title string // as its vendor writes it
	// Reopen is what a customer's message after the end means where the
	// configuration does not say: separate cases continue, one endless
	// thread restarts.
	Reopen conversation.Reopen
	// Inactivity is the silence after which a customer's message starts anew,
	// where the configuration does not say: for channels without an end.
	Inactivity time.Duration
	// Zoneless says that the tool's times have no zone.
	Zoneless bool
	// Signs says whether the tool signs its webhooks, or sends a token.
	Signs Signs
	// Answer, if not empty, is the body of the answer that the tool wants.
	Answer string
	// JSON says that the tool calls its webhooks JSON: what comes under
	// another media type is not the tool's. Some call theirs text or a form.
	JSON bool
	// Check, if not nil, says what is wrong with options, as "KEY: …".
	Check func(Options) error
	// API, if not nil, is the tool's API, for Lookups.
	API *API
	// Gives says what becomes of the tool's webhooks.
	Gives Gives
	New   func(Options) Connector
}

// Signs says whether a tool signs.
type Signs string

// Values of Signs; the zero value is Always.
const (
	Always    Signs = ""
	Sometimes Signs = "sometimes" // older versions do not
	Never     Signs = "never"
)

// An API is where a tool answers Lookups.
type API struct {
	URL string // its usual address; empty if every customer has another
	// Header and Prefix say how the token is sent; the zero value is
	// "Authorization: Bearer TOKEN".
	Header, Prefix string
	// Optional says that most webhooks can be read without it.
	Optional bool
}

// A Cell of the table of tools is Yes, No, or in a few words when.
type Cell string

// Values of Cell.
const (
	Yes Cell = "yes"
	No  Cell = "no"
	// Silent is for Ended: the tool tells no end, but a silence may be one.
	Silent Cell = "with inactivity_end"
)

// Gives says which events a tool's webhooks give, and which properties and ids
// its events carry. connectortest holds a connector to it.
type Gives struct {
	Started, Sent, Received, Ended    Cell
	Bots                              Cell // messages of AI agents and bots, told apart from people's
	AgentID, AgentName, AgentUsername Cell
	Duration, ConversationID          Cell
	Body, Message                     Cell // message_body, message_id
	UserID, AnonymousID, Email        Cell // anonymousId: the site's own
	Signature, Retries                string
}
