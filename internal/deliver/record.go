package deliver

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A state is how a destination is doing.
type state int

const (
	ok state = iota
	backingOff
	waiting
	paused
	probing
)

func (s state) String() string {
	return [...]string{"ok", "backing off", "waiting", "paused", "trying"}[s]
}

// A Status is how a delivery is doing.
type Status struct {
	State string    // ok, backing off, waiting, paused or trying
	Since time.Time // since when it has taken what it was sent, or has not
	Next  time.Time // when the next attempt may be; zero if at once, or nobody knows
	// Retries counts the attempts in a row that were not taken.
	Retries  int
	InFlight int // attempts under way
	// Error is what the last attempt that was not taken came to, and when. It
	// stays after others were taken. Meaning is without what the receiver said,
	// which may repeat what people wrote.
	Error, Meaning string
	ErrorAt        time.Time
}

// An Attempt is one that was made.
type Attempt struct {
	At                   time.Time
	Took                 time.Duration
	Events               []journal.Seq // whose calls it had
	Retry                int           // as destination.Attempt's
	Result               string        // ok, refused, wait, pause or failed
	Error                string
	destination.Exchange // the last of the attempt
}

// recent is how many attempts a Record keeps.
const recent = 50

// A Record tells how a delivery is doing, and what its last attempts were. Its
// methods may be called concurrently.
type Record struct {
	// Told, if not nil, hears of every attempt. It must not block.
	Told func(Attempt)

	mu     sync.Mutex // guards the fields below
	status Status
	list   []Attempt
	next   int // where in a full list the next goes
}

// Status returns how the delivery is doing.
func (r *Record) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Attempts returns the last attempts, the newest first.
func (r *Record) Attempts() []Attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := append(slices.Clone(r.list[r.next:]), r.list[:r.next]...)
	slices.Reverse(list)
	return list
}

// forgotten stands for what a receiver said, which may have repeated what it was
// sent.
const forgotten = "what it said is forgotten, with somebody whom it may have named"

// Forget forgets what the receiver said.
func (r *Record) Forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.list {
		for _, said := range []*string{&r.list[i].Error, &r.list[i].Response} {
			if *said != "" {
				*said = forgotten
			}
		}
	}
	if r.status.Error != "" {
		r.status.Error = forgotten
	}
}

func (r *Record) become(s state, next time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if was := r.status.State; (was == ok.String()) != (s == ok) || was == "" {
		r.status.Since = time.Now()
	}
	r.status.State, r.status.Next = s.String(), next
}

func (r *Record) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.InFlight++
}

// note keeps an attempt that was made beside the delivery, and says nothing of
// how that is doing.
func (r *Record) note(a Attempt) {
	if r.Told != nil {
		r.Told(a)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.list) < recent {
		r.list = append(r.list, a)
		return
	}
	r.list[r.next] = a
	r.next = (r.next + 1) % recent
}

func (r *Record) end(a Attempt) {
	r.note(a)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status.InFlight--
	if a.Error != "" {
		r.status.Error, r.status.Meaning, r.status.ErrorAt = a.Error, unsaid(a.Error, a.Exchange), time.Now()
	}
	if a.Result == "ok" || a.Result == "refused" {
		r.status.Retries = 0
	} else {
		r.status.Retries++
	}
}

// A last keeps the last exchange of an attempt.
type last struct {
	mu sync.Mutex // guards the field below
	e  destination.Exchange
}

func (l *last) tell(e destination.Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.e = e
}

func (l *last) exchange() destination.Exchange {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.e
}

// unsaid returns a text for the log, without what the receiver said: it may
// repeat what people wrote. Whoever may see it finds it at the status or the
// parked call.
func unsaid(text string, told destination.Exchange) string {
	if told.Response == "" {
		return text
	}
	if strings.Contains(text, told.Response) {
		return strings.ReplaceAll(text, told.Response, "…")
	}
	return fmt.Sprintf("answered %d …", told.Status) // of a part of the answer, perhaps
}

// An unsaidError is an error whose text is without what the receiver said.
type unsaidError struct {
	error
	told destination.Exchange
}

func (e unsaidError) Error() string { return unsaid(e.error.Error(), e.told) }
func (e unsaidError) Unwrap() error { return e.error }
