package engine

import (
	"context"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// rouse finds the conversations that are to be woken, when all that arrived up
// to a time is known. Of one whose activities wait, those come first, and tell
// anew when that is.
func (e *engine) rouse(ctx context.Context, upTo time.Time) error {
	if e.next.IsZero() || e.next.After(upTo) {
		return nil
	}
	list, err := e.o.Journal.Wakes(ctx, e.source, perCommit)
	if err != nil {
		e.o.Log.Error("engine cannot read the journal", "workspace", e.source.Workspace, "source", e.source.Name, "error", err)
		return sleep(ctx, time.Second)
	}
	e.next = time.Time{}
	for _, w := range list {
		switch {
		case w.At.After(upTo):
			e.wakeBy(w.At)
			return nil
		case len(e.waiting[w.Conversation]) > 0:
			e.wakeBy(e.queue[0].due)
		default:
			e.woken = append(e.woken, &task{conversation: e.conversation(w.Conversation), woken: true})
		}
	}
	if len(list) == perCommit {
		e.wakeBy(upTo) // there may be more
	}
	return nil
}

// wakeBy notes that a conversation is to be woken then, unless that is zero.
func (e *engine) wakeBy(at time.Time) {
	if !at.IsZero() && (e.next.IsZero() || at.Before(e.next)) {
		e.next = at
	}
}

// silence is what is applied to a conversation that is woken, if its time has
// come: since it was set, its rules may have changed.
func silence(t *task, r conversation.Rules, s conversation.State) (a conversation.Activity, ok bool) {
	end := conversation.Silent(r, s)
	if !t.woken || end.IsZero() || end.After(time.Now()) {
		return a, false
	}
	return conversation.Activity{Type: conversation.Silence, Conversation: t.conversation.ID, Time: end.Add(1)}, true
}

// wake is when a conversation is to be woken. Silence counts from when the last
// message reached us, if that was later than it says, so that nothing ends amid
// what was held up or is told of long after.
func wake(t *task, r conversation.Rules, s conversation.State) time.Time {
	end := conversation.Silent(r, s)
	if end.IsZero() || t.woken {
		return end
	}
	if heard := time.Now().Add(r.Inactivity); heard.After(end) {
		return heard
	}
	return end
}

func (e *engine) conversation(id string) journal.Conversation {
	return journal.Conversation{Workspace: e.source.Workspace, Source: e.source.Name, ID: id}
}
