// Package quality says how good the events are that pass through: what breaks
// the specification in the calls of others, and what chat tools leave out.
//
// It looks at the first few hundred events of each day that the journal has, so
// that it costs little however much passes.
package quality

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
	"github.com/parlance-chat/parlance/livechat/lint"
)

const (
	// Days are looked at, today among them.
	Days = 14
	// perDay is how many events of each.
	perDay = 400
	// examples are kept of each matter.
	examples = 3
)

// A Journal is what is read of one.
type Journal interface {
	Events(ctx context.Context, workspace string, after journal.Seq, limit int) ([]journal.Event, error)
	Since(ctx context.Context, workspace string, t time.Time) (journal.Seq, error)
	End(ctx context.Context, workspace string) (journal.Seq, error)
}

// A Report is what was found in a workspace.
type Report struct {
	Days    []Day    `json:"days"`    // the oldest first
	Matters []Matter `json:"matters"` // the worst first
}

// A Day is how many events were looked at.
type Day struct {
	Date   string `json:"date"` // UTC
	Looked int    `json:"looked"`
}

// A Matter is one thing about the events of one source.
type Matter struct {
	Source   string `json:"source"`
	Rule     string `json:"rule"` // of lint, or the property that is left out
	Severity string `json:"severity"`
	Text     string `json:"text"` // what it is, in plain words
	Help     string `json:"help"`
	Count    int    `json:"count"`
	Of       int    `json:"of"`      // events that could have had it
	PerDay   []int  `json:"per_day"` // as Days
	Examples []At   `json:"examples"`
}

// An At is where an event is.
type At struct {
	Seq     journal.Seq `json:"seq"`
	Problem string      `json:"problem,omitempty"` // nothing that somebody wrote
}

// Share is how many of those that could have had it did.
func (m Matter) Share() float64 { return float64(m.Count) / float64(max(m.Of, 1)) }

// Look looks at a workspace's events up to now. Those of the sources that pass
// calls of others through are judged by the specification, those of all others
// by what they leave out.
func Look(ctx context.Context, j Journal, workspace string, passing func(source string) bool, now time.Time) (Report, error) {
	l := looker{passing: passing, matters: map[[2]string]*Matter{}, of: map[[2]string]int{}}
	end, err := j.End(ctx, workspace)
	if err != nil {
		return Report{}, err
	}
	first := now.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-Days)
	for day := range Days {
		from := first.AddDate(0, 0, day)
		after, err := j.Since(ctx, workspace, from)
		if err != nil {
			return Report{}, err
		}
		events, err := read(ctx, j, workspace, after, end, from.AddDate(0, 0, 1))
		if err != nil {
			return Report{}, err
		}
		l.report.Days = append(l.report.Days, Day{from.Format(time.DateOnly), len(events)})
		if err := l.look(day, events); err != nil {
			return Report{}, err
		}
	}
	return l.done(), nil
}

// read returns the first events after a position that were committed before a
// time.
func read(ctx context.Context, j Journal, workspace string, after, end journal.Seq, before time.Time) (list []journal.Event, err error) {
	for len(list) < perDay && after < end {
		more, err := j.Events(ctx, workspace, after, perDay-len(list))
		if err != nil {
			return nil, err
		}
		for _, e := range more {
			if after = e.Seq; !e.At.Before(before) {
				return list, nil
			}
			list = append(list, e)
		}
	}
	return list, nil
}

// A looker gathers what is found.
type looker struct {
	report  Report
	passing func(source string) bool
	matters map[[2]string]*Matter // by source and rule
	of      map[[2]string]int     // by source and what could have had it
}

func (l *looker) look(day int, events []journal.Event) error {
	others := map[string][]journal.Event{} // of others, by source
	for _, e := range events {
		switch {
		case l.passing(e.Source):
			others[e.Source] = append(others[e.Source], e)
		case slices.Contains(livechat.Kinds(), livechat.Kind(e.Name)):
			if err := l.gaps(day, e); err != nil {
				return err
			}
		}
	}
	for source, list := range others {
		if err := l.judge(day, source, list); err != nil {
			return err
		}
	}
	return nil
}

// blind are the rules that need all of a conversation, and here there is a part.
var blind = []string{"unproven-start", "ended-without-start"}

// judge has the linter look at the calls of a source.
func (l *looker) judge(day int, source string, list []journal.Event) error {
	var b bytes.Buffer
	for _, e := range list {
		b.Write(e.JSON)
		b.WriteByte('\n')
		l.of[[2]string{source, ""}]++
	}
	r, err := lint.Check(&b)
	if err != nil {
		return nil // there was no Live Chat event among them
	}
	for _, f := range r.Findings {
		if slices.Contains(blind, f.Rule) {
			continue
		}
		m := l.matter(source, f.Rule)
		m.Severity, m.Text, m.Help = string(f.Severity), strings.ReplaceAll(f.Rule, "-", " "), f.Help
		var at At
		if f.Call > 0 && f.Call <= len(list) {
			at = At{list[f.Call-1].Seq, f.Problem}
		}
		m.add(day, at)
	}
	return nil
}

// A gap is a property that events of some kinds should have.
type gap struct {
	rule, text, help string
	kinds            []livechat.Kind // nil is all
	lacks            func(livechat.Event) bool
}

var answers = []livechat.Kind{livechat.Received}

var gaps = []gap{
	{"userId", "no userId: the customer is known by anonymousId only", "have the site tell the chat tool who is logged in; the source's page says how", nil,
		func(e livechat.Event) bool { return e.UserID == "" }},
	{"agent_id", "an answer without agent_id", "the tool does not say who answered; the source's page says when it does", answers,
		func(e livechat.Event) bool { return e.Properties.AgentID == "" }},
	{"agent_name", "an answer without agent_name", "name the agent under agents: in the configuration", answers,
		func(e livechat.Event) bool { return e.Properties.AgentID != "" && e.Properties.AgentName == "" }},
	{"agent_username", "an answer without agent_username", "name the agent under agents: in the configuration, or leave it: not every tool has logins", answers,
		func(e livechat.Event) bool { return e.Properties.AgentID != "" && e.Properties.AgentUsername == "" }},
	{"message_body", "a message without text", "an attachment alone has none; if most lack it, the tool does not send texts", []livechat.Kind{livechat.Sent, livechat.Received},
		func(e livechat.Event) bool { return e.Properties.MessageBody == "" }},
	{"message_id", "a message without message_id", "the tool does not number its messages", []livechat.Kind{livechat.Sent, livechat.Received},
		func(e livechat.Event) bool { return e.Properties.MessageID == "" }},
}

// gaps looks for what an event of ours lacks.
func (l *looker) gaps(day int, e journal.Event) error {
	var event livechat.Event
	if err := json.Unmarshal(e.JSON, &event); err != nil {
		return errors.New("quality: BUG: an event of ours cannot be read")
	}
	for _, g := range gaps {
		if g.kinds != nil && !slices.Contains(g.kinds, event.Kind) {
			continue
		}
		l.of[[2]string{e.Source, g.rule}]++
		if !g.lacks(event) {
			continue
		}
		m := l.matter(e.Source, g.rule)
		m.Severity, m.Text, m.Help = "gap", g.text, g.help
		m.add(day, At{Seq: e.Seq})
	}
	return nil
}

func (l *looker) matter(source, rule string) *Matter {
	key := [2]string{source, rule}
	if l.matters[key] == nil {
		l.matters[key] = &Matter{Source: source, Rule: rule, PerDay: make([]int, Days), Examples: []At{}}
	}
	return l.matters[key]
}

func (m *Matter) add(day int, at At) {
	m.Count++
	m.PerDay[day]++
	// The newest are the best to look at.
	if at.Seq != 0 {
		if m.Examples = append(m.Examples, at); len(m.Examples) > examples {
			m.Examples = m.Examples[1:]
		}
	}
}

func (l *looker) done() Report {
	rank := map[string]int{string(lint.Error): 0, string(lint.Warning): 1, "gap": 2}
	for key, m := range l.matters {
		of := key[1]
		if m.Severity != "gap" {
			of = ""
		}
		m.Of = l.of[[2]string{key[0], of}]
		l.report.Matters = append(l.report.Matters, *m)
	}
	slices.SortFunc(l.report.Matters, func(a, b Matter) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(b.Count, a.Count), strings.Compare(a.Source, b.Source), strings.Compare(a.Rule, b.Rule))
	})
	return l.report
}
