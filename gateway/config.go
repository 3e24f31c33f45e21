package gateway

import (
	"log/slog"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Config is the configuration of a gateway. The zero value of each field is
// its default; fields without one may be left out.
//
// docs/config.md is made from the comments of its fields.
type Config struct {
	// Directory in which everything is kept. It is made if there is none.
	Data string `yaml:"data"`
	// Address at which webhooks are received, HOST:PORT. `none` listens nowhere, for a program that serves the gateway itself.
	Listen string `yaml:"listen"`
	// How the world calls this gateway, such as `https://chats.example.com`. Needed behind a proxy by tools that sign the address they call.
	PublicURL string `yaml:"public_url,omitempty"`
	// How long an activity waits for earlier ones of its conversation that arrive late. `0` does not wait (NoSettle in Go).
	Settle time.Duration `yaml:"settle"`
	// How long things are kept.
	Retention Retention `yaml:"retention"`
	// What is kept for the console and for reports.
	Archive Archive `yaml:"archive"`

	Rules
	Policy

	// Separates the messageIds of this installation from those of all others: see [Secrets and messageIds](#secrets-and-messageids).
	Namespace string `yaml:"namespace,omitempty"`
	// Where chats come from, by name.
	Sources []Source `yaml:"sources,omitempty"`
	// Where events go, by name.
	Destinations []Destination `yaml:"destinations,omitempty"`
	// Who is told when a destination or source needs somebody, by name. Those at the top level hear of every workspace. See [alerts](alerts.md).
	Alerts []Alert `yaml:"alerts,omitempty"`
	// Further workspaces, by name. What is at the top level is the workspace `default`.
	Workspaces []Workspace `yaml:"workspaces,omitempty"`

	// Who may see the [console](console.md).
	Console Console `yaml:"console,omitempty"`

	// Log takes what the gateway has to tell its operator. Nil is slog.Default.
	Log *slog.Logger `yaml:"-"`
	// File is where the configuration comes from. The console writes it for
	// somebody who has none yet; "" lets it write nothing.
	File string `yaml:"-"`
	// Version of the program, told in each event's context.library.
	Version string `yaml:"-"`
}

// NoListener as Config.Listen listens nowhere, NoSettle as Config.Settle does
// not wait, NoInactivity as Rules.Inactivity takes any silence, KeepForever as
// Archive.Keep deletes nothing, and NoLimit as Lag.Age takes any delay.
const (
	NoListener                 = "none"
	NoSettle     time.Duration = -1
	NoInactivity time.Duration = -1
	KeepForever  time.Duration = -1
	NoLimit      time.Duration = -1
)

// Retention says how long things are kept.
type Retention struct {
	// Webhooks as they came in. For as long a repeated one is recognised as such.
	Webhooks time.Duration `yaml:"webhooks"`
	// Events, once every destination has them. For as long they can be replayed.
	Events time.Duration `yaml:"events"`
}

// Archive says what is kept for the console and for reports, in a file of its
// own.
type Archive struct {
	// Whether anything is: `on` or `off`.
	Enabled Switch `yaml:"enabled"`
	// How long a conversation is kept after its last event; `0` is for ever (KeepForever in Go). Figures of reports are kept for ever: they name no customer.
	Keep time.Duration `yaml:"keep,never"`
	// Whether what was written is kept: `include` or `omit`.
	Bodies archive.Bodies `yaml:"bodies"`
}

// Rules are the switches of what the specification leaves open. What is not
// set is as in the workspace; what is not set there is as at the top level.
type Rules struct {
	// What a customer's first message becomes: `started_and_sent` or `started_only`.
	FirstMessage conversation.FirstMessage `yaml:"first_message,omitempty"`
	// Which closings end a conversation: `explicit` are those by a person, or where the tool does not say whose; `any` are also those by the tool's own timer or bot.
	Ended conversation.EndedRule `yaml:"ended,omitempty"`
	// What a customer's message after the end means: `continue` goes on with the same conversation, `restart` starts a new one. Without it each chat tool has what fits it: `restart` where a visitor has one endless thread, else `continue`.
	Reopen conversation.Reopen `yaml:"reopen,omitempty"`
	// Messages of AI agents and bots that converse: `include` or `drop`.
	Bots conversation.Voice `yaml:"bots,omitempty"`
	// Welcome lines, campaigns, surveys and other templates: `drop` or `include`.
	Automation conversation.Voice `yaml:"automation,omitempty"`
	// Which channels count, such as `[chat, email]`.
	Channels []string `yaml:"channels,omitempty"`
	// What may serve as userId: `external_id` is only the company's own id for the customer, `email` else their e-mail address.
	Identity conversation.Identity `yaml:"identity,omitempty"`
	// How long nobody may write before the next message starts anew, for channels that have no end of their own; `0` is for ever (NoInactivity in Go). Without it each chat tool has what fits it: `1d` for messaging apps, else `0`.
	Inactivity time.Duration `yaml:"inactivity,never"`
	// Whether what fell silent so gets a Live Chat Conversation Ended, at its last message: `off` or `on`. It follows when the time is up. The specification asks for an explicit end, hence `off`.
	InactivityEnd Switch `yaml:"inactivity_end,omitempty"`
	// Whether an identify call follows when something new is known about a customer: `off` or `on`.
	Identify Switch `yaml:"identify,omitempty"`
}

// A Switch is on, off, or not set.
type Switch string

// Values of Switch; the zero value is not set.
const (
	On  Switch = "on"
	Off Switch = "off"
)

// Policy says what is changed in events before a destination gets them. What
// is not set is as in the workspace; what is not set there is as at the top
// level.
type Policy struct {
	// What becomes of message_body: `include`, `redact` (e-mail addresses, phone and card numbers masked) or `omit`.
	MessageBody string `yaml:"message_body,omitempty"`
	// Whose the names Sent and Received are: `customer`, as the specification has it, or `company`, which swaps them. Destinations of type customerio have `company` unless they set it themselves, for so Customer.io documents the names.
	Perspective string `yaml:"perspective,omitempty"`
}

// A Secret is text that never shows: however it is printed, it is "…".
type Secret = strictyaml.Secret

// A Text is text that may also stand in a file of its own, as file:PATH.
type Text = strictyaml.Text

// A Source is where chats come from.
type Source struct {
	Name string `yaml:",key"`

	// A chat tool, `api` for the activity API, or `tracking` for Segment SDKs. Required.
	Type string `yaml:"type"`
	// Chat tools: the tool's shared secrets, HMAC keys or static tokens, one or a list. Any of them is accepted, so that one can be changed without a gap.
	Secrets []Secret `yaml:"secret,omitempty"`
	// Chat tools: accept webhooks without a signature. Needs a path that nobody can guess, and no secret.
	Unsigned bool `yaml:"unsigned,omitempty"`
	// Chat tools: accept customer ids that the tool could not verify.
	UnverifiedIDs bool `yaml:"unverified_ids,omitempty"`
	// Chat tools: what follows `/in/` in the address, in place of the source's name. Hidden like a secret, for it may be one.
	Path Secret `yaml:"path,omitempty"`
	// `api`: the bearer tokens, one or a list. Different from those of other sources, for the token says which source it is.
	Tokens []Secret `yaml:"token,omitempty"`
	// `tracking`: the write keys, one or a list. Different from those of other sources.
	WriteKeys []Secret `yaml:"write_key,omitempty"`
	// `tracking`: what becomes of Live Chat events that break the specification: `strict` keeps them back as unreadable, `report` lets them pass and logs it, `off` does not look.
	Validate string `yaml:"validate,omitempty"`
	// Chat tools: the custom attribute of the tool that carries your own id for the customer, where the tool has no field for it or you use another.
	UserIDField string `yaml:"user_id_field,omitempty"`
	// Chat tools: the custom attribute that carries the site's Segment anonymousId. Without it: `segment_anonymous_id`, `anonymous_id` or `ajs_anonymous_id`.
	AnonymousIDField string `yaml:"anonymous_id_field,omitempty"`
	// Chat tools that do not tell who speaks for the company: the ids of those who do, such as `[agent-*, support]`.
	AgentIDs []string `yaml:"agent_ids,omitempty"`
	// Chat tools that do not tell bots from people: the ids of the bots, such as `[bot-*]`.
	BotIDs []string `yaml:"bot_ids,omitempty"`
	// Chat tools whose times have no zone: the one that they are in, such as `Europe/Berlin`. Without it: UTC.
	Timezone string `yaml:"timezone,omitempty"`
	// Chat tools: names of agents of whom the tool tells only the id. See [agents](#agents).
	Agents []Agent `yaml:"agents,omitempty"`
	// Chat tools that have to be asked for what their webhooks leave out: a token of the tool's API.
	APIToken Secret `yaml:"api_token,omitempty"`
	// The same: the address of that API, where every customer of the tool has another.
	APIURL string `yaml:"api_url,omitempty"`
	// `custom`: the jq program that makes activities of a webhook, or `file:PATH`. See [custom](connectors/custom.md).
	Program Text `yaml:"program,omitempty"`
	// `custom`: how the tool signs. See [signature](#signature).
	Signature Signature `yaml:"signature,omitempty"`
	// Chat tools and `api`: see [Secrets and messageIds](#secrets-and-messageids).
	Namespace string `yaml:"namespace,omitempty"`

	Rules
}

// An Agent is one of whom the tool tells only the id, which is the key.
type Agent struct {
	ID string `yaml:",key"`

	// The agent's real name.
	Name string `yaml:"name,omitempty"`
	// The agent's login or handle.
	Username string `yaml:"username,omitempty"`
}

// Signature says how a tool signs its webhooks, for sources of type `custom`.
type Signature struct {
	// The header that carries the signature or token.
	Header string `yaml:"header,omitempty"`
	// The parameter of the address that does, where there is no such header.
	Query string `yaml:"query,omitempty"`
	// What makes it: `hmac-sha256`, `hmac-sha1`, `sha256` (of the secret, then what is signed), or `token`, which is the secret itself.
	Hash connector.Hash `yaml:"hash,omitempty"`
	// What is signed: `{body}`, or more of `{method}`, `{url}`, `{form}` (its keys and values, sorted), `{time}` and `{header:NAME}`.
	Signed string `yaml:"signed,omitempty"`
	// How the header writes it: `{signature}`, perhaps with `{time}`, and what stands around them, such as `sha256={signature}`.
	Value string `yaml:"value,omitempty"`
	// What separates several signatures, of which one must be right.
	List string `yaml:"list,omitempty"`
	// How the signature is written: `hex` or `base64`.
	Encoding string `yaml:"encoding,omitempty"`
	// How the secret is written: `text`, or `base64`, also after `whsec_`.
	Key string `yaml:"key,omitempty"`
	// The header that carries the time of signing.
	Time string `yaml:"time,omitempty"`
	// How that time is written: `s` or `ms` since 1970, or `rfc3339`.
	Unit string `yaml:"unit,omitempty"`
	// How old a signature may be.
	Tolerance time.Duration `yaml:"tolerance,omitempty"`
}

// A Destination is where events go.
type Destination struct {
	Name string `yaml:",key"`

	// Kind of receiver. Required.
	Type string `yaml:"type"`

	// Where a destination begins that is new: `now` gets what happens from now on; `beginning` what is kept too; a date or time (RFC 3339) what was committed since then. It counts only once: from then on the destination goes on from where it stands.
	Start string `yaml:"start,omitempty"`
	// Which events go there: those that every one of its lists names. Without it: all.
	Only Filter `yaml:"only,omitempty"`
	// Which do not: those that any of its lists names.
	Except Filter `yaml:"except,omitempty"`
	// A jq program that makes another call of each, or none, or `file:PATH`. It runs last, so that it sees what message_body leaves. The messageId stays.
	Transform Text `yaml:"transform,omitempty"`
	// How many requests may be under way at once, 1 to 64. The calls of a conversation keep their order whatever it is. Without it what fits the type: 4 for platforms and webhooks, 2 for postgres, and 1 for the others, which take no more.
	InFlight int `yaml:"in_flight,omitempty"`
	// What one request may have, where it is to be less than the type takes. See [smaller batches, and a rate](#smaller-batches-and-a-rate).
	Batch Batch `yaml:"batch,omitempty"`
	// How much may be sent in a second.
	RateLimit RateLimit `yaml:"rate_limit,omitempty"`

	Policy

	// Settings are those of the type: a pointer to the Settings of its
	// package below destination. Nil is the type's defaults.
	Settings any `yaml:",further"`
}

// A Batch bounds one request.
type Batch struct {
	// Number of calls.
	Calls int `yaml:"calls,omitempty"`
	// Bytes of their JSON together. A call that alone has more is sent all the same.
	Bytes int `yaml:"bytes,omitempty"`
	// How long calls wait for others, until there are as many as one request may have.
	Age time.Duration `yaml:"age,omitempty"`
}

// A RateLimit bounds what is sent in a second. As much as a second has may come
// at once.
type RateLimit struct {
	// Calls a second, such as 100 or 0.5.
	Events float64 `yaml:"events,omitempty"`
	// Requests a second.
	Requests float64 `yaml:"requests,omitempty"`
}

// A Filter names events.
type Filter struct {
	// Names of sources of the workspace.
	Sources []string `yaml:"sources,omitempty"`
	// Channels, such as `chat` or `messaging`. Calls that pass through a tracking source have none.
	Channels []string `yaml:"channels,omitempty"`
	// `Started`, `Sent`, `Received`, `Ended`, full names of events, or types of calls such as `identify`. Where no tracking source may bring others, a name that is none of these is an error.
	Events []string `yaml:"events,omitempty"`
}

// An Alert is who is told when a destination or source needs somebody.
type Alert struct {
	Name string `yaml:",key"`

	// URL that alerts are sent to by POST, such as that of a Slack incoming webhook. A secret, since many a URL is all that it takes to send to it. Required.
	URL Secret `yaml:"url,omitempty"`
	// What requests are signed with, as [Standard Webhooks](https://www.standardwebhooks.com) has it: `whsec_` and 24 to 64 bytes in base64, one or a list. Without it they are not signed.
	Secrets []Secret `yaml:"secret,omitempty"`
	// Whether private, loopback, link-local and other special addresses may be called.
	AllowPrivate bool `yaml:"allow_private,omitempty"`
	// Whether to send the text alone, `{"text": "…"}`, for receivers that refuse what they do not know.
	TextOnly bool `yaml:"text_only,omitempty"`
	// When a destination is late.
	Lag Lag `yaml:"lag,omitempty"`
	// How often it is told again that a destination is paused or late, while it is. Without it: once.
	Repeat time.Duration `yaml:"repeat,omitempty"`
}

// Lag says when a destination is late.
type Lag struct {
	// How many events may wait for it. `0` is any number.
	Events int64 `yaml:"events,omitempty"`
	// How long one may. `0` is for ever (NoLimit in Go).
	Age time.Duration `yaml:"age,never"`
}

// A Workspace is a tenant: its sources' events go to its destinations only.
type Workspace struct {
	Name string `yaml:",key"`

	Rules
	Policy

	// As at the top level, for this workspace.
	Namespace string `yaml:"namespace,omitempty"`
	// Where chats come from, by name. Their webhooks come to `/w/WORKSPACE/in/SOURCE`.
	Sources []Source `yaml:"sources,omitempty"`
	// Where events go, by name.
	Destinations []Destination `yaml:"destinations,omitempty"`
	// Who is told when a destination or source of this workspace needs somebody, by name.
	Alerts []Alert `yaml:"alerts,omitempty"`
}
