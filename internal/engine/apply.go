package engine

import (
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// apply works out what comes of the tasks. It may be done again, and comes to
// the same.
func (e *engine) apply(ctx context.Context, tasks []*task) ([]journal.Applied, error) {
	n := 0
	for _, t := range tasks {
		n += len(t.activities) + len(t.calls)
	}
	if err := e.meet(ctx); err != nil {
		return nil, err
	}
	out := make([]journal.Applied, 0, n)
	for _, t := range tasks {
		t.applied, t.repeated, t.invalid = 0, 0, 0
		ids := make([]string, 0, len(t.activities)+len(t.calls))
		for _, a := range t.activities {
			ids = append(ids, a.ID)
		}
		for _, c := range t.calls {
			ids = append(ids, c.MessageID)
		}
		state, applied, err := e.o.Journal.Load(ctx, t.conversation, ids)
		if err != nil {
			return nil, err
		}
		// A repetition may also stand beside its original.
		known := make(map[string]bool, len(ids))
		for i, id := range ids {
			known[id] = applied[i]
		}
		if t.conversation.ID == "" {
			out = e.pass(out, t, known)
		} else if out, err = e.converse(ctx, out, t, state, known); err != nil {
			return nil, err
		}
	}
	return e.write(out)
}

// pass hands calls on as they are.
func (e *engine) pass(out []journal.Applied, t *task, known map[string]bool) []journal.Applied {
	for _, c := range t.calls {
		if known[c.MessageID] {
			t.repeated++
			continue
		}
		known[c.MessageID] = true
		out = append(out, journal.Applied{Conversation: t.conversation, Activity: c.MessageID, Events: []journal.Event{c}})
	}
	return out
}

// converse steps through a conversation's activities.
func (e *engine) converse(ctx context.Context, out []journal.Applied, t *task, stored []byte, known map[string]bool) ([]journal.Applied, error) {
	state := &e.state // one for all conversations, for they come one by one
	*state = conversation.State{}
	if stored != nil {
		if err := cbor.Unmarshal(stored, state); err != nil {
			return nil, err
		}
	}
	source := e.o.Source(t.conversation.Workspace, t.conversation.Source)
	first := len(out)
	for _, d := range t.activities {
		a := d.Activity // to be completed anew at each try
		if known[a.ID] {
			t.repeated++
			continue
		}
		known[a.ID] = true
		t.applied++
		if err := e.complete(ctx, source.Agents, &a); err != nil {
			return nil, err
		}
		var o conversation.Output
		*state, o = conversation.Step(source.Origin, source.Rules, *state, a)
		out = append(out, journal.Applied{Conversation: t.conversation, Activity: a.ID, Events: e.events(t, d.webhook, o)})
	}
	if t.woken {
		var o conversation.Output
		if a, ok := silence(t, source.Rules, *state); ok {
			*state, o = conversation.Step(source.Origin, source.Rules, *state, a)
		}
		out = append(out, journal.Applied{Conversation: t.conversation, Events: e.events(t, 0, o)})
	}
	if len(out) == first {
		return out, nil
	}
	b, err := e.mode.Marshal(state)
	out[len(out)-1].State, out[len(out)-1].Wake = b, wake(t, source.Rules, *state)
	return out, err
}

// events renders what follows from an activity of a webhook for the log.
func (e *engine) events(t *task, webhook journal.Seq, o conversation.Output) []journal.Event {
	var out []journal.Event
	if i := o.Identify; i != nil {
		if b, err := json.Marshal(i); err == nil {
			out = append(out, e.event(t, webhook, "identify", i.MessageID, b))
		}
	}
	for _, ev := range o.Events {
		b, err := fit(&ev)
		if problems := ev.Validate(); err != nil || len(problems) > 0 {
			t.invalid++
			e.o.Log.Error("event withheld: it would break the specification", "workspace", t.conversation.Workspace,
				"source", t.conversation.Source, "conversation", t.conversation.ID, "problems", problems, "error", err)
			continue
		}
		out = append(out, e.event(t, webhook, string(ev.Kind), ev.MessageID, b))
	}
	return out
}

func (e *engine) event(t *task, webhook journal.Seq, name, id string, b []byte) journal.Event {
	return journal.Event{Workspace: t.conversation.Workspace, Source: t.conversation.Source,
		Conversation: t.conversation.ID, Name: name, MessageID: id, JSON: b, Webhook: webhook}
}

// stampBytes is what delivery adds to a stored event: its sentAt.
const stampBytes = len(`,"sentAt":"2006-01-02T15:04:05.000Z"`)

// fit returns e as JSON, with the message cut so that receivers take it.
func fit(e *livechat.Event) ([]byte, error) {
	for {
		b, err := e.MarshalJSON() // json.Marshal would read its result again
		over := len(b) + stampBytes - livechat.MaxEventBytes
		body := e.Properties.MessageBody
		if err != nil || over < 0 || body == "" {
			return b, err
		}
		// Escaping makes text longer in JSON than it is, at most six times;
		// so this cuts too little rather than too much, and comes back.
		keep := max(0, len(body)-over/6-1)
		for keep > 0 && !utf8.RuneStart(body[keep]) {
			keep--
		}
		e.Properties.MessageBody = strings.TrimRight(body[:keep], " \n")
	}
}
