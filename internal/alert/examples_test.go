package alert

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/doctable"
)

// The documentation shows each alert as it is sent: these are.
func TestExamples(t *testing.T) {
	var doc strings.Builder
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(time.Date(2026, 3, 2, 8, 59, 59, 0, time.UTC)))
		s := newScene(t)
		s.hook.Repeat = 6 * time.Hour
		s.start()
		d := s.segment()
		d.State, d.Trouble, d.LagEvents, d.LagSeconds = "paused", "paused: 401 Unauthorized; is the write key right, and the source enabled?; since 2026-03-02 09:00:00, next attempt 09:05:00", 12, 40
		s.pass(time.Minute)
		d.State, d.Trouble, d.LagEvents = "ok", "", 3
		s.pass(2 * time.Minute)
		d.LagEvents, d.LagSeconds = 20417, 1203
		s.pass(2 * time.Minute)
		d.LagEvents, d.LagSeconds = 0, 0
		s.pass(2 * time.Minute)
		d.Parked = 3
		s.pass(2 * time.Minute)
		s.status.Sources = append(s.status.Sources, control.Source{Workspace: "acme", Name: "shop", Unreadable: 1})
		s.pass(2 * time.Minute)
		s.stop()
		if got, want := strings.Join(s.heard, " "), strings.Join([]string{Paused, Resumed, Late, Recovered, Parked, Unreadable}, " "); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		test, err := NewTest(time.Now()).Body(false)
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range append(s.bodies, string(test)) {
			var b bytes.Buffer
			if err := json.Indent(&b, []byte(body), "", "  "); err != nil {
				t.Fatal(err)
			}
			doc.WriteString("\n```json\n" + b.String() + "\n```\n")
		}
	})
	doctable.Check(t, "../../docs/alerts.md", doc.String()+"\n")
}
