package journaltest

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A fixture is a journal that can be closed and opened again.
type fixture struct {
	journal.Journal
	t    *testing.T
	open Open
	dir  string
}

func start(t *testing.T, open Open) *fixture {
	f := &fixture{t: t, open: open, dir: t.TempDir()}
	f.Journal = open(t, f.dir)
	t.Cleanup(func() { f.must(f.Journal.Close()) })
	return f
}

func (f *fixture) reopen() {
	f.t.Helper()
	f.must(f.Journal.Close())
	f.Journal = f.open(f.t, f.dir)
}

func (f *fixture) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// both runs check on the journal as it is, and opened again.
func (f *fixture) both(check func()) {
	check()
	f.reopen()
	check()
}

func done() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

// now returns some of what there is.
func now[T any](f *fixture, read func(context.Context) ([]T, error)) []T {
	f.t.Helper()
	list, err := read(done())
	if err != nil && !errors.Is(err, context.Canceled) {
		f.t.Fatal(err)
	}
	if (err == nil) != (len(list) > 0) {
		f.t.Errorf("with a context that is done: got %d and %v, want something or an error", len(list), err)
	}
	return list
}

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// support is the source of most webhooks here.
var support = journal.Source{Workspace: "default", Name: "support"}

func (f *fixture) webhooks(s journal.Source, after journal.Seq, limit int) []journal.Webhook {
	f.t.Helper()
	var all []journal.Webhook
	for {
		list := now(f, func(ctx context.Context) ([]journal.Webhook, error) { return f.Webhooks(ctx, s, after, limit-len(all)) })
		if all = append(all, list...); len(list) == 0 || len(all) == limit {
			return all
		}
		after = list[len(list)-1].Seq
	}
}

func (f *fixture) events(workspace string, after journal.Seq, limit int) []journal.Event {
	f.t.Helper()
	var all []journal.Event
	for {
		list := now(f, func(ctx context.Context) ([]journal.Event, error) {
			return f.Events(ctx, workspace, after, limit-len(all))
		})
		if all = append(all, list...); len(list) == 0 || len(all) == limit {
			return all
		}
		after = list[len(list)-1].Seq
	}
}

// wakes returns what of a source is to be woken, as "TIME CONVERSATION".
func (f *fixture) wakes(s journal.Source, limit int) (list []string) {
	f.t.Helper()
	wakes, err := f.Wakes(f.t.Context(), s, limit)
	f.must(err)
	for _, w := range wakes {
		list = append(list, w.At.Format(time.RFC3339)+" "+w.Conversation)
	}
	return list
}

func webhook(workspace, id string) *journal.Webhook {
	return &journal.Webhook{Workspace: workspace, Source: "support", Body: []byte("body of " + id),
		Activities: []conversation.Activity{{ID: id, Type: conversation.Message, Conversation: "17", By: conversation.Customer,
			Time: morning.Add(123456789), Message: conversation.Text{ID: id, Body: "hello"}}}}
}

func ids(list []journal.Webhook) (ids []string) {
	for _, w := range list {
		ids = append(ids, w.Activities[0].ID)
	}
	return ids
}

func (f *fixture) equal(what string, got, want []string) {
	f.t.Helper()
	if !slices.Equal(got, want) {
		f.t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// waiting starts read, and returns its result once it has one.
func waiting[T any](f *fixture, read func(context.Context) ([]T, error)) func() ([]T, error) {
	type result struct {
		list []T
		err  error
	}
	c := make(chan result, 1)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	go func() {
		defer cancel()
		list, err := read(ctx)
		c <- result{list, err}
	}()
	return func() ([]T, error) { r := <-c; return r.list, r.err }
}
