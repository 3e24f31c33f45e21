package doctor

import (
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/control"
)

// check compares a finding's level and parts of what it says.
func check(t *testing.T, found []destination.Finding, want ...string) {
	t.Helper()
	if len(found) != len(want) {
		t.Errorf("got %d findings, want %d: %+v", len(found), len(want), found)
		return
	}
	for i, f := range found {
		line := f.Level.String() + " " + f.Text + " → " + f.Do
		for part := range strings.SplitSeq(want[i], " … ") {
			if !strings.Contains(line, part) {
				t.Errorf("got %q, want %q", line, part)
			}
		}
	}
}

func TestDelivering(t *testing.T) {
	segment := func(d control.Destination) control.Destination {
		d.Workspace, d.Name = "default", "segment"
		return d
	}
	check(t, Delivering(segment(control.Destination{State: "ok"}), true), "good … every event")
	check(t, Delivering(segment(control.Destination{State: "ok", LagEvents: 3, LagSeconds: 5}), true))
	check(t, Delivering(segment(control.Destination{State: "ok", LagEvents: 3, LagSeconds: 7200}), true), "warning … 3 events wait, the oldest for 2 hours")
	check(t, Delivering(segment(control.Destination{State: "paused", Trouble: "401", LagEvents: 1, LagSeconds: 90}), true),
		"problem … paused it: 401; 1 event waits, the oldest for 90 seconds … parlance resume segment")
	check(t, Delivering(segment(control.Destination{State: "backing off", Trouble: "answered 503", LagEvents: 1}), true), "warning … the last attempt failed: answered 503")
	check(t, Delivering(segment(control.Destination{State: "held", Paused: &control.Pause{By: "ada", Reason: "moving"}}), true), "warning … paused by ada … (moving)")
	check(t, Delivering(segment(control.Destination{State: "stopped", LagEvents: 4, LagSeconds: 60}), false), "problem … no gateway runs … parlance serve")
	check(t, Delivering(segment(control.Destination{State: "stopped"}), false))
	acme := control.Destination{Workspace: "acme", Name: "segment", State: "ok", Parked: 2}
	check(t, Delivering(acme, true), "good", "warning … 2 calls … parlance parked -d segment -w acme")
}

func TestTelling(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	const at = "https://chats.example.com/in/support"
	check(t, Telling(control.Source{}, at, now), "warning … nothing is kept … "+at)
	check(t, Telling(control.Source{LastWebhook: now.Add(-5 * time.Minute)}, at, now), "good … 5 minutes ago")
	check(t, Telling(control.Source{LastWebhook: now.Add(-5 * 24 * time.Hour), Unreadable: 1, Workspace: "default"}, at, now), "warning … 5 days ago … "+at, "warning … 1 webhook … parlance unreadable says")
	// Strangers try too; but where nothing else comes, it is the secret.
	check(t, Telling(control.Source{LastWebhook: now, Refused: 3}, at, now), "good … just now", "warning … 3 requests refused")
	check(t, Telling(control.Source{Refused: 1}, at, now), "warning", "problem … 1 request refused … secret")
}

func TestCountedTwice(t *testing.T) {
	types := map[string]string{"site": "tracking", "support": "chatwoot", "sales": "chatwoot", "intercom": "intercom", "shop": "olark"}
	twice := CountedTwice([]control.Chatting{
		{Source: "support", Events: 90, Shared: map[string]int{"site": 2, "intercom": 5}},
		{Source: "site", Events: 14, Integrations: []string{"Olark"}, Shared: map[string]int{"support": 2}},
		{Source: "intercom", Events: 3, Shared: map[string]int{"support": 5}}, // its ids may be the same by chance
		{Source: "shop", Events: 1},
	}, types)
	check(t, twice["site"], "warning … 14 events … (Olark), and the source support … 2 conversations within a day … Record Live Chat Events", "warning … the source shop")
	check(t, twice["intercom"])
	check(t, twice["support"])
	twice = CountedTwice([]control.Chatting{{Source: "support", Shared: map[string]int{"sales": 7}}, {Source: "sales", Shared: map[string]int{"support": 7}}}, types)
	check(t, twice["support"], "warning … the source sales … 7 conversations")
}
