package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A pinned journal tells one time of everything, an hour ahead: the wall clock
// went back, and the journal's times wait for it.
type pinned struct {
	journal.Journal
	at time.Time
}

func (p *pinned) Webhooks(ctx context.Context, s journal.Source, after journal.Seq, limit int) ([]journal.Webhook, error) {
	list, err := p.Journal.Webhooks(ctx, s, after, limit)
	for i := range list {
		list[i].ReceivedAt = p.at
	}
	return list, err
}

// A clock that goes back neither holds anything up nor cuts the settle time.
func TestClockGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer start(&pinned{j, time.Now().Add(time.Hour)})()
		receive(t, j, message(2, conversation.HumanAgent, 45))
		time.Sleep(settle / 2)
		receive(t, j, message(1, conversation.Customer, 0))
		time.Sleep(settle)
		synctest.Wait()
		want := []string{"Started 1 0s", "Sent 1 0s", "Received 2 45s"}
		if got := names(told(t, j)); !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// A slow journal takes a second to commit anything of the default workspace.
type slow struct{ journal.Journal }

func (s *slow) Commit(ctx context.Context, of journal.Source, applied []journal.Applied, upTo journal.Seq) error {
	if of.Workspace == "default" {
		time.Sleep(time.Second)
	}
	return s.Journal.Commit(ctx, of, applied, upTo)
}

// Promise 4: however much one tenant has before it, another's events come as
// if it were alone.
func TestFloodDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := openJournal(t, t.TempDir())
		defer j.Close()
		defer start(&slow{j})()
		const flood = 20 * perCommit
		list := make([]conversation.Activity, flood)
		for n := range list {
			list[n] = message(n, conversation.Customer, n)
			list[n].Conversation = fmt.Sprint(n)
		}
		for part := range slices.Chunk(list, 500) {
			receive(t, j, part...)
		}
		time.Sleep(settle + time.Second)
		other := &journal.Webhook{Workspace: "acme", Source: "support", Activities: []conversation.Activity{message(1, conversation.Customer, 0)}}
		if err := j.Append(t.Context(), other); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if _, err := j.Events(ctx, "acme", 0, 1); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > settle+time.Second {
			t.Errorf("another tenant's event: got it after %v, want it after the settle time", took)
		}
		if n := len(told(t, j)); n >= 2*flood {
			t.Errorf("got %d events of the flood meanwhile: it was none", n)
		}
	})
}

// A flaky journal fails some of its steps: some before they happen, some after.
type flaky struct {
	journal.Journal
	random *rand.Rand
}

var errFlaky = errors.New("flaky")

func (f *flaky) fails() (before, after bool) { return f.random.IntN(4) == 0, f.random.IntN(4) == 0 }

func (f *flaky) Load(ctx context.Context, c journal.Conversation, activities []string) ([]byte, []bool, error) {
	if before, _ := f.fails(); before {
		return nil, nil, errFlaky
	}
	return f.Journal.Load(ctx, c, activities)
}

func (f *flaky) Webhooks(ctx context.Context, s journal.Source, after journal.Seq, limit int) ([]journal.Webhook, error) {
	if before, _ := f.fails(); before {
		return nil, errFlaky
	}
	return f.Journal.Webhooks(ctx, s, after, limit)
}

func (f *flaky) Wakes(ctx context.Context, s journal.Source, limit int) ([]journal.Wake, error) {
	if before, _ := f.fails(); before {
		return nil, errFlaky
	}
	return f.Journal.Wakes(ctx, s, limit)
}

func (f *flaky) Commit(ctx context.Context, s journal.Source, applied []journal.Applied, upTo journal.Seq) error {
	before, after := f.fails()
	if before {
		return errFlaky
	}
	if err := f.Journal.Commit(ctx, s, applied, upTo); err != nil {
		return err
	}
	if after {
		return errFlaky
	}
	return nil
}

// Every step of the engine is broken twice: it failed, and it failed but
// happened. Nothing is lost, and nothing told twice.
func TestFailingJournal(t *testing.T) {
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			j := openJournal(t, t.TempDir())
			defer j.Close()
			defer start(&flaky{j, rand.New(rand.NewPCG(seed, 0))})()
			for n := range 20 {
				n ^= 1 // each pair the wrong way round
				receive(t, j, message(n, conversation.Customer, n))
				time.Sleep(300 * time.Millisecond)
			}
			time.Sleep(10 * time.Minute)
			synctest.Wait()
			got := names(told(t, j))
			want := []string{"Started 0 0s"}
			for n := range 20 {
				want = append(want, fmt.Sprintf("Sent %d %ds", n, n))
			}
			if !slices.Equal(got, want) {
				t.Errorf("seed %d: got %v, want %v", seed, got, want)
			}
		})
	}
}
