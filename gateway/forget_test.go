package gateway

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/forget"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/live"
)

// Whoever is forgotten is not shown either of what memory holds, and a dry run
// changes nothing.
func TestForgetWhatMemoryHolds(t *testing.T) {
	s, _ := setUp(t, "")
	s.g.watched.Hub.Publish(live.Record{Kind: live.Event, Workspace: "default", User: "zoe", Body: "I am Zoe"})
	replay := journal.Replay{Workspace: "default", Destination: "log", Filter: journal.Filter{User: "zoe"}, Started: time.Now()}
	if err := errors.Join(s.g.journal.AddReplay(t.Context(), &replay), s.g.journal.EndReplay(t.Context(), "default", replay.ID, true)); err != nil {
		t.Fatal(err)
	}
	for _, dry := range []bool{true, false} {
		if _, err := s.g.target().Forget(t.Context(), forget.Request{Workspace: "default", User: "zoe", DryRun: dry}); err != nil {
			t.Fatal(err)
		}
		var words strings.Builder
		for r := range s.g.watched.Hub.Look().Newest(0) {
			user, body := r.Words()
			words.WriteString(user + body)
		}
		replays, err := s.g.journal.Replays(t.Context(), "default")
		if err != nil {
			t.Fatal(err)
		}
		if kept := words.Len() > 0; kept != dry || (len(replays) > 0) != dry {
			t.Errorf("dry run %v: live shows %q, and there are %d replays", dry, words.String(), len(replays))
		}
	}
}
