package trace_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/engine"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/internal/trace"
	"github.com/parlance-chat/parlance/livechat"
)

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// said is a webhook with one message.
func said(id string, by conversation.Author, after time.Duration) *journal.Webhook {
	return &journal.Webhook{Workspace: "default", Source: "support", Body: []byte(`{"id":"` + id + `"}`), Activities: []conversation.Activity{{
		ID: id, Type: conversation.Message, Conversation: "17", Time: morning.Add(after), By: by, Message: conversation.Text{ID: id, Body: "text of " + id},
		Agent: conversation.Agent{ID: "7"}, Customer: conversation.Person{ContactID: "c"}}}}
}

// derived returns a journal in which the engine has applied the webhooks, and
// the events that it holds then.
func derived(t *testing.T, want int, webhooks ...*journal.Webhook) (journal.Journal, []journal.Event) {
	t.Helper()
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(t.Context(), webhooks...); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- engine.Run(ctx, engine.Options{Journal: j, Source: func(workspace, source string) engine.Source {
			o, r := rules(workspace, source)
			return engine.Source{Origin: o, Rules: r}
		}, Log: slog.New(slog.DiscardHandler), Metrics: engine.NewMetrics(prometheus.NewRegistry())})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		j.Close()
	})
	var events []journal.Event
	for len(events) < want {
		var after journal.Seq
		if n := len(events); n > 0 {
			after = events[n-1].Seq
		}
		more, err := j.Events(t.Context(), "default", after, 100)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, more...)
	}
	return j, events
}

func rules(workspace, source string) (conversation.Origin, conversation.Rules) {
	return conversation.Origin{Workspace: workspace, Source: source, Tool: "chatwoot"}, conversation.Rules{}
}

func TestEvent(t *testing.T) {
	other := said("x", conversation.Customer, time.Second)
	other.Activities[0].Conversation = "18"
	first := said("m1", conversation.Customer, 0)
	second := said("m2", conversation.HumanAgent, 45*time.Second)
	j, events := derived(t, 5, first, other, second)
	var received journal.Event
	for _, e := range events {
		if e.Name == string(livechat.Received) {
			received = e
		}
	}
	c, err := trace.Event(t.Context(), j, rules, "default", received.Seq)
	if err != nil {
		t.Fatal(err)
	}
	if c.Webhook.Seq != second.Seq || string(c.Webhook.Body) != `{"id":"m2"}` || c.Partial {
		t.Errorf("webhook: got %+v", c.Webhook)
	}
	if len(c.Steps) != 1 {
		t.Fatalf("got %d steps, want that of m2", len(c.Steps))
	}
	s := c.Steps[0]
	if s.Before.Last.ID != "m1" || s.After.Last.ID != "m2" || !s.Before.Started || s.After.Duration != 45 {
		t.Errorf("states: got %+v, then %+v", s.Before, s.After)
	}
	if len(s.Events) != 1 || s.Events[0].MessageID != received.MessageID {
		t.Errorf("events: got %+v, want the very one", s.Events)
	}
}

func TestNoEvent(t *testing.T) {
	j, events := derived(t, 2, said("m1", conversation.Customer, 0))
	for _, at := range []journal.Seq{-1, 0, events[1].Seq + 1} {
		if _, err := trace.Event(t.Context(), j, rules, "default", at); !errors.Is(err, trace.ErrNone) {
			t.Errorf("at %d: got %v", at, err)
		}
	}
	if _, err := trace.Event(t.Context(), j, rules, "acme", events[0].Seq); !errors.Is(err, trace.ErrNone) {
		t.Errorf("of another workspace: got %v", err)
	}
}
