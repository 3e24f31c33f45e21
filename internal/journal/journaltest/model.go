package journaltest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/internal/journal"
)

// A model is what a journal should hold, in memory.
type model struct {
	webhooks map[string][]string // by workspace
	events   map[string][]string // by workspace
	states   map[journal.Conversation]string
	wakes    map[journal.Conversation]time.Time
	seen     map[string]bool        // of conversation and activity
	position map[string]journal.Seq // by workspace
}

// wakesOf returns what of a source is to be woken, by time.
func (m *model) wakesOf(s journal.Source) (list []string) {
	for c, at := range m.wakes {
		if c.Workspace == s.Workspace && c.Source == s.Name {
			list = append(list, at.Format(time.RFC3339)+" "+c.ID)
		}
	}
	slices.Sort(list)
	return list
}

// testModel does random things to a journal and to a model of it, and closes
// and opens it now and then.
func testModel(t *testing.T, open Open) {
	rapid.Check(t, func(rt *rapid.T) {
		f := &fixture{t: t, open: open, dir: t.TempDir()}
		f.Journal = open(t, f.dir)
		defer func() { f.must(f.Journal.Close()) }()
		m := model{webhooks: map[string][]string{}, position: map[string]journal.Seq{}, events: map[string][]string{}, states: map[journal.Conversation]string{}, wakes: map[journal.Conversation]time.Time{}, seen: map[string]bool{}}
		n := 0
		workspace := rapid.SampledFrom([]string{"default", "acme"})
		rt.Repeat(map[string]func(*rapid.T){
			"append": func(rt *rapid.T) {
				n++
				w := workspace.Draw(rt, "workspace")
				f.must(f.Append(t.Context(), webhook(w, fmt.Sprint(n))))
				m.webhooks[w] = append(m.webhooks[w], fmt.Sprint(n))
			},
			"commit": func(rt *rapid.T) {
				var applied []journal.Applied
				w := workspace.Draw(rt, "workspace")
				for range rapid.IntRange(0, 4).Draw(rt, "activities") {
					n++
					c := journal.Conversation{Workspace: w, Source: "support", ID: rapid.SampledFrom([]string{"1", "2", ""}).Draw(rt, "conversation")}
					a := journal.Applied{Conversation: c, Activity: fmt.Sprint(n), State: []byte(fmt.Sprint("state ", n))}
					if delete(m.wakes, c); rapid.Bool().Draw(rt, "woken") {
						a.Wake = morning.Add(time.Duration(rapid.IntRange(0, 1000).Draw(rt, "wake")*1000+n) * time.Second) // no two at once
						m.wakes[c] = a.Wake
					}
					for i := range rapid.IntRange(0, 2).Draw(rt, "events") {
						id := fmt.Sprintf("%d.%d", n, i)
						a.Events = append(a.Events, event(c.Workspace, id))
						m.events[c.Workspace] = append(m.events[c.Workspace], id)
					}
					applied = append(applied, a)
					m.states[c], m.seen[c.ID+" of "+c.Workspace+" "+a.Activity] = string(a.State), true
				}
				m.position[w]++
				f.must(f.Commit(t.Context(), journal.Source{Workspace: w, Name: "support"}, applied, m.position[w]))
			},
			"reopen": func(*rapid.T) { f.reopen() },
			"": func(rt *rapid.T) {
				for _, w := range []string{"default", "acme"} {
					s := journal.Source{Workspace: w, Name: "support"}
					f.equal("webhooks of "+w, ids(f.webhooks(s, 0, n+1)), m.webhooks[w])
					if at, err := f.Position(t.Context(), s); at != m.position[w] || err != nil {
						rt.Fatalf("position: got %d (%v), want %d", at, err, m.position[w])
					}
					f.equal("wakes of "+w, f.wakes(s, 10), m.wakesOf(s))
					f.equal("events of "+w, messageIDs(f.events(w, 0, n*2+1)), m.events[w])
				}
				for c, want := range m.states {
					activity := fmt.Sprint(rapid.IntRange(0, n).Draw(rt, "activity"))
					state, applied, err := f.Load(t.Context(), c, []string{activity})
					if string(state) != want || err != nil || applied[0] != m.seen[c.ID+" of "+c.Workspace+" "+activity] {
						rt.Fatalf("%v: got %q, %v of activity %s (%v), want %q", c, state, applied, activity, err, want)
					}
				}
			},
		})
	})
}
