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
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/forget"
	"github.com/parlance-chat/parlance/internal/journal"
)

// SocketName is the socket's file name in the data directory.
const SocketName = "control.sock"

// A Target is what the requests act on.
type Target struct {
	Journal journal.Journal
	// Configured tells what is configured, for Status. Nil is nothing.
	Configured func() Configured
	// Deliveries are those of a running gateway; nil if it is not running.
	Deliveries Deliveries
	// Refused tells how many requests of a source were refused for their
	// signature since the gateway began. Nil means that it is not running.
	Refused func(workspace, source string) int64
	// Import takes in what a chat tool sent once. Nil means that the gateway is
	// not running.
	Import func(ctx context.Context, workspace, source string, requests []connector.Request) (unreadable int, err error)
	// Forget takes a person out of all that is kept. Nil means that it is for
	// the caller to do so without a gateway.
	Forget func(ctx context.Context, r forget.Request) (forget.Reply, error)
	// Live reports that events may still come.
	Live bool
	// By, if not nil, tells who makes a request; else the request itself does.
	By func(r *http.Request) string
	// Hidden, if not nil, reports whether who makes a request may not see what
	// people wrote, nor what may repeat it: what receivers say.
	Hidden func(r *http.Request) bool
}

func (t Target) hidden(r *http.Request) bool { return t.Hidden != nil && t.Hidden(r) }

// Deliveries hand events to destinations just now.
type Deliveries interface {
	// Reset does f while the destination's delivery stands still, and has it
	// go on from its cursor then.
	Reset(workspace, destination string, f func() error) error
	// Resend makes one attempt to deliver each of the calls, which are all of
	// one destination, and tells what became of each: nil, or why it was
	// refused. Its error says why the destination takes nothing just now; the
	// rest was not tried then.
	Resend(ctx context.Context, list []journal.Parked, told func(p journal.Parked, refused error) error) error
	// Look has what the journal says of a destination's holds and replays
	// come into force, and has the delivery try at once.
	Look(ctx context.Context, workspace, destination string) error
	// State tells how a delivery is doing, in a word, and what is wrong.
	State(workspace, destination string) (state, trouble string)
}

// Configured is what a configuration names.
type Configured struct {
	Sources, Destinations []Named
}

// A Named is a source or a destination.
type Named struct {
	Workspace, Name, Type string
}

// An Unreadable is a webhook that was signed but could not be read.
type Unreadable struct {
	Seq        journal.Seq `json:"seq"`
	Source     string      `json:"source"`
	ReceivedAt time.Time   `json:"received_at"`
	Reason     string      `json:"reason"`
	Body       []byte      `json:"body"`
}

// An Event is one event as it passes.
type Event struct {
	Seq    journal.Seq     `json:"seq"`
	At     time.Time       `json:"at"`
	Source string          `json:"source"`
	Name   string          `json:"name"`
	Call   json.RawMessage `json:"call"`
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
	t.routes(mux, "")
	handle(mux, "GET /unreadable", t.unreadable)
	handle(mux, "POST /import", t.imports)
	handle(mux, "POST /forget", t.forget)
	handle(mux, "GET /events", t.events)
	if t.Live {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	}
	return mux
}

// API answers those of the requests that other programs may make, below /api/.
// Whoever serves it says who may.
func API(t Target) http.Handler {
	mux := http.NewServeMux()
	t.routes(mux, "/api")
	return mux
}

// Routes are the patterns that API answers, below a path.
func Routes(below string) (list []string) {
	for pattern := range (Target{}).answers() {
		method, path, _ := strings.Cut(pattern, " ")
		list = append(list, method+" "+below+path)
	}
	slices.Sort(list)
	return list
}

func (t Target) routes(mux *http.ServeMux, prefix string) {
	for pattern, f := range t.answers() {
		method, path, _ := strings.Cut(pattern, " ")
		handle(mux, method+" "+prefix+path, f)
	}
}

func (t Target) answers() map[string]answer {
	return map[string]answer{
		"GET /status":                      t.status,
		"GET /chatting":                    t.chatting,
		"GET /parked":                      t.parked,
		"GET /parked/{id}":                 t.show,
		"POST /parked/resend":              t.resend,
		"POST /parked/drop":                t.drop,
		"GET /replay":                      t.replays,
		"POST /replay":                     t.replay,
		"POST /replay/{id}/cancel":         t.cancel,
		"GET /destinations/{name}/left":    t.left,
		"POST /destinations/{name}/pause":  t.pause,
		"POST /destinations/{name}/resume": t.resume,
	}
}

// An answer returns what is to be told, or what is wrong with the request.
type answer func(http.ResponseWriter, *http.Request) (any, error)

func handle(mux *http.ServeMux, pattern string, f answer) {
	mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		reply, err := f(w, r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if reply != nil {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "no-store")
			_ = json.NewEncoder(w).Encode(reply) // the client is gone; nobody to tell
		}
	})
}

// read reads a request's body. What it does not know is a mistake: a filter
// that is spelled wrong must not name everything.
func read(r *http.Request, request any) error {
	in := json.NewDecoder(r.Body)
	in.DisallowUnknownFields()
	if err := in.Decode(request); err != nil {
		return fmt.Errorf("the request is not what it should be: %w", err)
	}
	return nil
}

// workspace returns a workspace by its name; "" is the default one.
func workspace(name string) string { return cmp.Or(name, "default") }

func limit(r *http.Request) int {
	if n, err := strconv.Atoi(r.FormValue("limit")); err == nil && n > 0 {
		return n
	}
	return 100
}

func (t Target) unreadable(_ http.ResponseWriter, r *http.Request) (any, error) {
	webhooks, err := t.Journal.Unreadable(r.Context(), workspace(r.FormValue("workspace")), limit(r))
	out := []Unreadable{}
	for _, w := range webhooks {
		out = append(out, Unreadable{w.Seq, w.Source, w.ReceivedAt, w.Unreadable, w.Body})
	}
	return out, err
}

func (t Target) forget(_ http.ResponseWriter, r *http.Request) (any, error) {
	if t.Forget == nil {
		return nil, errors.New("the gateway is not running")
	}
	var q forget.Request
	if err := read(r, &q); err != nil {
		return nil, err
	}
	return t.Forget(r.Context(), q)
}

func (t Target) imports(_ http.ResponseWriter, r *http.Request) (any, error) {
	if t.Import == nil {
		return nil, errors.New("the gateway is not running: start it with 'parlance serve', then import")
	}
	var q ImportRequest
	if err := read(r, &q); err != nil {
		return nil, err
	}
	unreadable, err := t.Import(r.Context(), q.Workspace, q.Source, q.Requests)
	return ImportReply{unreadable}, err
}

// events streams events as they are committed, one JSON object a line.
func (t Target) events(w http.ResponseWriter, r *http.Request) (any, error) {
	if !t.Live {
		return nil, errors.New("the gateway is not running: start it with 'parlance serve'")
	}
	workspace := workspace(r.FormValue("workspace"))
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
