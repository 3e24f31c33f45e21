package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/trace"
)

// An eventView is the way of one event.
type eventView struct {
	Name         string          `json:"name"`
	At           time.Time       `json:"at"` // when it was derived
	Source       string          `json:"source"`
	Conversation string          `json:"conversation,omitempty"`
	Call         json.RawMessage `json:"call"`
	Webhook      *webhookView    `json:"webhook,omitempty"`
	Steps        []stepView      `json:"steps"`
	Partial      bool            `json:"partial,omitempty"`
	Deliveries   []deliveryView  `json:"deliveries"`
	Previous     journal.Seq     `json:"previous,omitempty"`
	Next         journal.Seq     `json:"next,omitempty"`
}

// Title implements the heading of the page.
func (v eventView) Title() string { return v.Name }

// A webhookView is a webhook as it came.
type webhookView struct {
	Seq        journal.Seq     `json:"seq"`
	ReceivedAt time.Time       `json:"received_at"`
	Source     string          `json:"source"`
	Body       string          `json:"body"`
	Unreadable string          `json:"unreadable,omitempty"`
	Pending    bool            `json:"pending,omitempty"`
	Activities json.RawMessage `json:"activities"`
	Calls      int             `json:"calls,omitempty"`
}

// Title implements the heading of the page.
func (v webhookView) Title() string { return "Webhook " + strconv.FormatInt(int64(v.Seq), 10) }

// A deliveryView is what has become of the event at a destination.
type deliveryView struct {
	Destination string        `json:"destination"`
	State       string        `json:"state"`
	Reason      string        `json:"reason,omitempty"` // why it is parked
	Request     string        `json:"request,omitempty"`
	Response    string        `json:"response,omitempty"`
	Attempts    []attemptView `json:"attempts"`
}

// A stepView is one activity and what it did.
type stepView struct {
	Activity json.RawMessage `json:"activity"`
	Changes  []change        `json:"changes"`
	Events   []string        `json:"events"`
}

// A change is one field of a conversation's state that became another.
type change struct {
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// seq reads the position that a path names.
func (q *request) seq() (journal.Seq, error) {
	n, err := strconv.ParseInt(q.name, 10, 64)
	if err != nil || n <= 0 {
		return 0, notFound("There is nothing here: a position is a number.")
	}
	return journal.Seq(n), nil
}

func (c *Console) event(q *request) (any, error) {
	at, err := q.seq()
	if err != nil {
		return nil, err
	}
	chain, err := trace.Event(q.Context(), c.o.Journal, c.o.Rules, q.Workspace, at)
	if errors.Is(err, trace.ErrNone) {
		return nil, notFound("There is no such event, or none any more: retention.events says how long they are kept.")
	}
	if err != nil {
		return nil, err
	}
	e := chain.Event
	v := eventView{Name: e.Name, At: e.At, Source: e.Source, Conversation: e.Conversation, Call: shownJSON(e.JSON, q.User), Partial: chain.Partial,
		Previous: at - 1, Next: at + 1}
	if end, err := c.o.Journal.End(q.Context(), q.Workspace); err != nil || at >= end {
		v.Next = 0
	}
	if chain.Webhook.Seq != 0 {
		w := viewOf(chain.Webhook, q.User)
		v.Webhook = &w
	}
	delivered, err := c.o.Deliveries.Delivered(q.Context(), e)
	if err != nil {
		return nil, err
	}
	for _, d := range delivered {
		v.Deliveries = append(v.Deliveries, viewOfDelivery(d, q.User))
	}
	for _, s := range chain.Steps {
		step := stepView{Activity: shownValue(s.Activity, q.User), Changes: changes(s.Before, s.After, q.User)}
		for _, e := range s.Events {
			step.Events = append(step.Events, string(e.Kind))
		}
		v.Steps = append(v.Steps, step)
	}
	return v, nil
}

func viewOfDelivery(d Delivered, u access.User) deliveryView {
	v := deliveryView{Destination: d.Destination, State: d.State, Attempts: []attemptView{}}
	if p := d.Parked; p != nil {
		v.Reason, v.Request, v.Response = p.Reason, p.Request, p.Response
		if !u.Bodies {
			v.Reason, v.Response = masks(v.Reason), masks(v.Response)
		}
	}
	for _, a := range d.Attempts {
		v.Attempts = append(v.Attempts, viewOfAttempt(a, u))
	}
	return v
}

func (c *Console) webhook(q *request) (any, error) {
	at, err := q.seq()
	if err != nil {
		return nil, err
	}
	w, ok, err := c.o.Journal.Webhook(q.Context(), q.Workspace, at)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, notFound("There is no such webhook, or none any more: retention.webhooks says how long they are kept.")
	}
	return viewOf(w, q.User), nil
}

func viewOf(w journal.Webhook, u access.User) webhookView {
	v := webhookView{Seq: w.Seq, ReceivedAt: w.ReceivedAt, Source: w.Source, Unreadable: w.Unreadable, Pending: w.Pending,
		Activities: shownValue(w.Activities, u), Calls: len(w.Calls)}
	switch body := bytes.TrimSpace(w.Body); {
	case json.Valid(body) && len(body) > 0:
		v.Body = string(shownJSON(body, u))
	case u.Bodies:
		v.Body = strings.ToValidUTF8(string(body), "�")
	default:
		v.Body = hidden
	}
	return v
}

// hidden stands for what somebody may not see.
const hidden = "…"

func shownValue(v any, u access.User) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		return json.RawMessage("null") // such as a time beyond the year 9999
	}
	return shownJSON(b, u)
}

// shownJSON returns JSON indented, and as somebody may see it: whoever may not
// see what people wrote sees no text at all but words that say what a thing is.
func shownJSON(b []byte, u access.User) json.RawMessage {
	if !u.Bodies {
		var v any
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		if d.Decode(&v) != nil {
			return json.RawMessage(`"` + hidden + `"`)
		}
		b, _ = json.Marshal(masking("", v)) // it was JSON before
	}
	// For people: < is <, not \u003c.
	out, err := jsontext.AppendFormat(nil, b, jsontext.Multiline(true), jsontext.WithIndent("  "), jsontext.EscapeForHTML(false))
	if err != nil {
		return json.RawMessage(`"` + hidden + `"`)
	}
	return out
}

// plain are the keys whose texts say what a thing is, or which it is.
var plain = map[string]bool{"type": true, "event": true, "action": true, "status": true, "channel": true, "by": true, "source": true, "time": true,
	"timestamp": true, "sentAt": true, "messageId": true, "id": true, "conversation_id": true, "message_id": true, "agent_id": true, "agent_type": true,
	"created_at": true, "updated_at": true, "started_at": true, "version": true, "library": true, "integration": true}

func masking(key string, v any) any {
	switch v := v.(type) {
	case string:
		if plain[key] && len(v) < 100 {
			return v
		}
		return hidden
	case map[string]any:
		for k, x := range v {
			v[k] = masking(k, x)
		}
		return v
	case []any:
		for i, x := range v {
			v[i] = masking(key, x)
		}
		return v
	}
	return v
}

// changes lists what differs between two states.
func changes(before, after conversation.State, u access.User) (list []change) {
	b, a := fields(before), fields(after)
	for i := range a {
		if a[i].After == b[i].After {
			continue
		}
		one := change{Field: a[i].Field, Before: b[i].After, After: a[i].After}
		if private[one.Field] && !u.Bodies {
			one.Before, one.After = hidden, hidden
		}
		list = append(list, one)
	}
	return list
}

// private are the fields that hold what people wrote or who they are.
var private = map[string]bool{"last message": true, "customer": true}

// fields returns a state in words.
func fields(s conversation.State) []change {
	at := func(t time.Time) string {
		if t.IsZero() {
			return "–"
		}
		return t.UTC().Format("2006-01-02 15:04:05.000 UTC")
	}
	text := func(parts ...string) string {
		var out []string
		for _, p := range parts {
			if p != "" {
				out = append(out, p)
			}
		}
		if len(out) == 0 {
			return "–"
		}
		return strings.Join(out, " · ")
	}
	return []change{
		{Field: "started", After: strconv.FormatBool(s.Started)},
		{Field: "started at", After: at(s.StartedAt)},
		{Field: "ended at", After: at(s.EndedAt)},
		{Field: "duration", After: strconv.FormatInt(s.Duration, 10) + " s"},
		{Field: "last message", After: text(s.Last.ID, s.Last.Body)},
		{Field: "last message at", After: at(s.LastAt)},
		{Field: "assignee", After: text(s.Assignee.ID, s.Assignee.Name, s.Assignee.Username)},
		{Field: "last agent who wrote", After: text(s.Writer.ID, s.Writer.Name, s.Writer.Username)},
		{Field: "customer", After: text(s.Customer.UserID, s.Customer.AnonymousID, s.Customer.Name, s.Customer.Email)},
		{Field: "channel", After: text(s.Channel)},
	}
}
