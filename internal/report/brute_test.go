package report

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// A fact is one thing that a figure counts or measures. It is found by looking
// at all events of a conversation at once, as the definitions have it.
type fact struct {
	what            string
	at              time.Time
	source, channel string
	agent           string // source, kind and id; "" is none
	took            int64  // milliseconds
}

// agentOf names the agent of an event; messages that are not marked as a bot's
// are a person's.
func agentOf(e *livechat.Event) string {
	if e.Properties.AgentID == "" {
		return ""
	}
	return e.Context.LiveChat.Source + " " + kindOf(e) + " " + e.Properties.AgentID
}

func kindOf(e *livechat.Event) string {
	if e.Context.LiveChat.AgentType == "bot" {
		return "bot"
	}
	return "person"
}

// facts are all that there are in calls, in whatever order and however often
// they are told.
func facts(calls []journal.Event) (all []fact) {
	threads := map[string][]*livechat.Event{}
	known := map[string]bool{}
	for _, c := range calls {
		if c.Name == "identify" || known[c.MessageID] {
			continue
		}
		known[c.MessageID] = true
		var e livechat.Event
		if err := json.Unmarshal(c.JSON, &e); err != nil {
			panic(err)
		}
		key := c.Source + "\x00" + e.Properties.ConversationID
		threads[key] = append(threads[key], &e)
	}
	for _, list := range threads {
		slices.SortFunc(list, func(a, b *livechat.Event) int {
			return cmp.Or(a.Timestamp.Compare(b.Timestamp), cmp.Compare(slices.Index(livechat.Kinds(), a.Kind), slices.Index(livechat.Kinds(), b.Kind)),
				strings.Compare(a.MessageID, b.MessageID))
		})
		for _, session := range split(list, func(before []*livechat.Event, e *livechat.Event) bool {
			return e.Kind == livechat.Started && slices.ContainsFunc(before, func(b *livechat.Event) bool { return b.Kind == livechat.Started })
		}) {
			all = append(all, sessionFacts(session)...)
		}
	}
	return all
}

// split cuts a list before each element at which cut says so.
func split(list []*livechat.Event, cut func(before []*livechat.Event, e *livechat.Event) bool) (parts [][]*livechat.Event) {
	var part []*livechat.Event
	for _, e := range list {
		if len(part) > 0 && cut(part, e) {
			parts = append(parts, part)
			part = nil
		}
		part = append(part, e)
	}
	return append(parts, part)
}

func of(what string, at, by *livechat.Event, agent string) fact {
	return fact{what: what, at: at.Timestamp, source: by.Context.LiveChat.Source, channel: by.Context.LiveChat.Channel, agent: agent}
}

func took(what string, from, to *livechat.Event) fact {
	f := of(what, from, to, agentOf(to))
	f.took = to.Timestamp.Sub(from.Timestamp).Milliseconds()
	return f
}

// sessionFacts are those of one conversation from its start.
func sessionFacts(list []*livechat.Event) (all []fact) {
	var start *livechat.Event
	for _, e := range list {
		if e.Kind == livechat.Started {
			start = e
		}
	}
	// The Sent that tells the Started's message again is no other message.
	list = slices.DeleteFunc(list, func(e *livechat.Event) bool {
		return e.Kind == livechat.Sent && start != nil && e.Timestamp.Equal(start.Timestamp) && e.Properties.MessageID == start.Properties.MessageID
	})
	last := list[len(list)-1]
	var said, ends []*livechat.Event
	for _, e := range list {
		switch e.Kind {
		case livechat.Ended:
			ends = append(ends, e)
			all = append(all, of("closings", e, e, agentOf(e)))
			continue
		case livechat.Started:
			all = append(all, of("started", e, e, agentOf(e)), of("sent", e, e, agentOf(e)))
		case livechat.Sent:
			all = append(all, of("sent", e, e, agentOf(e)))
		case livechat.Received:
			if kindOf(e) == "bot" {
				all = append(all, of("bot_received", e, e, agentOf(e)))
			} else {
				all = append(all, of("received", e, e, agentOf(e)))
			}
		}
		said = append(said, e)
	}
	all = append(all, saidFacts(said)...)
	for i, leg := range split(list, func(before []*livechat.Event, _ *livechat.Event) bool {
		return before[len(before)-1].Kind == livechat.Ended
	}) {
		all = append(all, legFacts(leg, i > 0)...)
	}
	if len(ends) == 0 {
		return all
	}
	for _, d := range []struct {
		what string
		end  *livechat.Event
	}{{"first_duration", ends[0]}, {"duration", ends[len(ends)-1]}} {
		f := of(d.what, d.end, last, agentOf(d.end))
		f.took = d.end.Properties.ConversationDuration * 1000
		all = append(all, f)
	}
	answered := slices.ContainsFunc(said, func(e *livechat.Event) bool { return e.Kind == livechat.Received })
	if !answered {
		all = append(all, of("missed", ends[0], last, ""))
	}
	if last.Kind == livechat.Ended && len(said) > 0 && said[len(said)-1].Kind != livechat.Received {
		all = append(all, of("dropped", ends[0], last, ""))
	}
	return all
}

// saidFacts are those about who wrote when.
func saidFacts(said []*livechat.Event) (all []fact) {
	seen := map[string]bool{}
	once := func(key string, f fact) {
		if !seen[key] {
			seen[key] = true
			all = append(all, f)
		}
	}
	previous := ""
	for i, e := range said {
		if i == 0 {
			first := "customer_first"
			if e.Kind == livechat.Received {
				first = map[string]string{"person": "agent_first", "bot": "bot_first"}[kindOf(e)]
			}
			all = append(all, of(first, e, e, agentOf(e)))
		}
		q := e.Timestamp.Truncate(quarter).String()
		once(q, of("active", e, e, ""))
		agent := agentOf(e)
		if e.Kind != livechat.Received || agent == "" {
			continue
		}
		handled, active := of("handled", e, e, agent), of("agent active", e, e, agent)
		once(agent, handled)
		once(agent+q, active)
		if kindOf(e) == "person" {
			if previous != "" && previous != agent {
				all = append(all, of("transfers", e, e, agent))
			}
			previous = agent
		}
	}
	return all
}

// legFacts are those about answers, of a conversation up to its end, or from
// one to the next.
func legFacts(leg []*livechat.Event, reopened bool) (all []fact) {
	asked := func(e *livechat.Event) bool { return e.Kind == livechat.Started || e.Kind == livechat.Sent }
	person := func(e *livechat.Event) bool { return e.Kind == livechat.Received && kindOf(e) == "person" }
	bot := func(e *livechat.Event) bool { return e.Kind == livechat.Received && kindOf(e) == "bot" }
	for i, e := range leg {
		opens := e.Kind == livechat.Started || reopened && e.Kind == livechat.Sent
		if !opens {
			continue
		}
		all = append(all, of("waits", e, e, agentOf(e)))
		if e.Kind == livechat.Sent {
			all = append(all, of("reopened", e, e, agentOf(e)))
		}
		if a := slices.IndexFunc(leg[i:], person); a > 0 {
			all = append(all, took("first_response", e, leg[i+a]))
		}
		if a := slices.IndexFunc(leg[i:], bot); a > 0 {
			all = append(all, took("first_bot_response", e, leg[i+a]))
		}
		break
	}
	answers := func(what string, by func(*livechat.Event) bool, stops func(*livechat.Event) bool) {
		for i, e := range leg {
			if !by(e) {
				continue
			}
			from := 0
			for j := i - 1; j >= 0; j-- {
				if stops(leg[j]) {
					from = j + 1
					break
				}
			}
			if j := slices.IndexFunc(leg[from:i], asked); j >= 0 {
				all = append(all, took(what, leg[from+j], e))
			}
		}
	}
	answers("response", person, person)
	answers("bot_response", bot, func(e *livechat.Event) bool { return e.Kind == livechat.Received })
	return all
}

// figuresOf recomputes figures from facts alone.
func figuresOf(all []fact) (f Figures) {
	count := func(what string) (n int64) {
		for _, x := range all {
			if x.what == what {
				n++
			}
		}
		return n
	}
	f.Started, f.Closings, f.Reopened, f.Sent, f.Received, f.BotReceived = count("started"), count("closings"), count("reopened"), count("sent"), count("received"), count("bot_received")
	f.CustomerFirst, f.AgentFirst, f.BotFirst, f.Transfers = count("customer_first"), count("agent_first"), count("bot_first"), count("transfers")
	f.Missed, f.Dropped, f.Waits, f.Handled = count("missed"), count("dropped"), count("waits"), count("handled")
	f.FirstResponse, f.FirstBotResponse, f.Response, f.BotResponse = timesOf(all, "first_response"), timesOf(all, "first_bot_response"), timesOf(all, "response"), timesOf(all, "bot_response")
	f.Duration, f.FirstDuration = timesOf(all, "duration"), timesOf(all, "first_duration")
	busy := map[time.Time]int64{}
	for _, x := range all {
		if x.what == "active" {
			busy[x.at.Truncate(quarter)]++
		}
	}
	for _, n := range busy {
		f.Concurrency.Quarters++
		f.Concurrency.Mean += float64(n)
		f.Concurrency.Most = max(f.Concurrency.Most, n)
	}
	if f.Concurrency.Quarters > 0 {
		f.Concurrency.Mean /= float64(f.Concurrency.Quarters)
	}
	return f
}

// timesOf are exact, but for what archive.Bucket says of how exactly they are
// kept.
func timesOf(all []fact, what string) (t Times) {
	var list []int64
	var sum int64
	for _, x := range all {
		if x.what == what {
			list = append(list, x.took)
			sum += x.took
		}
	}
	if len(list) == 0 {
		return t
	}
	slices.Sort(list)
	rank := func(p float64) float64 {
		v := list[int(math.Ceil(p*float64(len(list))))-1]
		return archive.BucketMiddle(archive.Bucket(v)) / 1000
	}
	t = Times{Count: int64(len(list)), Mean: float64(sum) / float64(len(list)) / 1000, Median: rank(0.5), P90: rank(0.9), P99: rank(0.99), Spread: make([]int64, len(Edges)+1)}
	for _, v := range list {
		i := 0
		for i < len(Edges) && float64(archive.BucketFrom(archive.Bucket(v))) >= Edges[i]*1000 {
			i++
		}
		t.Spread[i]++
	}
	return t
}
