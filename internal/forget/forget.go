// Package forget takes a person out of all that a gateway keeps.
package forget

import (
	"context"
	"errors"
	"fmt"

	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A Request names a person of a workspace.
type Request struct {
	Workspace string `json:"workspace"`
	// User is a userId, an anonymousId or an e-mail address.
	User   string `json:"user"`
	DryRun bool   `json:"dry_run"`
}

// A Reply says what was taken out, or would be.
type Reply struct {
	// Also known as: ids that were found to be the same person's.
	UserIDs      int `json:"user_ids"`
	AnonymousIDs int `json:"anonymous_ids"`
	Emails       int `json:"emails"`

	Conversations int `json:"conversations"` // of the person, whose both sides go
	Webhooks      int `json:"webhooks"`      // of the journal: their bodies, and what they say of the person
	Events        int `json:"events"`        // of the journal
	States        int `json:"states"`        // of conversations, and what is remembered of the person
	Parked        int `json:"parked"`        // refused calls
	Archived      int `json:"archived"`      // events in the archive
	Identifies    int `json:"identifies"`    // identify calls in the archive
	// Compacted says that the files were written anew, so that nothing is left
	// in them of what was deleted long ago.
	Compacted bool `json:"compacted"`
}

// Unknown reports whether nobody was known by what was asked for.
func (r Reply) Unknown() bool {
	r.Compacted = false
	return r == Reply{}
}

// A Journal is one from which something can be taken out.
type Journal interface {
	journal.Erasable
	Compact() error
}

// rounds bounds how often what was found is looked for in turn.
const rounds = 5

// Run takes a person out of a journal and of an archive, which may be nil. With
// compact it writes both files anew, which is for when nobody else uses them.
//
// Whoever is known by one of the person's userIds is the person; so is whoever
// is known by an anonymousId of theirs alone, or by an e-mail address that was
// told of them. A conversation with the person goes whole: what was answered is
// about them too.
func Run(ctx context.Context, j Journal, a *archive.Archive, r Request, compact bool) (reply Reply, err error) {
	if r.User == "" {
		return reply, errors.New("nobody is named: say --user ID")
	}
	p := newPerson(r.User)
	for range rounds {
		before := p.size()
		if a != nil {
			if err := a.Identities(ctx, r.Workspace, p.meet); err != nil {
				return reply, err
			}
		}
		if err := j.Erase(ctx, r.Workspace, &finder{p}, true); err != nil {
			return reply, err
		}
		if p.size() == before {
			break
		}
	}
	e := newEraser(p)
	if err := j.Erase(ctx, r.Workspace, e, r.DryRun); err != nil {
		return reply, err
	}
	reply = Reply{UserIDs: len(p.users), AnonymousIDs: len(p.anonymous), Emails: len(p.emails), Conversations: len(p.conversations),
		Webhooks: len(e.webhooks), Events: len(e.events), States: len(e.states), Parked: e.parked}
	if a != nil {
		erased, err := a.Erase(ctx, r.Workspace, p.is, p.in, r.DryRun)
		if err != nil {
			return reply, err
		}
		reply.Archived, reply.Identifies = erased.Events, erased.Identifies
		reply.Conversations = max(reply.Conversations, erased.Threads)
	}
	if r.DryRun || !compact {
		return reply, nil
	}
	if err := j.Compact(); err != nil {
		return reply, fmt.Errorf("what is deleted is deleted, but the journal could not be written anew: %w", err)
	}
	if a != nil {
		if err := a.Compact(); err != nil {
			return reply, fmt.Errorf("what is deleted is deleted, but the archive could not be written anew: %w", err)
		}
	}
	reply.Compacted = true
	return reply, nil
}
