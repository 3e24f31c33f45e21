package control

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
)

// A ReplayRequest asks to deliver again what a destination has got. What is
// empty does not count, but something must be named.
type ReplayRequest struct {
	Workspace   string    `json:"workspace,omitempty"`
	Destination string    `json:"destination"`
	Since       time.Time `json:"since,omitzero"` // when it was committed
	Until       time.Time `json:"until,omitzero"`
	journal.Filter
	DryRun bool `json:"dry_run,omitempty"`
}

// A ReplayReply says how many events that is.
type ReplayReply struct {
	Events int64 `json:"events"`
	// ID names a replay that runs beside the delivery. It is 0 where the
	// destination's cursor was moved back, which nothing but a time asks for.
	ID int64 `json:"id,omitempty"`
	// UpTo is the position at which the destination has got all of it.
	UpTo journal.Seq `json:"up_to"`
	// Waits says why it does not begin at once.
	Waits string `json:"waits,omitempty"`
}

// A Replay is one beside the delivery.
type Replay struct {
	ID          int64  `json:"id"`
	Workspace   string `json:"workspace"`
	Destination string `json:"destination"`
	journal.Filter
	Events  int64     `json:"events"`
	Done    int64     `json:"done"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	State   string    `json:"state"` // UnderWay, "done" or "cancelled"
}

// UnderWay is the state of a replay that has not ended.
const UnderWay = "under way"

func replayOf(r journal.Replay) Replay {
	state := UnderWay
	switch {
	case r.Cancelled:
		state = "cancelled"
	case !r.Ended.IsZero():
		state = "done"
	}
	return Replay{r.ID, r.Workspace, r.Destination, r.Filter, r.Events, r.Done, r.Started, r.Ended, state}
}

func (t Target) replays(_ http.ResponseWriter, r *http.Request) (any, error) {
	list, err := t.Journal.Replays(r.Context(), workspace(r.FormValue("workspace")))
	out := []Replay{}
	for _, one := range list {
		out = append(out, replayOf(one))
	}
	return out, err
}

func (t Target) replay(_ http.ResponseWriter, r *http.Request) (any, error) {
	var q ReplayRequest
	if err := read(r, &q); err != nil {
		return nil, err
	}
	q.Workspace, q.Name = workspace(q.Workspace), fullName(q.Name)
	if q.Since.IsZero() && q.Until.IsZero() && q.Filter == (journal.Filter{}) {
		return nil, errors.New("say what to replay: since a time, until one, of a conversation, source, event or user")
	}
	if err := t.exists(r.Context(), q.Workspace, q.Destination); err != nil {
		return nil, err
	}
	if q.Until.IsZero() && q.Filter == (journal.Filter{}) {
		return t.moveBack(r.Context(), q)
	}
	return t.addReplay(r.Context(), q)
}

// moveBack moves the destination's cursor back, which keeps every
// conversation's order.
func (t Target) moveBack(ctx context.Context, q ReplayRequest) (reply ReplayReply, err error) {
	move := func() error {
		at, err := t.Journal.Cursor(ctx, q.Workspace, q.Destination)
		if err != nil {
			return err
		}
		to, err := t.Journal.Since(ctx, q.Workspace, q.Since)
		if err != nil {
			return err
		}
		reply.UpTo = at
		if reply.Events, err = t.Journal.Count(ctx, q.Workspace, to, at); err != nil || q.DryRun || to >= at {
			return err
		}
		return t.Journal.Move(ctx, journal.Cursor{Workspace: q.Workspace, Destination: q.Destination, At: to})
	}
	if t.Deliveries == nil || q.DryRun {
		err = move()
	} else {
		err = t.Deliveries.Reset(q.Workspace, q.Destination, move)
	}
	if err == nil {
		reply.Waits, err = t.waits(ctx, q.Workspace, q.Destination)
	}
	return reply, err
}

// addReplay has what is named delivered beside what is new. It is about what
// the destination has got: the rest is on its way.
func (t Target) addReplay(ctx context.Context, q ReplayRequest) (reply ReplayReply, err error) {
	replay := journal.Replay{Workspace: q.Workspace, Destination: q.Destination, Filter: q.Filter}
	if !q.Since.IsZero() {
		replay.After, err = t.Journal.Since(ctx, q.Workspace, q.Since)
	}
	if err == nil {
		replay.UpTo, err = t.Journal.Cursor(ctx, q.Workspace, q.Destination)
	}
	if err == nil && !q.Until.IsZero() {
		var until journal.Seq
		until, err = t.Journal.Since(ctx, q.Workspace, q.Until)
		replay.UpTo = min(replay.UpTo, until)
	}
	if err == nil {
		replay.Events, err = t.count(ctx, &replay)
	}
	reply.Events, reply.UpTo = replay.Events, replay.UpTo
	if err != nil || q.DryRun || reply.Events == 0 {
		return reply, err
	}
	if err := t.Journal.AddReplay(ctx, &replay); err != nil {
		return reply, err
	}
	reply.ID = replay.ID
	if err := t.look(ctx, q.Workspace, q.Destination); err != nil {
		return reply, err
	}
	reply.Waits, err = t.waits(ctx, q.Workspace, q.Destination)
	return reply, err
}

// count counts a replay's events by reading them.
func (t Target) count(ctx context.Context, r *journal.Replay) (n int64, err error) {
	if r.Filter == (journal.Filter{}) {
		return t.Journal.Count(ctx, r.Workspace, r.After, r.UpTo)
	}
	// A context that is done does not wait for what is yet to come.
	now, cancel := context.WithCancel(ctx)
	cancel()
	for at := r.After; at < r.UpTo && ctx.Err() == nil; {
		events, err := t.Journal.Events(now, r.Workspace, at, 1000)
		if errors.Is(err, context.Canceled) {
			break
		}
		if err != nil {
			return 0, err
		}
		for i := range events {
			if at = events[i].Seq; at <= r.UpTo && r.Filter.Lets(&events[i]) {
				n++
			}
		}
	}
	return n, ctx.Err()
}

// look has what is in the journal come into force, if anything is delivered.
func (t Target) look(ctx context.Context, workspace, destination string) error {
	if t.Deliveries == nil {
		return nil
	}
	return t.Deliveries.Look(ctx, workspace, destination)
}

// waits says why nothing is delivered to a destination just now.
func (t Target) waits(ctx context.Context, workspace, destination string) (string, error) {
	if t.Deliveries == nil {
		return "the gateway is not running; it begins when 'parlance serve' is started", nil
	}
	holds, err := t.Journal.Holds(ctx, workspace)
	if i := slices.IndexFunc(holds, func(h journal.Hold) bool { return h.Destination == destination }); i >= 0 {
		return fmt.Sprintf("%s is paused by %s; it begins after 'parlance resume %s'", destination, holds[i].By, destination), err
	}
	return "", err
}

func (t Target) cancel(_ http.ResponseWriter, r *http.Request) (any, error) {
	var q struct {
		Workspace string `json:"workspace,omitempty"`
	}
	if err := read(r, &q); err != nil {
		return nil, err
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not an ID", r.PathValue("id"))
	}
	q.Workspace = workspace(q.Workspace)
	find := func() (journal.Replay, error) {
		list, err := t.Journal.Replays(r.Context(), q.Workspace)
		if i := slices.IndexFunc(list, func(one journal.Replay) bool { return one.ID == id }); i >= 0 && err == nil {
			return list[i], nil
		}
		return journal.Replay{}, cmp.Or(err, fmt.Errorf("no replay %d in workspace %q", id, q.Workspace))
	}
	replay, err := find()
	if err == nil && !replay.Ended.IsZero() {
		err = fmt.Errorf("replay %d is %s", id, replayOf(replay).State)
	}
	if err == nil {
		err = t.Journal.EndReplay(r.Context(), q.Workspace, id, true)
	}
	if err == nil {
		err = t.look(r.Context(), q.Workspace, replay.Destination)
	}
	if err == nil {
		replay, err = find()
	}
	if err != nil {
		return nil, err
	}
	return replayOf(replay), nil
}

// A Left is how many events lie between a destination's cursor and a position.
type Left struct {
	Events int64 `json:"events"`
}

func (t Target) left(_ http.ResponseWriter, r *http.Request) (any, error) {
	upTo, err := strconv.ParseInt(r.FormValue("up_to"), 10, 64)
	if err != nil {
		return nil, errors.New("up_to: must be a position")
	}
	name, destination := workspace(r.FormValue("workspace")), r.PathValue("name")
	if err := t.exists(r.Context(), name, destination); err != nil {
		return nil, err
	}
	at, err := t.Journal.Cursor(r.Context(), name, destination)
	if err != nil {
		return nil, err
	}
	n, err := t.Journal.Count(r.Context(), name, at, journal.Seq(upTo))
	return Left{n}, err
}
