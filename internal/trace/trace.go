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
	source := journal.Source{Workspace: hook.Workspace, Name: hook.Source}
	own := map[string]bool{}
	for _, a := range hook.Activities {
		own[a.ID] = a.Conversation == id
	}
	first := max(0, hook.Seq-reach)
	activities, err := activities(ctx, j, source, id, first, hook.Seq)
	if err != nil {
		return nil, false, err
	}
	origin, r := rules(hook.Workspace, hook.Source)
	var s conversation.State
	for _, a := range activities {
		after, o := conversation.Step(origin, r, s, a)
		if own[a.ID] {
			out = append(out, Step{Activity: a, Before: s, After: after, Events: o.Events})
		}
		s = after
	}
	return out, first > 0, nil
}

// activities returns those of a conversation in webhooks after one position, up
// to another, each once and in the order of the engine.
func activities(ctx context.Context, j Journal, source journal.Source, id string, after, upTo journal.Seq) (list []conversation.Activity, err error) {
	seen := map[string]bool{}
	for after < upTo {
		webhooks, err := j.Webhooks(ctx, source, after, 1000)
		if err != nil {
			return nil, err
		}
		for _, w := range webhooks {
			if after = w.Seq; w.Seq > upTo {
				break
			}
			for _, a := range w.Activities {
				if a.Conversation == id && !seen[a.ID] {
					seen[a.ID] = true
					list = append(list, a)
				}
			}
		}
	}
	slices.SortStableFunc(list, conversation.Compare)
	return list, nil
}
