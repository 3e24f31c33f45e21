// Package destinationtest holds what every destination must pass.
package destinationtest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

// A Harness is a destination and its receiver.
type Harness struct {
	Type destination.Type
	// Settings returns settings with which a destination hands calls to the
	// receiver.
	Settings func(t *testing.T) any
	// Received returns the calls that the receiver has, in order.
	Received func(t *testing.T) []string
}

// Test checks a destination whose receiver takes everything.
func Test(t *testing.T, h Harness) {
	if h.Type.Name == "" || h.Type.Title == "" || h.Type.Settings() == h.Type.Settings() && reflect.TypeOf(h.Type.Settings()).Elem().Size() > 0 {
		t.Errorf("type: got %+v, want a name, a title, and new settings at each call", h.Type)
	}
	if checked, ok := h.Type.Settings().(interface{ Check() error }); ok && checked.Check() == nil {
		t.Error("the defaults alone are right, and say nothing of where to send")
	}
	d, err := h.Type.Open(h.Settings(t))
	if err != nil {
		t.Fatal(err)
	}
	limits := d.Limits()
	if limits.Calls < 0 || limits.Bytes < 0 || limits.CallBytes < 0 || limits.Bytes > 0 && limits.CallBytes > limits.Bytes {
		t.Errorf("limits: got %+v", limits)
	}
	var want []string
	for attempt := range 5 {
		now := time.Date(2026, 3, 2, 9, 0, attempt, 0, time.UTC)
		var told tales
		a := destination.Attempt{SentAt: now, Retry: attempt % 2, Tell: told.add}
		for n := range attempt*attempt + 1 {
			id := fmt.Sprintf("%d.%d", attempt, n)
			call := fmt.Sprintf(`{"type":"track","userId":"u","event":"Order \u00e9","messageId":%q,"sentAt":%q}`, id, now.Format(time.RFC3339))
			a.Calls = append(a.Calls, destination.Call{MessageID: id, Conversation: "17", JSON: []byte(call)})
			want = append(want, call)
		}
		if err := d.Send(t.Context(), a); err != nil {
			t.Fatal(err)
		}
		told.check(t, "Order")
		// Once Send returns, the receiver has them.
		if got := h.Received(t); !slices.Equal(got, want) {
			t.Fatalf("after attempt %d: got\n%q\nwant\n%q", attempt, got, want)
		}
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// tales are the exchanges that a destination told of.
type tales struct {
	mu   sync.Mutex // guards the field below
	list []destination.Exchange
}

func (l *tales) add(e destination.Exchange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, e)
}

// check says what is wrong with the exchanges. Nothing secret may be in them,
// and nothing of what people wrote.
func (l *tales) check(t *testing.T, secrets ...string) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) == 0 {
		t.Error("no exchange was told of, so that nobody sees what was asked")
	}
	for _, e := range l.list {
		if e.Request == "" {
			t.Errorf("got %+v, which says nothing of what was asked", e)
		}
		for _, s := range secrets {
			if s != "" && strings.Contains(e.Request+e.Response, s) {
				t.Error("an exchange has in it what it must not")
			}
		}
	}
}
