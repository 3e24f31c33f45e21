package console

import (
	"context"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/live"
)

// taking is a journal that takes whatever comes.
type taking struct{ journal.Journal }

func (taking) Append(context.Context, ...*journal.Webhook) error { return nil }

// What passes in a minute is what happened in it: neither what was imported nor
// that the gateway has just begun makes it more.
func TestRates(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		hooks int // each a tenth of a second after the one before, the last now
		ago   time.Duration
		want  float64
	}{
		"three":                {3, 0, 3},
		"a month before":       {300, 30 * 24 * time.Hour, 0},
		"more than memory has": {1000, 0, 600},
	} {
		hub := &live.Hub{}
		in := live.Watched{Journal: taking{}, Hub: hub}
		for i := range tt.hooks {
			at := now.Add(-time.Duration(tt.hooks-1-i) * 100 * time.Millisecond)
			if err := in.Append(t.Context(), &journal.Webhook{Workspace: "default", ReceivedAt: at, Activities: []conversation.Activity{{Time: at.Add(-tt.ago)}}}); err != nil {
				t.Fatal(err)
			}
		}
		c := &Console{o: Options{Hub: hub}}
		for _, r := range c.rates("default", now)[:2] {
			if r.PerMinute < tt.want*0.97 || r.PerMinute > tt.want*1.03 {
				t.Errorf("%s: got %.1f of %s a minute, want %.0f", name, r.PerMinute, r.Kind, tt.want)
			}
		}
	}
}
