// Package control lets the program's other commands look into a gateway's
// journal and correct it, whether the gateway is running or not.
//
// A running gateway listens on a Unix socket in its data directory, which only
// its own user can open. Where none runs, the same requests go to the journal
// directly. Below /debug/pprof/ the socket also tells where a gateway spends
// its time and memory:
//
//	curl --unix-socket data/control.sock 'http://gateway/debug/pprof/profile?seconds=10' > cpu.pprof
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"
	"slices"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
)

// SocketName is the socket's file name in the data directory.
const SocketName = "control.sock"

// A Target is what the requests act on.
type Target struct {
	Journal journal.Journal
	// Reset does f while the destination's delivery stands still, and has it
	// go on from its cursor then. Nil means that nothing is being delivered.
	Reset func(workspace, destination string, f func() error) error
	// Resend makes one attempt to deliver a parked call. Nil means that the
	// gateway is not running.
	Resend func(ctx context.Context, p journal.Parked) error
	// Import takes in what a chat tool sent once. Nil means that the gateway is
	// not running.
	Import func(ctx context.Context, workspace, source string, requests []connector.Request) (unreadable int, err error)
	// Live reports that events may still come.
	Live bool
}

// An Unreadable is a webhook that was signed but could not be read.
type Unreadable struct {
	Seq        journal.Seq `json:"seq"`
	Source     string      `json:"source"`
	ReceivedAt time.Time   `json:"received_at"`
	Reason     string      `json:"reason"`
	Body       []byte      `json:"body"`
}

// A Parked is a call that a destination refused for good.
type Parked struct {
	ID          int64           `json:"id"`
	Destination string          `json:"destination"`
	At          time.Time       `json:"at"`
	Reason      string          `json:"reason"`
	Call        json.RawMessage `json:"call"`
}

// An Event is one event as it passes.
type Event struct {
	Seq    journal.Seq     `json:"seq"`
	At     time.Time       `json:"at"`
	Source string          `json:"source"`
	Name   string          `json:"name"`
	Call   json.RawMessage `json:"call"`
}

// A ReplayRequest asks to deliver again what was committed since a time.
type ReplayRequest struct {
	Workspace   string    `json:"workspace"`
	Destination string    `json:"destination"`
	Since       time.Time `json:"since"`
	DryRun      bool      `json:"dry_run"`
}

// A ReplayReply says how many events lie before the cursor now.
type ReplayReply struct {
	Events int64 `json:"events"`
}

// A ParkedRequest names parked calls. No IDs means all of them.
type ParkedRequest struct {
	Workspace   string  `json:"workspace"`
	Destination string  `json:"destination"`
	IDs         []int64 `json:"ids"`
}

// A ParkedReply says what became of the calls.
type ParkedReply struct {
	Done     int      `json:"done"`
	Problems []string `json:"problems,omitempty"`
}

// An ImportRequest holds requests that a chat tool made once.
type ImportRequest struct {
	Workspace string              `json:"workspace"`
	Source    string              `json:"source"`
	Requests  []connector.Request `json:"requests"`
}

// An ImportReply says how many of them could not be read.
type ImportReply struct {
	Unreadable int `json:"unreadable"`
}

// Handler answers the requests of a Client.
func Handler(t Target) http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(http.ResponseWriter, *http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			reply, err := f(w, r)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			if reply != nil {
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(reply) // the client is gone; nobody to tell
			}
		})
	}
	handle("GET /unreadable", t.unreadable)
	handle("GET /parked", t.parked)
	handle("POST /parked/drop", t.drop)
	handle("POST /parked/resend", t.resend)
	handle("POST /replay", t.replay)
	handle("POST /import", t.imports)
	handle("GET /events", t.events)
	if t.Live {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	}
	return mux
}

func limit(r *http.Request) int {
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n > 0 {
		return n
	}
	return 100
}

func (t Target) unreadable(_ http.ResponseWriter, r *http.Request) (any, error) {
	webhooks, err := t.Journal.Unreadable(r.Context(), r.FormValue("workspace"), limit(r))
	out := []Unreadable{}
	for _, w := range webhooks {
		out = append(out, Unreadable{w.Seq, w.Source, w.ReceivedAt, w.Unreadable, w.Body})
	}
	return out, err
}

func (t Target) parked(_ http.ResponseWriter, r *http.Request) (any, error) {
	workspace, destination := r.FormValue("workspace"), r.FormValue("destination")
	parked, err := t.Journal.Parked(r.Context(), journal.ParkedQuery{Workspace: workspace, Destination: destination}, limit(r))
	if err == nil && len(parked) == 0 && destination != "" {
		err = t.exists(r.Context(), workspace, destination) // one that is gone may still have some
	}
	out := []Parked{}
	for _, p := range parked {
		out = append(out, Parked{p.ID, p.Destination, p.At, p.Reason, p.Event.JSON})
	}
	return out, err
}

// selected returns the parked calls that a request names, oldest first. IDs
// of none are problems in the reply.
func (t Target) selected(r *http.Request) (out []journal.Parked, workspace string, reply ParkedReply, err error) {
	var q ParkedRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return nil, "", reply, err
	}
	all, err := t.Journal.Parked(r.Context(), journal.ParkedQuery{Workspace: q.Workspace, Destination: q.Destination}, 1<<20)
	for _, p := range slices.Backward(all) {
		if len(q.IDs) == 0 || slices.Contains(q.IDs, p.ID) {
			out = append(out, p)
		}
	}
	for _, id := range q.IDs {
		if !slices.ContainsFunc(out, func(p journal.Parked) bool { return p.ID == id }) {
			reply.Problems = append(reply.Problems, fmt.Sprintf("%d: is not parked", id))
		}
	}
	return out, q.Workspace, reply, err
}

func (t Target) drop(_ http.ResponseWriter, r *http.Request) (any, error) {
	parked, workspace, reply, err := t.selected(r)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(parked))
	for i, p := range parked {
		ids[i] = p.ID
	}
	reply.Done = len(ids)
	return reply, t.Journal.Unpark(r.Context(), workspace, ids...)
}

func (t Target) resend(_ http.ResponseWriter, r *http.Request) (any, error) {
	if t.Resend == nil {
		return nil, errors.New("the gateway is not running: start it with 'parlance serve', then resend")
	}
	parked, workspace, reply, err := t.selected(r)
	if err != nil {
		return nil, err
	}
	for _, p := range parked {
		if err := t.Resend(r.Context(), p); err != nil {
			reply.Problems = append(reply.Problems, fmt.Sprintf("%d: %v", p.ID, err))
			continue
		}
		if err := t.Journal.Unpark(r.Context(), workspace, p.ID); err != nil {
			return nil, err
		}
		reply.Done++
	}
	return reply, nil
}

func (t Target) replay(_ http.ResponseWriter, r *http.Request) (any, error) {
	var q ReplayRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return nil, err
	}
	if err := t.exists(r.Context(), q.Workspace, q.Destination); err != nil {
		return nil, err
	}
	var reply ReplayReply
	move := func() error {
		now, err := t.Journal.Cursor(r.Context(), q.Workspace, q.Destination)
		if err != nil {
			return err
		}
		to, err := t.Journal.Since(r.Context(), q.Workspace, q.Since)
		if err != nil {
			return err
		}
		c := journal.Cursor{Workspace: q.Workspace, Destination: q.Destination, At: min(now, to)}
		if err := t.Journal.Move(r.Context(), c); err != nil {
			return err
		}
		lag, err := t.Journal.Lag(r.Context(), q.Workspace, q.Destination)
		reply.Events = lag.Events
		if err == nil && q.DryRun {
			c.At = now
			err = t.Journal.Move(r.Context(), c)
		}
		return err
	}
	if t.Reset == nil {
		return &reply, move()
	}
	err := t.Reset(q.Workspace, q.Destination, move)
	return &reply, err
}

func (t Target) imports(_ http.ResponseWriter, r *http.Request) (any, error) {
	if t.Import == nil {
		return nil, errors.New("the gateway is not running: start it with 'parlance serve', then import")
	}
	var q ImportRequest
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		return nil, err
	}
	unreadable, err := t.Import(r.Context(), q.Workspace, q.Source, q.Requests)
	return ImportReply{unreadable}, err
}

// exists reports an unknown destination. Asking for its cursor would make one.
func (t Target) exists(ctx context.Context, workspace, destination string) error {
	names, err := t.Journal.Destinations(ctx, workspace)
	if err != nil {
		return err
	}
	for _, n := range names {
		if n == destination {
			return nil
		}
	}
	return fmt.Errorf("no destination %q in workspace %q; there are %q", destination, workspace, names)
}

// events streams events as they are committed, one JSON object a line.
func (t Target) events(w http.ResponseWriter, r *http.Request) (any, error) {
	if !t.Live {
		return nil, errors.New("the gateway is not running: start it with 'parlance serve'")
	}
	workspace := r.FormValue("workspace")
	after, err := t.Journal.End(r.Context(), workspace)
	if err != nil {
		return nil, err
	}
	w.Header().Set("Content-Type", "application/jsonl")
	flush := http.NewResponseController(w)
	out := json.NewEncoder(w)
	for {
		if err := flush.Flush(); err != nil {
			return nil, nil
		}
		events, err := t.Journal.Events(r.Context(), workspace, after, 500)
		if err != nil {
			return nil, nil
		}
		for _, e := range events {
			after = e.Seq
			if err := out.Encode(Event{e.Seq, e.At, e.Source, e.Name, e.JSON}); err != nil {
				return nil, nil
			}
		}
	}
}
