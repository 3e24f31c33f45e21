package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/report"
)

// The pages are those of workspace default, looked at as its year ends.
type pages struct {
	ctx     context.Context
	archive *archive.Archive
	end     time.Time // in the viewer's zone
	person  archive.Agent
	bot     archive.Agent
}

// pages measures what the console asks for: pages by name, then all that its
// forms can ask for, of which it tells the slowest.
func (b *bench) pages(ctx context.Context, a *archive.Archive) error {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return err
	}
	p := pages{ctx: ctx, archive: a, end: time.Date(2026, 1, 1, 0, 0, 0, 0, berlin)}
	var agents []archive.Agent
	if err := a.View(ctx, func(r *archive.Reader) (err error) { agents, err = r.Agents("default"); return err }); err != nil {
		return err
	}
	bot := slices.IndexFunc(agents, func(a archive.Agent) bool { return a.Bot })
	if bot < 11 {
		return errors.New("the archive is empty")
	}
	p.person, p.bot = agents[10], agents[bot]
	named, err := p.named()
	if err != nil {
		return err
	}
	for _, one := range named {
		if err := one.measure(10); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	for _, all := range []struct {
		name string
		list []page
	}{{"any list of conversations", p.lists()}, {"any report", p.reports()}} {
		if err := slowest(all.name, all.list); err != nil {
			return err
		}
	}
	fmt.Printf("memory: %.0f MB resident at most\n", peakMB())
	return nil
}

// slowest opens each page three times, and tells which ones took most of the
// processor: what a clock says is another one's on a busy machine.
func slowest(name string, list []page) error {
	for i := range list {
		if err := list[i].time(3); err != nil {
			return fmt.Errorf("%s: %w", list[i].name, err)
		}
	}
	slices.SortFunc(list, func(a, b page) int { return cmp.Compare(b.processor, a.processor) })
	fmt.Printf("%s, %d of them; the slowest:\n", name, len(list))
	for _, p := range list[:min(6, len(list))] {
		p.print()
	}
	return nil
}

func (p *pages) since(days int) time.Time { return p.end.AddDate(0, 0, -days) }

func (p *pages) list(name string, q archive.Query) page {
	q.Workspace = "default"
	return page{name: name, open: func() (int, error) {
		found, err := p.archive.Conversations(p.ctx, q)
		return len(found.Conversations), err
	}}
}

// report is what the page of reports reads: an overview, and each agent.
func (p *pages) report(name string, q report.Query) page {
	q.Workspace, q.Until = "default", p.end
	if q.Zone == nil {
		q.Zone = p.end.Location()
	}
	return page{name: name, open: func() (int, error) {
		o, err := report.Read(p.ctx, p.archive, q)
		if err != nil {
			return 0, err
		}
		_, err = report.Agents(p.ctx, p.archive, q)
		return int(o.Figures.Started), err
	}}
}

func (p *pages) agents(name string, q report.Query) page {
	q.Workspace, q.Until, q.Zone = "default", p.end, p.end.Location()
	return page{name: name, open: func() (int, error) {
		list, err := report.Agents(p.ctx, p.archive, q)
		return len(list), err
	}}
}

func (p *pages) named() ([]page, error) {
	half, err := p.archive.Conversations(p.ctx, archive.Query{Workspace: "default", Until: p.since(180)})
	if err != nil || len(half.Conversations) == 0 {
		return nil, errors.Join(err, errors.New("the archive is empty"))
	}
	return []page{
		p.list("conversations, newest first", archive.Query{}),
		p.list("conversations, last active first", archive.Query{Sort: archive.Recent}),
		p.list("conversations, a page in the middle", archive.Query{After: half.Next}),
		p.list("conversations, open, of one source", archive.Query{Only: archive.OnlyOpen, Sources: []string{"shop"}}),
		p.list("conversations, unanswered", archive.Query{Only: archive.OnlyUnanswered}),
		p.list("conversations of an agent", archive.Query{Agent: p.person.Key}),
		p.list("conversations of an agent, a day", archive.Query{Agent: p.person.Key, Since: p.since(100), Until: p.since(99)}),
		p.list("conversations of a customer", archive.Query{User: "user-17"}),
		p.list("conversations with a word that is everywhere", archive.Query{Text: "invoice"}),
		p.list("conversations with a text that is nowhere", archive.Query{Text: "nowhere"}),
		{name: "one conversation", open: func() (int, error) {
			t, err := p.archive.Conversation(p.ctx, half.Conversations[0].ID)
			return len(t.Items), err
		}},
		p.report("report: a day by hour", report.Query{Since: p.since(1), By: report.Hour}),
		p.report("report: 30 days by day", report.Query{Since: p.since(30), By: report.Day}),
		p.report("report: 30 days by hour", report.Query{Since: p.since(30), By: report.Hour}),
		p.report("report: 90 days by week, one source", report.Query{Since: p.since(90), By: report.Week, Sources: []string{"shop"}}),
		p.report("report: a year by day", report.Query{Since: p.since(365), By: report.Day}),
		p.report("report: a year by month", report.Query{Since: p.since(365), By: report.Month}),
		p.report("report: a year by day, one agent", report.Query{Since: p.since(365), By: report.Day, Agents: []int64{p.person.Key}}),
		p.agents("agents: 30 days", report.Query{Since: p.since(30)}),
		p.agents("agents: a year", report.Query{Since: p.since(365)}),
	}, nil
}

// lists are the conversations by all that can be chosen of them.
func (p *pages) lists() (all []page) {
	for _, who := range p.choices() {
		for _, when := range []struct {
			name         string
			since, until time.Time
		}{{"", time.Time{}, time.Time{}}, {" of a day in summer", p.since(180), p.since(179)}, {" of the first month", time.Time{}, p.since(335)}, {" of the second half", p.since(180), p.end}} {
			for _, only := range []archive.Only{"", archive.OnlyOpen, archive.OnlyEnded, archive.OnlyUnanswered} {
				for _, sort := range []archive.Sort{archive.Newest, archive.Recent} {
					for _, text := range []string{"", "nowhere"} {
						q := archive.Query{Sources: who.sources, Channels: who.channels, Only: only, Sort: sort, Since: when.since, Until: when.until, Text: text}
						if len(who.agents) > 0 {
							q.Agent = who.agents[0]
						}
						all = append(all, p.list(fmt.Sprintf("%s%s%s, %s first, %q", only, who.name, when.name, sort, text), q))
					}
				}
			}
		}
	}
	return all
}

// reports are those by all that can be chosen.
func (p *pages) reports() (all []page) {
	var zones []*time.Location
	for _, name := range []string{"Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			continue
		}
		zones = append(zones, zone)
	}
	workdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	for _, who := range p.choices() {
		for _, zone := range zones {
			for _, days := range []int{31, 90, 365} {
				for _, weekdays := range [][]time.Weekday{nil, workdays, {time.Monday}, {time.Saturday, time.Sunday}} {
					for _, by := range []report.Unit{report.Hour, report.Day, report.Week, report.Month} {
						if by == report.Hour && days > 90 {
							continue // there is no such report
						}
						q := report.Query{Since: p.since(days), By: by, Zone: zone, Sources: who.sources, Channels: who.channels, Agents: who.agents, Weekdays: weekdays}
						all = append(all, p.report(fmt.Sprintf("%d days by %s%s, %s, %v", days, by, who.name, zone, weekdays), q))
					}
				}
			}
		}
	}
	return all
}

// A choice is what the forms of all pages offer.
type choice struct {
	name              string
	sources, channels []string
	agents            []int64
}

func (p *pages) choices() []choice {
	return []choice{
		{name: ""},
		{name: " of a source", sources: []string{"shop"}},
		{name: " of a channel", channels: []string{"messaging"}},
		{name: " of an agent", agents: []int64{p.person.Key}},
		{name: " of a bot", agents: []int64{p.bot.Key}},
		{name: " of a bot where it is not", agents: []int64{p.bot.Key}, channels: []string{"messaging"}},
	}
}
