// Package destination defines what the gateway needs from a receiver of events.
//
// A receiver is one folder below this one and one line in package all. Package
// destinationtest holds what each must pass. Retries, order, batching, parking
// and metrics are package deliver's, not a destination's.
package destination

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/phrase"
)

// A Destination takes calls. Send may be called concurrently, for as many
// attempts as Limits allows, but never for two that have calls of the same
// conversation.
type Destination interface {
	// Limits says how much one Send takes.
	Limits() Limits

	// Send makes one attempt to hand over calls, in their order, and returns
	// nil once the receiver has all of them. It does not retry. Its error
	// may be, or wrap, a *Refusal, a *Wait or a *Pause; any other error is
	// worth another attempt. After any error the receiver may still have got
	// some of the calls.
	Send(ctx context.Context, a Attempt) error

	// Close releases what the destination holds.
	Close() error
}

// Limits bound one attempt. Zero means no bound.
type Limits struct {
	Calls     int // number of calls
	Bytes     int // of their JSON together, separators and envelope included
	CallBytes int // of the JSON of one

	// InFlight is how many attempts may be under way at once. Zero means one.
	InFlight int
	// Age is how long calls may wait for others until an attempt is full. Zero
	// means that none waits.
	Age time.Duration
}

// An Attempt is one try at handing calls over.
type Attempt struct {
	Calls []Call
	// Retry counts the failed attempts with the same calls before this one.
	Retry int
	// Again says that the calls are delivered once more, beside what is new:
	// the two take turns, and each comes back in its own time to what failed.
	Again bool
	// SentAt is the time of this attempt; it is in each call's JSON already.
	SentAt time.Time
	// Tell, if not nil, wants to hear of each exchange with the receiver. It
	// may be called concurrently with other attempts'.
	Tell func(Exchange)
}

// Told tells, if somebody wants to hear, of an exchange with a receiver that has
// no status of its own: what was asked with all of its calls, and the error that
// it ended with, which people may read.
func (a Attempt) Told(request string, err error) {
	if a.Tell == nil {
		return
	}
	said := "all taken"
	var refusal *Refusal
	if errors.As(err, &refusal) {
		said = refusal.Reason
	} else if err != nil {
		said = err.Error()
	}
	a.Tell(Exchange{Request: request + ", " + phrase.Count(int64(len(a.Calls)), "call"), Response: said})
}

// An Exchange is what was asked of a receiver and what it answered, for people
// who look for what is wrong. It holds no secrets of ours.
type Exchange struct {
	Request  string // such as "POST https://api.segment.io/v1/batch, 12 calls, 3456 bytes"
	Status   int    // HTTP status, or 0
	Response string // what the receiver said, cut
}

// A Call is one call of the Segment protocol: one of the four events, or
// whatever else passed through.
type Call struct {
	Workspace    string // that it belongs to
	Source       string // that it comes from
	MessageID    string
	Conversation string // calls of one conversation keep their order
	Event        string // what Name returns, where it is known already, or ""
	JSON         []byte // as it is to be sent
}

// A Refusal means that sending the same calls again cannot succeed. If there
// were several, some of them alone may be acceptable.
type Refusal struct {
	Status int    // HTTP status, or 0
	Reason string // what the receiver said, cut; no secrets
}

func (e *Refusal) Error() string { return "refused: " + e.Reason }

// A Wait means that the receiver asked to be left alone for a while.
type Wait struct {
	For    time.Duration
	Reason string
}

func (e *Wait) Error() string { return "asked to wait " + e.For.String() + ": " + e.Reason }

// A Pause means that nothing will be accepted until somebody acts: a wrong
// key, a disabled source, a wrong address. No call is at fault.
type Pause struct {
	Reason string // what is wrong and what to do
}

func (e *Pause) Error() string { return "paused: " + e.Reason }

// An Examiner is a Destination that can find out whether calls would be taken,
// without sending any.
type Examiner interface {
	// Examine asks the receiver, changes nothing there, and returns what it
	// found, good news too.
	Examine(ctx context.Context) []Finding
}

// A Located is a Destination whose receiver has an address.
type Located interface {
	// Location returns the receiver's URL, which holds no secret, and what
	// says whose account, project or source there is meant, which may be one.
	Location() (url, account string)
}

// A Finding is one thing that was looked at.
type Finding struct {
	Level Level  `json:"level"`
	Text  string `json:"text"`         // what was looked at, and how it is, in plain words; no secrets
	Do    string `json:"do,omitempty"` // what to do or to click; "" where all is well
}

// Found returns what an attempt's error means to people.
func Found(err error) Finding {
	var refusal *Refusal
	var wait *Wait
	var pause *Pause
	switch {
	case errors.As(err, &pause):
		f := Finding{Level: Problem, Text: pause.Reason, Do: "set right what it says; 'parlance check' prints the settings in force"}
		if i := strings.LastIndex(pause.Reason, "; "); i > 0 {
			f.Text, f.Do = pause.Reason[:i], pause.Reason[i+len("; "):]
		}
		return f
	case errors.As(err, &refusal):
		return Finding{Level: Problem, Text: err.Error(), Do: "such a call would be parked; what the receiver says is what it misses"}
	case errors.As(err, &wait):
		return Finding{Level: Warning, Text: err.Error(), Do: "wait; the gateway does so by itself"}
	}
	return Finding{Level: Problem, Text: err.Error(), Do: "try again in a while; if it stays so, look at the receiver, and at the network and proxies between"}
}

// A Level says how bad a finding is.
type Level int

// Levels of findings.
const (
	Good    Level = iota
	Warning       // events arrive, but perhaps not as meant
	Problem       // events do not arrive
)

func (l Level) String() string { return [...]string{"good", "warning", "problem"}[l] }

// MarshalText implements encoding.TextMarshaler.
func (l Level) MarshalText() ([]byte, error) { return []byte(l.String()), nil }

// A Type is one kind of receiver in the list.
type Type struct {
	Name  string // as in the configuration
	Title string // as its vendor writes it
	Gives Gives
	// Segment says that receivers of this kind may share one memory of
	// messageIds, so that a workspace's second one needs other ids.
	Segment bool
	// Perspective is whose the platform takes the names Sent and Received to
	// be, if not the customer's: "company". A destination's own setting comes
	// first.
	Perspective string
	// Settings returns a pointer to a new struct of the type's own settings,
	// holding the defaults. Its yaml tags name the keys, and its field
	// comments are the manual. It may have a method Check() error.
	Settings func() any
	// Place names what no two destinations may share, such as a file. Nil
	// where there is no such thing.
	Place func(settings any) string
	// Look, if set, takes an Examiner's place where nobody but the gateway that
	// runs may send.
	Look func(settings any) []Finding
	// Find says where at the receiver a person finds a call that was sent.
	Find string
	// Open returns a destination with settings that Settings returned and the
	// configuration filled in. It does no I/O: the configuration is checked
	// with it, and a receiver that is not there keeps no gateway from starting.
	Open func(settings any) (Destination, error)
}

// Gives says what receivers of a type guarantee, as the gateway uses them. Each
// field is a phrase for people, and none is empty.
type Gives struct {
	Repetition string // how a call that comes again is recognised, and for how long
	Order      string // whether calls stay in the order in which they were sent
	Batch      string // whether an attempt is taken or refused as a whole
	Limits     string // what one attempt and one call may have
	Retries    string // which wishes about when to come again are honoured
}
