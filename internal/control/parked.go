package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

const (
	// pageSize is how many parked calls one request acts on, and the most that
	// it lists: the next request goes on.
	pageSize = 500
	// pageTime is how long one request resends. It is shorter than what an HTTP
	// server gives a request.
	pageTime = 20 * time.Second
)

// A Parked is a call that a destination refused for good.
type Parked struct {
	ID           int64           `json:"id"`
	Workspace    string          `json:"workspace"`
	Destination  string          `json:"destination"`
	At           time.Time       `json:"at"`
	Reason       string          `json:"reason"`
	Request      string          `json:"request,omitempty"`
	Status       int             `json:"status,omitempty"`
	Response     string          `json:"response,omitempty"`
	Source       string          `json:"source"`
	Conversation string          `json:"conversation,omitempty"`
	Event        string          `json:"event"`
	MessageID    string          `json:"messageId"`
	Call         json.RawMessage `json:"call"` // what people wrote is "…", unless it was asked for
}

// A ParkedRequest names parked calls. What is empty does not count, but
// something must be named, or All be true.
type ParkedRequest struct {
	Workspace   string  `json:"workspace,omitempty"`
	Destination string  `json:"destination,omitempty"`
	IDs         []int64 `json:"ids,omitempty"`
	journal.Filter
	Reason string    `json:"reason,omitempty"` // a part of it
	Since  time.Time `json:"since,omitzero"`   // when they were parked
	Until  time.Time `json:"until,omitzero"`
	All    bool      `json:"all,omitempty"`
	// Past is where the request before ended: one acts on a page of calls, the
	// oldest first.
	Past int64 `json:"past,omitempty"`
	// DryRun only counts.
	DryRun bool `json:"dry_run,omitempty"`
}

// Named reports whether the request names any calls, but for All.
func (q ParkedRequest) Named() bool {
	return len(q.IDs) > 0 || q.Destination != "" || q.Filter != journal.Filter{} || q.Reason != "" || !q.Since.IsZero() || !q.Until.IsZero()
}

// Query is the request in a URL.
func (q ParkedRequest) Query() url.Values {
	v := url.Values{}
	for key, value := range map[string]string{"workspace": q.Workspace, "destination": q.Destination, "source": q.Source, "conversation": q.Conversation,
		"event": q.Name, "user": q.User, "reason": q.Reason, "since": text(q.Since), "until": text(q.Until)} {
		if value != "" {
			v.Set(key, value)
		}
	}
	return v
}

func text(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

// query is the request in the journal's words.
func (q ParkedRequest) query() journal.ParkedQuery {
	q.Name = fullName(q.Name)
	return journal.ParkedQuery{Workspace: workspace(q.Workspace), Destination: q.Destination, IDs: q.IDs, Filter: q.Filter,
		Reason: q.Reason, Since: q.Since, Until: q.Until, Past: q.Past}
}

// fullName is the name of an event; of the four, Started, Sent, Received and
// Ended are enough.
func fullName(name string) string {
	for _, k := range livechat.Kinds() {
		if short := string(k[strings.LastIndex(string(k), " ")+1:]); strings.EqualFold(name, short) {
			return string(k)
		}
	}
	return name
}

// A ParkedReply says what became of a page of calls.
type ParkedReply struct {
	Matched  int64     `json:"matched,omitempty"` // how many there are; told at the first page
	Done     int       `json:"done"`
	Problems []Problem `json:"problems,omitempty"`
	// Stopped says why the rest was not tried: the destination takes nothing
	// just now.
	Stopped string `json:"stopped,omitempty"`
	// More says that there may be more, after Past.
	More bool  `json:"more,omitempty"`
	Past int64 `json:"past,omitempty"`
}

// A Problem is why nothing became of a call.
type Problem struct {
	ID   int64  `json:"id"`
	Text string `json:"problem"`
}

// parkedRequest reads a request from a URL.
func parkedRequest(r *http.Request) (q ParkedRequest, err error) {
	q = ParkedRequest{Workspace: r.FormValue("workspace"), Destination: r.FormValue("destination"), Reason: r.FormValue("reason"), Filter: journal.Filter{
		Source: r.FormValue("source"), Conversation: r.FormValue("conversation"), Name: r.FormValue("event"), User: r.FormValue("user")}}
	for key, t := range map[string]*time.Time{"since": &q.Since, "until": &q.Until} {
		if s := r.FormValue(key); s != "" {
			if *t, err = time.Parse(time.RFC3339, s); err != nil {
				return q, fmt.Errorf("%s: must be a time such as 2026-03-02T09:00:00Z", key)
			}
		}
	}
	if s := r.FormValue("past"); s != "" {
		if q.Past, err = strconv.ParseInt(s, 10, 64); err != nil {
			return q, errors.New("past: must be an id")
		}
	}
	return q, nil
}

func (t Target) parked(_ http.ResponseWriter, r *http.Request) (any, error) {
	q, err := parkedRequest(r)
	if err != nil {
		return nil, err
	}
	if q.Reason != "" && t.hidden(r) { // which could be guessed letter by letter
		return nil, errors.New("reason: is hidden from you, so you cannot look for it")
	}
	list, err := t.Journal.Parked(r.Context(), q.query(), min(limit(r), pageSize))
	if err == nil && len(list) == 0 && q.Destination != "" {
		err = t.exists(r.Context(), workspace(q.Workspace), q.Destination) // one that is gone may still have some
	}
	out := []Parked{}
	for i := range list {
		out = append(out, t.tell(r, &list[i]))
	}
	return out, err
}

func (t Target) show(_ http.ResponseWriter, r *http.Request) (any, error) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%q is not an ID", r.PathValue("id"))
	}
	list, err := t.Journal.Parked(r.Context(), journal.ParkedQuery{Workspace: workspace(r.FormValue("workspace")), IDs: []int64{id}}, 1)
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%d: is not parked", id)
	}
	return t.tell(r, &list[0]), nil
}

// tell tells of a parked call what who makes a request may see, and asks for.
func (t Target) tell(r *http.Request, p *journal.Parked) Parked {
	out := Parked{p.ID, p.Workspace, p.Destination, p.At, p.Reason, p.Request, p.Status, p.Response,
		p.Event.Source, p.Event.Conversation, p.Event.Name, p.Event.MessageID, json.RawMessage(p.Event.JSON)}
	switch {
	case t.hidden(r):
		out.Call = shape(p.Event.JSON)
		for _, said := range []*string{&out.Reason, &out.Response} {
			if *said != "" {
				*said = hidden
			}
		}
	case r.FormValue("body") != "true":
		out.Call = masked(p.Event.JSON, p.Event.Name)
	}
	return out
}

// selected returns a page of the calls that a request names, the oldest first.
func (t Target) selected(r *http.Request) (list []journal.Parked, reply ParkedReply, err error) {
	var q ParkedRequest
	if err := read(r, &q); err != nil {
		return nil, reply, err
	}
	if !q.Named() && !q.All {
		return nil, reply, errors.New("name parked calls by ids or a filter, or say that all are meant")
	}
	if len(q.IDs) > pageSize {
		return nil, reply, fmt.Errorf("name up to %d ids at once", pageSize)
	}
	query := q.query()
	query.OldestFirst = true
	if q.DryRun || q.Past == 0 { // later pages need not count again
		reply.Matched, err = t.Journal.CountParked(r.Context(), query)
	}
	if err != nil || q.DryRun {
		return nil, reply, err
	}
	list, err = t.Journal.Parked(r.Context(), query, pageSize)
	if len(list) > 0 {
		reply.Past, reply.More = list[len(list)-1].ID, len(list) == pageSize
	}
	if err == nil {
		for _, id := range q.IDs {
			if id > q.Past && !slices.ContainsFunc(list, func(p journal.Parked) bool { return p.ID == id }) {
				reply.Problems = append(reply.Problems, Problem{id, "is not parked"})
			}
		}
	}
	return list, reply, err
}

func (t Target) drop(_ http.ResponseWriter, r *http.Request) (any, error) {
	list, reply, err := t.selected(r)
	if err != nil || len(list) == 0 {
		return reply, err
	}
	ids := make([]int64, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	reply.Done = len(ids)
	return reply, t.Journal.Unpark(r.Context(), list[0].Workspace, ids...)
}

func (t Target) resend(_ http.ResponseWriter, r *http.Request) (any, error) {
	if t.Deliveries == nil {
		return nil, errors.New("the gateway is not running: start it with 'parlance serve', then resend")
	}
	list, reply, err := t.selected(r)
	if err != nil || len(list) == 0 {
		return reply, err
	}
	// What is under way then may finish; the rest is the next request's.
	ctx, cancel := context.WithTimeout(r.Context(), pageTime)
	defer cancel()
	for len(list) > 0 {
		next := len(list)
		if i := slices.IndexFunc(list, func(p journal.Parked) bool { return p.Destination != list[0].Destination }); i > 0 {
			next = i
		}
		last, err := t.resendTo(ctx, list[:next], &reply)
		switch {
		case err != nil && ctx.Err() != nil && last > 0:
			reply.Past, reply.More = last, true // time is up; the next request goes on
			return reply, nil
		case err != nil:
			reply.Stopped, reply.More = err.Error(), false
			return reply, nil
		}
		list = list[next:]
	}
	return reply, nil
}

// resendTo resends calls of one destination, and returns the last that was
// tried.
func (t Target) resendTo(ctx context.Context, list []journal.Parked, reply *ParkedReply) (last int64, err error) {
	var arrived []int64
	err = t.Deliveries.Resend(ctx, list, func(p journal.Parked, refused error) error {
		last = p.ID
		if refused != nil {
			reply.Problems = append(reply.Problems, Problem{p.ID, refused.Error()})
			return nil
		}
		reply.Done++
		arrived = append(arrived, p.ID)
		return nil
	})
	if len(arrived) == 0 {
		return last, err
	}
	// They have arrived, whoever still waits to hear it.
	return last, errors.Join(err, t.Journal.Unpark(context.WithoutCancel(ctx), list[0].Workspace, arrived...))
}
