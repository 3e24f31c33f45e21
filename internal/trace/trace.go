// Package trace tells why an event looks as it does: of which webhook it was
// derived, what that said, and what was known of the conversation before and
// after.
//
// Nothing is kept for it. What was known is worked out anew from the webhooks
// that are in the journal, by the rules that are in force now.
package trace

import (
	"context"
	"errors"
	"slices"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// ErrNone means that there is no such event or webhook, or none any more.
var ErrNone = errors.New("trace: there is none at this position, or none any more")

// reach is how many positions before a webhook are looked through for what the
// same conversation did before.
const reach = 20_000

// A Journal is what is read of one.
type Journal interface {
	Events(ctx context.Context, workspace string, after journal.Seq, limit int) ([]journal.Event, error)
	End(ctx context.Context, workspace string) (journal.Seq, error)
	Webhook(ctx context.Context, workspace string, at journal.Seq) (journal.Webhook, bool, error)
	Webhooks(ctx context.Context, s journal.Source, after journal.Seq, limit int) ([]journal.Webhook, error)
}

// Rules return how a source's conversations are told.
type Rules func(workspace, source string) (conversation.Origin, conversation.Rules)

// A Chain is the way of an event.
type Chain struct {
	Event   journal.Event
	Webhook journal.Webhook // its Seq is 0 if there is none, or none any more
	// Steps are what the webhook's activities did to the event's conversation,
	// or, of an event that follows from silence, nothing.
	Steps []Step
	// Partial says that the conversation may have begun before what was looked
	// through, so that the states lack something.
	Partial bool
}

// A Step is one activity and what it did.
type Step struct {
	Webhook       journal.Seq // that told of it first
	Activity      conversation.Activity
	Before, After conversation.State
	Events        []livechat.Event
}

// Event returns the way of the event at a position.
func Event(ctx context.Context, j Journal, rules Rules, workspace string, at journal.Seq) (c Chain, err error) {
	end, err := j.End(ctx, workspace)
	if err != nil {
		return c, err
	}
	if at <= 0 || at > end {
		return c, ErrNone
	}
	list, err := j.Events(ctx, workspace, at-1, 1)
	if err != nil {
		return c, err
	}
	if len(list) == 0 || list[0].Seq != at {
		return c, ErrNone
	}
	c.Event = list[0]
	if c.Event.Webhook == 0 {
		return c, nil
	}
	hook, ok, err := j.Webhook(ctx, workspace, c.Event.Webhook)
	if err != nil || !ok {
		return c, err
	}
	c.Webhook = hook
	c.Steps, c.Partial, err = steps(ctx, j, rules, hook, c.Event.Conversation)
	return c, err
}

// steps works out what the activities of a webhook did to a conversation.
func steps(ctx context.Context, j Journal, rules Rules, hook journal.Webhook, id string) (out []Step, partial bool, err error) {
	c := journal.Conversation{Workspace: hook.Workspace, Source: hook.Source, ID: id}
	first := max(0, hook.Seq-reach)
	var list []told
	seen := map[string]bool{}
	for after := first; after < hook.Seq; {
		webhooks, err := j.Webhooks(ctx, journal.Source{Workspace: c.Workspace, Name: c.Source}, after, 1000)
		if err != nil {
			return nil, false, err
		}
		after = webhooks[len(webhooks)-1].Seq
		later := slices.IndexFunc(webhooks, func(w journal.Webhook) bool { return w.Seq > hook.Seq })
		if later >= 0 {
			webhooks = webhooks[:later]
		}
		list = gather(list, seen, webhooks, id)
	}
	for _, s := range replay(rules, c, list) {
		if slices.ContainsFunc(hook.Activities, func(a conversation.Activity) bool { return a.ID == s.Activity.ID }) {
			out = append(out, s)
		}
	}
	return out, first > 0, nil
}

// A told is an activity with the webhook that told of it.
type told struct {
	conversation.Activity
	webhook journal.Seq
}

// gather adds the activities of a conversation to those that were seen before,
// each once.
func gather(list []told, seen map[string]bool, webhooks []journal.Webhook, id string) []told {
	for _, w := range webhooks {
		for _, a := range w.Activities {
			if a.Conversation == id && !seen[a.ID] {
				seen[a.ID] = true
				list = append(list, told{a, w.Seq})
			}
		}
	}
	return list
}

// replay steps through a conversation, in the order of the engine.
func replay(rules Rules, c journal.Conversation, list []told) (out []Step) {
	slices.SortStableFunc(list, func(a, b told) int { return conversation.Compare(a.Activity, b.Activity) })
	origin, r := rules(c.Workspace, c.Source)
	var s conversation.State
	for _, a := range list {
		after, o := conversation.Step(origin, r, s, a.Activity)
		out = append(out, Step{Webhook: a.webhook, Activity: a.Activity, Before: s, After: after, Events: o.Events})
		s = after
	}
	return out
}

// Conversation returns what a conversation's activities did, of the webhooks of
// its source after a position.
func Conversation(ctx context.Context, j Journal, rules Rules, c journal.Conversation, after journal.Seq) (out []Step, err error) {
	now, done := context.WithCancel(ctx) // what comes later is not waited for
	done()
	source := journal.Source{Workspace: c.Workspace, Name: c.Source}
	var list []told
	seen := map[string]bool{}
	for {
		webhooks, err := j.Webhooks(now, source, after, 1000)
		if err != nil && !errors.Is(err, context.Canceled) {
			return nil, err
		}
		if len(webhooks) == 0 {
			break
		}
		after = webhooks[len(webhooks)-1].Seq
		list = gather(list, seen, webhooks, c.ID)
	}
	return replay(rules, c, list), ctx.Err()
}
