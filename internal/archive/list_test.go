package archive

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// someTalks are conversations of two channels and three agents, some of which
// ended, were reopened, or left when the next one of their thread started.
func someTalks() (events []journal.Event) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 80 {
		id, agent, at := fmt.Sprint(100+i), fmt.Sprint(7+i%3), random.IntN(30)
		for _, kind := range []livechat.Kind{livechat.Started, livechat.Received, livechat.Ended, livechat.Sent, livechat.Received, livechat.Ended, livechat.Started, livechat.Sent, livechat.Received} {
			if kind != livechat.Started && random.IntN(2) == 0 {
				continue
			}
			at += random.IntN(40)
			e := say(id, at, kind, agent)
			if i%4 == 0 {
				e = inChannel(e, "messaging")
			}
			events = append(events, e)
		}
	}
	return events
}

func inChannel(j journal.Event, channel string) journal.Event {
	var e livechat.Event
	if err := e.UnmarshalJSON(j.JSON); err != nil {
		panic(err)
	}
	e.Context.LiveChat.Channel = channel
	return written(e)
}

// Whatever is chosen together, a list has what a look at all conversations
// finds, in order, and pages part it without a gap.
func TestFilters(t *testing.T) {
	a := openTest(t, Options{})
	for chunk := range slices.Chunk(someTalks(), 50) {
		take(t, a, chunk...)
	}
	everything, err := a.Conversations(t.Context(), Query{Workspace: "default", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	since, until := morning.Add(40*time.Minute), morning.Add(90*time.Minute)
	found := 0
	for _, q := range combinations(a, t, since, until) {
		var want []Conversation
		for _, c := range everything.Conversations {
			if chosen(q, c) {
				want = append(want, c)
			}
		}
		slices.SortFunc(want, func(a, b Conversation) int {
			x, y := sortedBy(q, a), sortedBy(q, b)
			if q.Only == OnlyUnanswered {
				return x.Compare(y)*2 + compareIDs(a, b)
			}
			return y.Compare(x)*2 + compareIDs(b, a)
		})
		var got []Conversation
		for q.After = ""; ; {
			page, err := a.Conversations(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, page.Conversations...)
			if q.After = page.Next; page.Next == "" {
				break
			}
		}
		found += len(got)
		if !slices.EqualFunc(got, want, func(a, b Conversation) bool { return a.ID == b.ID }) {
			t.Errorf("%+v: got %d conversations, want %d, or another order", q, len(got), len(want))
		}
	}
	if found == 0 {
		t.Error("nothing was found at all")
	}
}

func combinations(a *Archive, t *testing.T, since, until time.Time) (list []Query) {
	var agents []Agent
	if err := a.View(t.Context(), func(r *Reader) (err error) { agents, err = r.Agents("default"); return err }); err != nil {
		t.Fatal(err)
	}
	for _, q := range []Query{{}, {Text: "BODY OF 1"}, {User: "anonymous-117"}, {Conversation: "118"}} {
		q.Workspace, q.Limit = "default", 7
		for _, q.Agent = range []int64{0, agents[0].Key, agents[1].Key} {
			for _, q.Channels = range [][]string{nil, {"messaging"}, {"none"}} {
				for _, q.Only = range []Only{"", OnlyOpen, OnlyEnded, OnlyUnanswered} {
					for _, q.Sort = range []Sort{Newest, Recent} {
						for _, q.Since = range []time.Time{{}, since} {
							for _, q.Until = range []time.Time{{}, until} {
								list = append(list, q)
							}
						}
					}
				}
			}
		}
	}
	return list
}

func chosen(q Query, c Conversation) bool {
	at := sortedBy(q, c)
	agent := q.Agent == 0 || c.FirstAgent != nil && c.FirstAgent.Key == q.Agent
	channel := q.Channels == nil || slices.Contains(q.Channels, c.Channel)
	only := map[Only]bool{"": true, OnlyOpen: c.State == "open", OnlyEnded: c.State == "ended", OnlyUnanswered: c.State == "open" && !c.Waiting.IsZero()}[q.Only]
	named := (q.User == "" || c.AnonymousID == q.User) && (q.Conversation == "" || c.Conversation == q.Conversation)
	return agent && channel && only && named && (q.Since.IsZero() || !at.Before(q.Since)) && (q.Until.IsZero() || at.Before(q.Until))
}

func sortedBy(q Query, c Conversation) time.Time {
	switch {
	case q.Only == OnlyUnanswered:
		return c.Waiting
	case q.Sort == Recent && q.Agent == 0:
		return c.Active
	}
	return c.Opened
}

func compareIDs(a, b Conversation) int {
	if a.ID < b.ID {
		return -1
	}
	return 1
}
