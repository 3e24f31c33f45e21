// Package journal is the durable log: webhooks, events, states, cursors.
//
// Two logs grow at their ends: the webhooks of each source, as they were
// received, and the events of each workspace, as they were derived from them.
// Readers hold positions in a log; nothing is ever handed out or marked.
//
// Package sqlite keeps a journal in one file. Package journaltest holds what
// every implementation must pass.
package journal

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/parlance-chat/parlance/conversation"
)

// ErrFull means that the journal cannot take more just now: the disk is full,
// too many writers wait, or it is being closed. Nothing was written.
var ErrFull = errors.New("journal cannot take more now")

// A Seq is a position in a log. Positions grow, with gaps; 0 is before the first.
type Seq int64

// A Webhook is one request that was accepted, with what it says.
type Webhook struct {
	Seq        Seq                     `cbor:"-"` // set by the journal
	Workspace  string                  `cbor:"1,keyasint"`
	Source     string                  `cbor:"2,keyasint"`
	ReceivedAt time.Time               `cbor:"-"` // set by the journal; never goes back
	Body       []byte                  `cbor:"4,keyasint,omitempty"`
	Activities []conversation.Activity `cbor:"5,keyasint,omitempty"` // what a chat tool's webhook says
	Calls      []Event                 `cbor:"6,keyasint,omitempty"` // what a tracking source passes through
	// Unreadable says why nothing could be made of Body. It holds nothing
	// that a person wrote.
	Unreadable string `cbor:"7,keyasint,omitempty"`
	// Agents and Contacts are people of whom it tells beside any conversation.
	Agents   []conversation.Agent  `cbor:"8,keyasint,omitempty"`
	Contacts []conversation.Person `cbor:"9,keyasint,omitempty"`
	// Pending says that the tool's API must be asked before anything can be
	// made of it. Header is what of the request's counts then.
	Pending bool                `cbor:"10,keyasint,omitempty"`
	Header  map[string][]string `cbor:"11,keyasint,omitempty"`
	// Answers is the pending webhook in whose place this one comes, or 0.
	Answers Seq `cbor:"-"`
}

// Size is about how many bytes of memory w takes, without its body.
func (w *Webhook) Size() int {
	size := 256 + 128*len(w.Agents) + 256*len(w.Contacts)
	for _, a := range w.Activities {
		size += 768 + len(a.Message.Body)
	}
	for _, c := range w.Calls {
		size += c.Size()
	}
	return size
}

// An Event is one call on its way to the destinations: one of the four events,
// an identify call, or a call that passes through.
type Event struct {
	Seq          Seq       `cbor:"-"` // set by the journal
	Workspace    string    `cbor:"-"`
	At           time.Time `cbor:"-"` // when it was committed; set by the journal
	Source       string    `cbor:"1,keyasint"`
	Conversation string    `cbor:"2,keyasint,omitempty"` // calls with the same value keep their order
	Name         string    `cbor:"3,keyasint"`           // the event's name, or the type of call
	MessageID    string    `cbor:"4,keyasint"`
	// Skew is added to the time of an attempt to give its sentAt: what the
	// sender's clock was ahead of ours, for calls that pass through.
	Skew time.Duration `cbor:"5,keyasint,omitempty"`
	JSON []byte        `cbor:"6,keyasint"` // the call without sentAt
	// Webhook is that of which it was derived, for people who look for the
	// reason; 0 if it was a silence.
	Webhook Seq `cbor:"7,keyasint,omitempty"`
}

// Size is about how many bytes of memory e takes.
func (e *Event) Size() int { return 256 + len(e.JSON) }

// A Source names a source of webhooks. Those of one are applied in order and on
// their own, so that no source delays another.
type Source struct {
	Workspace, Name string
}

// A Conversation names a conversation.
type Conversation struct {
	Workspace, Source, ID string
}

// An Applied is what came of applying one activity.
type Applied struct {
	Conversation Conversation
	Activity     string // its ID; "" if there is none to remember
	State        []byte // the state after it; nil leaves the state as it is
	// Wake, with a State, is when something is to be done about the
	// conversation even if no webhook comes; zero is never.
	Wake   time.Time
	Events []Event
}

// A Wake is when something is to be done about a conversation.
type Wake struct {
	Conversation string
	At           time.Time
}

// A Parked is a call that a destination refused for good.
type Parked struct {
	ID          int64 // set by the journal; grows
	Workspace   string
	Destination string
	At          time.Time // set by the journal
	Reason      string
	Request     string // what was asked, such as "POST https://api.segment.io/v1/batch, 1 call, 345 bytes"
	Status      int    // HTTP status, or 0
	Response    string // what the receiver said, cut
	Event       Event
}

// A Filter names events. A field that is empty does not count.
type Filter struct {
	Source       string `cbor:"1,keyasint,omitempty" json:"source,omitempty"`
	Conversation string `cbor:"2,keyasint,omitempty" json:"conversation,omitempty"`
	Name         string `cbor:"3,keyasint,omitempty" json:"event,omitempty"` // as Event.Name
	User         string `cbor:"4,keyasint,omitempty" json:"user,omitempty"`  // the call's userId or anonymousId
}

// Lets reports whether f names e.
func (f Filter) Lets(e *Event) bool {
	if f.Source != "" && f.Source != e.Source || f.Conversation != "" && f.Conversation != e.Conversation || f.Name != "" && f.Name != e.Name {
		return false
	}
	if f.User == "" {
		return true
	}
	var call struct{ UserID, AnonymousID string }
	return json.Unmarshal(e.JSON, &call) == nil && (call.UserID == f.User || call.AnonymousID == f.User)
}

// A ParkedQuery names parked calls. A field that is empty does not count.
type ParkedQuery struct {
	Workspace   string // required
	Destination string
	IDs         []int64
	Filter
	Reason       string    // a part of it
	Since, Until time.Time // when they were parked: from the one to before the other
	// OldestFirst is the order in which they were parked; else the newest come
	// first. Past is the last ID of the page before, in that order.
	OldestFirst bool
	Past        int64
}

// A Hold says that somebody has a destination stand still.
type Hold struct {
	Workspace, Destination string
	At                     time.Time // set by the journal
	By                     string    // who it was
	Reason                 string    // perhaps ""
}

// A Replay hands some of the events that a destination has got to it once
// more. It has a cursor of its own, beside the destination's.
type Replay struct {
	ID          int64     `cbor:"-"` // set by the journal; grows
	Workspace   string    `cbor:"-"`
	Destination string    `cbor:"-"`
	After       Seq       `cbor:"1,keyasint"` // it is about what lies after this position
	UpTo        Seq       `cbor:"2,keyasint"` // and not after this one
	Filter      Filter    `cbor:"3,keyasint"`
	Events      int64     `cbor:"4,keyasint"` // how many that are
	Started     time.Time `cbor:"5,keyasint"` // set by the journal
	At          Seq       `cbor:"-"`          // how far it has got
	Done        int64     `cbor:"-"`          // how many of Events that are
	Ended       time.Time `cbor:"-"`          // zero while it is under way; set by the journal
	Cancelled   bool      `cbor:"-"`          // it was ended before it had got everywhere
}

// An Intake is what has come from a source.
type Intake struct {
	Last       time.Time // when the last webhook came that is kept; zero if none is
	Unreadable int64     // how many are kept that could not be read
}

// A Cursor is how far a destination has got.
type Cursor struct {
	Workspace, Destination string
	At                     Seq
}

// A Lag is what a destination has before it.
type Lag struct {
	Events int64     // not yet delivered
	Oldest time.Time // when the oldest of them was committed; zero if none
}

// A Journal is durable: what a method without error has written survives a
// power failure. Its methods may be called concurrently, and return ErrFull,
// perhaps wrapped, when nothing could be written and it is worth trying later.
type Journal interface {
	Inbox
	Desk
	Workbench
	Outbox
	Replays
	Holds
	Shelf
	Index
	Close() error
}

// An Inbox takes webhooks in.
type Inbox interface {
	// Append adds webhooks, all or none, and sets Seq and ReceivedAt. Those of
	// one source keep their order. A pending webhook that one of them answers
	// is pending no more. It does not retain their bodies.
	Append(ctx context.Context, webhooks ...*Webhook) error
}

// A Desk holds webhooks about which a tool's API must be asked.
type Desk interface {
	// Pending returns up to limit pending webhooks of a source, oldest first.
	// They are kept for as long as they are pending.
	Pending(ctx context.Context, s Source, limit int) ([]Webhook, error)
}

// A Workbench is where webhooks become events. One engine at a time uses it.
type Workbench interface {
	// Sources returns the sources that webhooks have come from, in the order in
	// which they first came. It waits until they are more than known.
	Sources(ctx context.Context, known int) ([]Source, error)

	// Position returns the position up to which every webhook of a source is
	// applied.
	Position(ctx context.Context, s Source) (Seq, error)

	// Webhooks returns up to limit webhooks of a source after a position, in
	// order, and without their bodies: what they say is what counts here. It
	// waits until there is one or ctx is done; what is there already is
	// returned even if ctx is done, so that a reader can tell when it has read
	// everything.
	Webhooks(ctx context.Context, s Source, after Seq, limit int) ([]Webhook, error)

	// Load returns a conversation's state, nil if there is none, and which
	// of the activities have been applied already.
	Load(ctx context.Context, c Conversation, activities []string) (state []byte, applied []bool, err error)

	// Wakes returns up to limit conversations of a source that are to be woken,
	// the earliest first, whether or not their time has come.
	Wakes(ctx context.Context, s Source, limit int) ([]Wake, error)

	// Commit records what was applied of a source, in order, and moves its
	// position to upTo, in one transaction, and sets Seq of the events. An
	// activity is remembered at least as long as its webhook is kept.
	Commit(ctx context.Context, s Source, applied []Applied, upTo Seq) error
}

// An Outbox is read by destinations.
type Outbox interface {
	// Events returns up to limit events of a workspace after a position, in
	// order. It waits until there is one or ctx is done; what is there already
	// is returned even then.
	Events(ctx context.Context, workspace string, after Seq, limit int) ([]Event, error)

	// Cursor returns a destination's cursor. If it has none yet, one is
	// created at the end of the log.
	Cursor(ctx context.Context, workspace, destination string) (Seq, error)

	// Move moves a cursor, forwards or backwards, and parks what was refused
	// on the way, in one transaction. An event that a destination refuses again
	// stays the one parked call, with what was said last.
	Move(ctx context.Context, c Cursor, parked ...Parked) error

	// Lag measures what lies between a cursor and the end.
	Lag(ctx context.Context, workspace, destination string) (Lag, error)
}

// Replays are what destinations get once more. Their events are kept for as
// long as they are under way.
type Replays interface {
	// AddReplay has a replay begin where it is to, and sets its ID.
	AddReplay(ctx context.Context, r *Replay) error

	// MoveReplay records At and Done of a replay, and parks what was refused on
	// the way, in one transaction. It changes nothing of one that has ended.
	MoveReplay(ctx context.Context, r Replay, parked ...Parked) error

	// EndReplay ends a replay that is under way. Cancelled says that it has not
	// got everywhere.
	EndReplay(ctx context.Context, workspace string, id int64, cancelled bool) error

	// Replays returns those of a workspace, newest first: all that are under
	// way, and the last that ended.
	Replays(ctx context.Context, workspace string) ([]Replay, error)
}

// Holds are the destinations that somebody has stand still.
type Holds interface {
	// Hold holds a destination. If it is held already, the reason is the new one.
	Hold(ctx context.Context, h Hold) error

	// Release ends a hold, if there is one.
	Release(ctx context.Context, workspace, destination string) error

	// Holds returns those of a workspace, sorted by destination.
	Holds(ctx context.Context, workspace string) ([]Hold, error)
}

// A Shelf holds what needs a person.
type Shelf interface {
	// Unreadable returns webhooks that could not be read, newest first.
	Unreadable(ctx context.Context, workspace string, limit int) ([]Webhook, error)

	// Parked returns up to limit of the calls that q names.
	Parked(ctx context.Context, q ParkedQuery, limit int) ([]Parked, error)

	// CountParked counts what q names.
	CountParked(ctx context.Context, q ParkedQuery) (int64, error)

	// Unpark removes parked calls.
	Unpark(ctx context.Context, workspace string, ids ...int64) error
}

// An Index tells where things are in the logs, and how many.
type Index interface {
	// Destinations returns the names of a workspace's destinations that have
	// a cursor, sorted.
	Destinations(ctx context.Context, workspace string) ([]string, error)

	// Since returns the position before the first event of a workspace that
	// was committed at or after t.
	Since(ctx context.Context, workspace string, t time.Time) (Seq, error)

	// End returns the position of the workspace's last event.
	End(ctx context.Context, workspace string) (Seq, error)

	// Count counts the events of a workspace after one position, up to another.
	Count(ctx context.Context, workspace string, after, upTo Seq) (int64, error)

	// Webhook returns the webhook of a workspace at a position, with its body.
	// It is false if there is none, or none any more.
	Webhook(ctx context.Context, workspace string, at Seq) (Webhook, bool, error)

	// Intake tells what has come from a source.
	Intake(ctx context.Context, s Source) (Intake, error)
}
