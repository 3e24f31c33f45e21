package conversation

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/livechat"
)

var morning = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// drawHistory makes up what may happen in one conversation, in no order.
// Times collide often.
func drawHistory(t *rapid.T) []Activity {
	history := make([]Activity, rapid.IntRange(1, 20).Draw(t, "length"))
	for i := range history {
		a := Activity{
			ID:           fmt.Sprintf("a%d", i),
			Conversation: "17",
			Time:         morning.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "seconds")) * time.Second),
			Type:         rapid.SampledFrom([]Type{Message, Message, Message, Message, Closed, Closed, Assigned, Reopened, Identified, Ending}).Draw(t, "type"),
			StartedAt:    rapid.SampledFrom([]time.Time{{}, {}, morning.Add(-time.Hour), morning}).Draw(t, "began"),
			By:           rapid.SampledFrom([]Author{Customer, Customer, HumanAgent, Bot, Company, Automation, System, ""}).Draw(t, "by"),
			Agent:        rapid.SampledFrom([]Agent{{}, {ID: "7", Name: "Ann Lee"}, {ID: "7"}, {ID: "8", Username: "bo"}}).Draw(t, "agent"),
			Customer:     rapid.SampledFrom([]Person{{}, {ContactID: "42"}, {UserID: "u1", Name: "Mia"}}).Draw(t, "customer"),
		}
		if a.Type == Message {
			a.Message = Text{ID: fmt.Sprintf("m%d", i), Body: rapid.SampledFrom([]string{"", "hello"}).Draw(t, "body")}
		}
		history[i] = a
	}
	return history
}

func drawRules(t *rapid.T) Rules {
	return Rules{
		FirstMessage: rapid.SampledFrom([]FirstMessage{StartedAndSent, StartedOnly}).Draw(t, "first_message"),
		Ended:        rapid.SampledFrom([]EndedRule{Explicit, Any}).Draw(t, "ended"),
		Reopen:       rapid.SampledFrom([]Reopen{Continue, Restart}).Draw(t, "reopen"),
		Bots:         rapid.SampledFrom([]Voice{Include, Drop}).Draw(t, "bots"),
		Automation:   rapid.SampledFrom([]Voice{Drop, Include}).Draw(t, "automation"),
		Identify:     rapid.Bool().Draw(t, "identify"),
		// Times are whole seconds up to 30, so each of these cuts some histories.
		Inactivity:    rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Second, 10 * time.Second}).Draw(t, "inactivity"),
		InactivityEnd: rapid.Bool().Draw(t, "inactivity_end"),
	}
}

// settle puts what arrived within the settle time in order, and leaves out
// what was told before.
func settle(arrived []Activity) []Activity {
	sorted := slices.Clone(arrived)
	slices.SortFunc(sorted, Compare)
	known := map[string]bool{}
	return slices.DeleteFunc(sorted, func(a Activity) bool {
		again := known[a.ID]
		known[a.ID] = true
		return again
	})
}

func outputs(r Rules, history []Activity) (all []Output) {
	var s State
	for _, a := range history {
		var o Output
		s, o = Step(Origin{Workspace: "default", Source: "support"}, r, s, a)
		all = append(all, o)
	}
	return all
}

func events(r Rules, history []Activity) (all []livechat.Event) {
	for _, o := range outputs(r, history) {
		all = append(all, o.Events...)
	}
	return all
}

// Promise 2: duplicates change nothing; any order and any repetition of the
// same webhooks within the settle time gives the same events, byte for byte.
func TestOrderAndRepetitionChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history, rules := drawHistory(t), drawRules(t)
		want, err := json.Marshal(outputs(rules, settle(history)))
		if err != nil {
			t.Fatal(err)
		}
		again := rapid.SliceOfN(rapid.SampledFrom(history), 0, 10).Draw(t, "repeated")
		arrived := rapid.Permutation(append(again, history...)).Draw(t, "arrived")
		got, err := json.Marshal(outputs(rules, settle(arrived)))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// The life of a conversation, one letter an event.
var (
	lifeRestart  = regexp.MustCompile(`^(R*S[MR]*E?)*R*$`)
	lifeContinue = regexp.MustCompile(`^R*(S[MRE]*)?$`)
	// What comes too late may follow the end that it precedes, and a silence
	// may part what an end does not.
	lifeAny = regexp.MustCompile(`^R*(S[SMRE]*)?$`)
	// What falls silent ends, but for a start of which nothing was seen.
	lifeEnds = regexp.MustCompile(`^(R*S[MR]*E)*R*$|^S$`)
)

// lifeOf returns what a life by these rules looks like, if nothing comes late.
func lifeOf(r Rules) *regexp.Regexp {
	switch {
	case r.Inactivity > 0 && (r.Reopen != Restart || !r.InactivityEnd):
		return lifeAny
	case r.Reopen == Restart:
		return lifeRestart
	}
	return lifeContinue
}

func letters(events []livechat.Event) string {
	letter := map[livechat.Kind]string{livechat.Started: "S", livechat.Sent: "M", livechat.Received: "R", livechat.Ended: "E"}
	var b strings.Builder
	for _, e := range events {
		b.WriteString(letter[e.Kind])
	}
	return b.String()
}

// life returns what becomes of history. A start before our time counts.
func life(r Rules, history []Activity) string {
	began := ""
	if first := history[0]; !first.StartedAt.IsZero() && first.Time.Sub(first.StartedAt) > late {
		began = "S"
	}
	return began + letters(events(r, history))
}

func TestLife(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		want := lifeOf(rules)
		got := life(rules, settle(drawHistory(t)))
		if !want.MatchString(got) {
			t.Errorf("got %s, want %s", got, want)
		}
		if strings.Contains(got, "EE") {
			t.Errorf("got %s: ended twice with nobody writing in between", got)
		}
	})
}

// Whatever comes, and however late: nothing precedes its Started, nothing ends
// twice, durations are never negative, never shrink after a Started, and no two
// events have one messageId.
func TestLateHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var duration int64
		ids := map[string]bool{}
		rules, history := drawRules(t), drawHistory(t)
		want := lifeOf(rules)
		if want == lifeRestart {
			want = lifeAny
		}
		if got := life(rules, history); !want.MatchString(got) || strings.Contains(got, "EE") {
			t.Errorf("got %s, want %s", got, want)
		}
		for _, e := range events(rules, history) {
			if problems := e.Validate(); len(problems) > 0 {
				t.Errorf("%s: %v", e.Kind, problems)
			}
			d := e.Properties.ConversationDuration
			// What the company writes before a Started is at 0, also in the
			// next session of the same thread.
			if before := e.Kind == livechat.Started || e.Kind == livechat.Received && d == 0; d < duration && !before {
				t.Errorf("%s: duration got %d after %d", e.Kind, d, duration)
			}
			duration = d
			if ids[e.MessageID] {
				t.Errorf("%s: messageId %s again", e.Kind, e.MessageID)
			}
			ids[e.MessageID] = true
		}
	})
}

// Whether a silence is noticed, when, and how often changes no event. In the
// end all that fell silent has ended.
func TestSilenceChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := drawRules(t)
		rules.Inactivity, rules.InactivityEnd = max(rules.Inactivity, time.Second), true
		silence := func(at time.Time) Activity {
			return Activity{Type: Silence, Conversation: "17", Time: at}
		}
		history := settle(drawHistory(t))
		history = append(history, silence(morning.Add(time.Hour)))
		var noticed []Activity
		var s State
		for _, a := range history {
			for end := Silent(rules, s); !end.IsZero() && end.Before(a.Time) && rapid.Bool().Draw(t, "noticed"); {
				at := silence(end.Add(time.Duration(rapid.Int64Range(1, int64(a.Time.Sub(end))).Draw(t, "after"))))
				noticed = append(noticed, at)
				s, _ = Step(Origin{}, rules, s, at)
			}
			noticed = append(noticed, a)
			s, _ = Step(Origin{}, rules, s, a)
		}
		got, err := json.Marshal(events(rules, noticed))
		if err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(events(rules, history))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if got := life(rules, history); rules.Reopen == Restart && !lifeEnds.MatchString(got) {
			t.Errorf("got %s, want %s", got, lifeEnds)
		}
		if end := Silent(rules, s); !end.IsZero() {
			t.Errorf("got an end at %v after the silence, want none", end)
		}
	})
}

// An activity that is told again after it was forgotten becomes the same call,
// so that the receiver knows it.
func TestForgottenActivityHasSameMessageID(t *testing.T) {
	history := []Activity{
		{ID: "1", Type: Message, By: Customer, Conversation: "17", Time: morning, Message: Text{ID: "m1"}},
		{ID: "2", Type: Message, By: HumanAgent, Conversation: "17", Time: morning.Add(time.Minute), Message: Text{ID: "m2"}},
	}
	all := events(Rules{}, append(history, history[1]))
	last, again := all[len(all)-2], all[len(all)-1]
	if last.MessageID != again.MessageID || last.Kind != again.Kind {
		t.Errorf("got %s %s, want %s %s", again.Kind, again.MessageID, last.Kind, last.MessageID)
	}
}

// TestStateSize states how small the state of a long conversation is, as it is
// stored. docs/architecture.md repeats it.
func TestStateSize(t *testing.T) {
	mode, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		t.Fatal(err)
	}
	size := func(messages int) int {
		var s State
		random := rand.New(rand.NewPCG(1, 2))
		for i := range messages {
			a := Activity{ID: fmt.Sprint(i), Type: Message, By: Customer, Conversation: "17",
				Time: morning.Add(time.Duration(i) * time.Second), Message: Text{ID: fmt.Sprint(1e6 + i), Body: strings.Repeat("word ", 20)},
				Agent: Agent{ID: "8", Name: "Bo Chen"}, Customer: Person{ContactID: "42", Name: "Mia Berg", Email: "mia@example.com"}}
			if random.IntN(2) == 0 {
				a.By, a.Agent = HumanAgent, Agent{ID: "7", Name: "Ann Lee", Username: "ann@example.com"}
			}
			s, _ = Step(Origin{}, Rules{}, s, a)
		}
		b, err := mode.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return len(b)
	}
	small, medium, large := size(10), size(1_000), size(100_000)
	t.Logf("state after 10, 1,000 and 100,000 messages: %d, %d, %d bytes", small, medium, large)
	if large > small+16 {
		t.Errorf("state grows with messages: got %d bytes after 100,000, %d after 10", large, small)
	}
}
