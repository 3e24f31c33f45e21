package report

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// A log is a log of events in memory.
type log []journal.Event

func (l log) Events(_ context.Context, _ string, after journal.Seq, limit int) ([]journal.Event, error) {
	return l[after:min(len(l), int(after)+limit)], nil
}

func (l log) End(context.Context, string) (journal.Seq, error) { return journal.Seq(len(l)), nil }

// append adds events to the log, whether or not they are there already.
func (l *log) append(events ...journal.Event) {
	for _, e := range events {
		e.Seq = journal.Seq(len(*l) + 1)
		*l = append(*l, e)
	}
}

// Around this moment clocks were put forward in Berlin, and back at Lord Howe
// a week later.
var spring = time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC)

var sources = []string{"shop", "desk"}

// drawEvents plays conversations through the state machine.
func drawEvents(t *rapid.T) (list []journal.Event) {
	for n := range rapid.IntRange(1, 6).Draw(t, "conversations") {
		source := rapid.SampledFrom(sources).Draw(t, "source")
		rules := conversation.Rules{
			FirstMessage: rapid.SampledFrom([]conversation.FirstMessage{conversation.StartedAndSent, conversation.StartedOnly}).Draw(t, "first_message"),
			Reopen:       rapid.SampledFrom([]conversation.Reopen{conversation.Continue, conversation.Restart}).Draw(t, "reopen"),
			Automation:   rapid.SampledFrom([]conversation.Voice{conversation.Drop, conversation.Include}).Draw(t, "automation"),
			Identify:     rapid.Bool().Draw(t, "identify"),
			Inactivity:   rapid.SampledFrom([]time.Duration{0, 0, time.Hour}).Draw(t, "inactivity"), InactivityEnd: rapid.Bool().Draw(t, "inactivity_end"),
		}
		var s conversation.State
		at := spring.Add(time.Duration(rapid.IntRange(-10*24*60, 10*24*60).Draw(t, "minutes")) * time.Minute)
		for i := range rapid.IntRange(1, 14).Draw(t, "length") {
			at = at.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 90, 4_000, 61_000, 1_000_000, 20_000_000, 90_000_000, -50_000}).Draw(t, "ms")) * time.Millisecond)
			a := conversation.Activity{
				ID: fmt.Sprint(i), Conversation: fmt.Sprint(n), Time: at,
				Type:     rapid.SampledFrom([]conversation.Type{conversation.Message, conversation.Message, conversation.Message, conversation.Closed}).Draw(t, "type"),
				By:       rapid.SampledFrom([]conversation.Author{conversation.Customer, conversation.Customer, conversation.HumanAgent, conversation.HumanAgent, conversation.Bot, conversation.Company, conversation.Automation}).Draw(t, "by"),
				Agent:    conversation.Agent{ID: rapid.SampledFrom([]string{"7", "8", "9", ""}).Draw(t, "agent")},
				Customer: conversation.Person{ContactID: rapid.SampledFrom([]string{"", "c1"}).Draw(t, "contact"), UserID: rapid.SampledFrom([]string{"", "u1"}).Draw(t, "user")},
				Channel:  rapid.SampledFrom([]string{"", "", "", "chat", "messaging"}).Draw(t, "channel"),
			}
			if a.Type == conversation.Message {
				a.Message = conversation.Text{ID: fmt.Sprint("m", i), Body: "hello"}
			}
			var o conversation.Output
			s, o = conversation.Step(conversation.Origin{Workspace: "default", Source: source, Tool: "chatwoot"}, rules, s, a)
			list = append(list, calls(t, source, a.Conversation, o)...)
		}
	}
	return list
}

// calls writes what was told as the journal keeps it.
func calls(t *rapid.T, source, conversation string, o conversation.Output) (list []journal.Event) {
	add := func(name, id string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, journal.Event{Workspace: "default", Source: source, Conversation: conversation, Name: name, MessageID: id, JSON: b, At: spring})
	}
	if o.Identify != nil {
		add("identify", o.Identify.MessageID, o.Identify)
	}
	for _, e := range o.Events {
		add(string(e.Kind), e.MessageID, e)
	}
	return list
}

var zones = []string{"UTC", "Europe/Berlin", "Asia/Kolkata", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe", "America/Los_Angeles"}

func drawQuery(t *rapid.T) Query {
	zone, err := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
	if err != nil {
		t.Fatal(err)
	}
	q := Query{
		Workspace: "default", Zone: zone, By: rapid.SampledFrom([]Unit{"", Hour, Day, Week, Month}).Draw(t, "by"),
		Sources:  rapid.SampledFrom([][]string{nil, nil, {"shop"}, {"shop", "desk"}, {"none"}}).Draw(t, "sources"),
		Channels: rapid.SampledFrom([][]string{nil, nil, {"chat"}, {"messaging", ""}}).Draw(t, "channels"),
		Weekdays: rapid.SampledFrom([][]time.Weekday{nil, nil, {time.Sunday}, {time.Monday, time.Tuesday}}).Draw(t, "weekdays"),
	}
	if rapid.Bool().Draw(t, "whole days") {
		q.Since = time.Date(2026, 3, rapid.IntRange(1, 31).Draw(t, "day"), 0, 0, 0, 0, zone)
		q.Until = q.Since.AddDate(0, 0, rapid.IntRange(1, 20).Draw(t, "days"))
	} else {
		q.Since = spring.Add(time.Duration(rapid.IntRange(-900, 900).Draw(t, "since")) * quarter)
		q.Until = q.Since.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "length")) * quarter)
	}
	return q
}

// want recomputes the answer from the events alone.
func want(q Query, all []fact, agents []archive.Agent) (o Overview) {
	between := func(since, until time.Time) (list []fact) {
		for _, f := range all {
			named := slices.ContainsFunc(agents, func(a archive.Agent) bool { return slices.Contains(q.Agents, a.Key) && f.agent == nameOf(a) })
			if f.at.Before(since) || !f.at.Before(until) ||
				q.Sources != nil && !slices.Contains(q.Sources, f.source) || q.Channels != nil && !slices.Contains(q.Channels, f.channel) ||
				q.Weekdays != nil && !slices.Contains(q.Weekdays, f.at.In(q.Zone).Weekday()) || len(q.Agents) > 0 && !named {
				continue
			}
			switch f.what {
			case "handled":
				if len(q.Agents) == 0 {
					continue
				}
			case "agent active":
				if len(q.Agents) == 0 {
					continue
				}
				f.what = "active"
			}
			list = append(list, f)
		}
		return list
	}
	o.Since, o.Until = q.Since.In(q.Zone), q.Until.In(q.Zone)
	o.BeforeSince, o.BeforeUntil = q.before()
	mine := between(q.Since, q.Until)
	o.Figures, o.Before = figuresOf(mine), figuresOf(between(o.BeforeSince, o.BeforeUntil))
	if q.By != "" {
		for at := start(o.Since, q.By); at.Before(q.Until); at = next(at, q.By) {
			o.Series = append(o.Series, Slot{at, figuresOf(slices.DeleteFunc(slices.Clone(mine), func(f fact) bool {
				return f.at.Before(at) || !f.at.Before(next(at, q.By))
			}))})
		}
	}
	for w := range o.Heat {
		for h := range o.Heat[w] {
			f := figuresOf(slices.DeleteFunc(slices.Clone(mine), func(f fact) bool {
				local := f.at.In(q.Zone)
				return int(local.Weekday()) != w || local.Hour() != h
			}))
			f.FirstResponse.Spread = nil
			o.Heat[w][h] = Heat{Started: f.Started, Sent: f.Sent, Received: f.Received + f.BotReceived, FirstResponse: f.FirstResponse}
		}
	}
	return o
}

func nameOf(a archive.Agent) string {
	kind := "person"
	if a.Bot {
		kind = "bot"
	}
	return a.Source + " " + kind + " " + a.ID
}

// Report figures equal those recomputed by brute force from the events, on
// random histories, however they are delivered: in any order, some twice, in
// any number of sittings.
func TestFiguresAreThoseOfTheEvents(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		dir := tempDir(t)
		events := drawEvents(t)
		delivered := slices.Clone(events)
		if rapid.Bool().Draw(t, "shuffled") {
			delivered = rapid.Permutation(delivered).Draw(t, "order")
		}
		if len(events) > 0 {
			delivered = append(delivered, rapid.SliceOfN(rapid.SampledFrom(events), 0, 5).Draw(t, "again")...)
		}
		var l log
		var a *archive.Archive
		for len(delivered) > 0 {
			n := rapid.IntRange(1, len(delivered)).Draw(t, "sitting")
			l.append(delivered[:n]...)
			delivered = delivered[n:]
			if a != nil {
				close(t, a)
			}
			a = open(t, dir)
			if err := a.CatchUp(ctx, l, "default", nil); err != nil {
				t.Fatal(err)
			}
		}
		if a == nil {
			a = open(t, dir)
		}
		check(ctx, t, a, events)
		close(t, a)
		// Made anew from the log in the order in which things happened.
		if err := archive.Remove(dir); err != nil {
			t.Fatal(err)
		}
		l = nil
		l.append(events...)
		a = open(t, dir)
		defer close(t, a)
		if err := a.CatchUp(ctx, l, "default", nil); err != nil {
			t.Fatal(err)
		}
		check(ctx, t, a, events)
	})
}

// check asks something, and compares the answer with what the events say.
func check(ctx context.Context, t *rapid.T, a *archive.Archive, events []journal.Event) {
	all := facts(events)
	var agents []archive.Agent
	if err := a.View(ctx, func(r *archive.Reader) (err error) { agents, err = r.Agents("default"); return err }); err != nil {
		t.Fatal(err)
	}
	q := drawQuery(t)
	if len(agents) > 0 && rapid.Bool().Draw(t, "of agents") {
		for _, agent := range rapid.SliceOfNDistinct(rapid.SampledFrom(agents), 1, min(2, len(agents)), rapid.ID).Draw(t, "agents") {
			q.Agents = append(q.Agents, agent.Key)
		}
	}
	got, err := Read(ctx, a, q)
	if err != nil {
		t.Fatal(err)
	}
	standing := got.Now
	got.Now = Standing{}
	same(t, "overview", got, want(q, all, agents))
	if q.Sources == nil && q.Channels == nil {
		if n := openOf(events); standing != n {
			t.Fatalf("open now: got %+v, want %+v", standing, n)
		}
	}
	list, err := Agents(ctx, a, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, of := range list {
		one := q
		one.By, one.Agents = "", []int64{of.Key}
		same(t, "agent "+nameOf(of.Agent), of.Figures, want(one, all, agents).Figures)
	}
}

// openOf counts what is open after all events, by their order alone.
func openOf(events []journal.Event) (s Standing) {
	last := map[string][]livechat.Event{}
	for _, c := range events {
		var e livechat.Event
		if c.Name == "identify" || json.Unmarshal(c.JSON, &e) != nil {
			continue
		}
		key := c.Source + " " + c.Conversation
		last[key] = append(last[key], e)
	}
	for _, list := range last {
		slices.SortFunc(list, func(a, b livechat.Event) int {
			if c := a.Timestamp.Compare(b.Timestamp); c != 0 {
				return c
			}
			return slices.Index(livechat.Kinds(), a.Kind) - slices.Index(livechat.Kinds(), b.Kind)
		})
		if list[len(list)-1].Kind == livechat.Ended {
			continue
		}
		s.Open++
		for _, e := range slices.Backward(list) {
			if e.Kind == livechat.Ended || e.Kind == livechat.Received && kindOf(&e) == "person" {
				break
			}
			if e.Kind != livechat.Received {
				s.Unanswered++
				break
			}
		}
	}
	return s
}

func same(t *rapid.T, what string, got, want any) {
	g, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	w, err := json.MarshalIndent(want, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if string(g) != string(w) {
		t.Fatalf("%s: %s", what, difference(string(g), string(w)))
	}
}
