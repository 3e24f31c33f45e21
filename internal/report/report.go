// Package report answers questions about conversations: how many, how long,
// how fast, who, when.
//
// It adds up the archive's cells, so that an answer takes as long for a
// million conversations as for the days and places that they are spread over.
// Every figure has a definition that is shown beside it: see [Metrics].
package report

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parlance-chat/parlance/internal/archive"
)

// A Query asks for figures of a workspace between two times. Without sources,
// channels, agents or weekdays it asks for all of them.
type Query struct {
	Workspace string
	// Since and Until are rounded outwards to quarters of an hour.
	Since, Until time.Time
	Zone         *time.Location // of days, hours and weekdays; nil is UTC
	By           Unit           // of the series; "" is none
	Sources      []string
	Channels     []string
	Agents       []int64 // their keys in the archive
	Weekdays     []time.Weekday
}

// A Unit is a length of time by the calendar.
type Unit string

// Values of Unit.
const (
	Hour  Unit = "hour"
	Day   Unit = "day"
	Week  Unit = "week" // from Monday
	Month Unit = "month"
)

// slots bounds a series, so that nobody asks for more than can be drawn: the
// hours of 100 days.
const slots = 2_400

// ErrQuery means that a Query makes no sense.
var ErrQuery = errors.New("report: no such query")

// An Overview is what happened between two times.
type Overview struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"`
	Now     Standing  `json:"now"`
	Figures Figures   `json:"figures"`
	// Before are the figures of the same hours before: as few days ago as
	// makes two periods that do not overlap.
	Before      Figures   `json:"before"`
	BeforeSince time.Time `json:"before_since"`
	BeforeUntil time.Time `json:"before_until"`
	Series      []Slot    `json:"series,omitempty"`
	// Heat are the hours of the week, from Sunday.
	Heat [7][24]Heat `json:"heat"`
}

// Standing is what is open now, whatever the times of a query and its agents.
type Standing struct {
	Open       int64 `json:"open"`
	Unanswered int64 `json:"unanswered"` // the customer waits for a person
}

// A Slot is one step of a series.
type Slot struct {
	Start time.Time `json:"start"`
	Figures
}

// A Heat is an hour of the week.
type Heat struct {
	Started  int64 `json:"started"`
	Sent     int64 `json:"sent"`
	Received int64 `json:"received"`
	// FirstResponse is that of people to what began in the hour.
	FirstResponse Times `json:"first_response"`
}

func (q *Query) check() error {
	if q.Zone == nil {
		q.Zone = time.UTC
	}
	q.Since, q.Until = down(q.Since), down(q.Until.Add(quarter-1))
	switch {
	case !q.Since.Before(q.Until):
		return fmt.Errorf("%w: until %s is not after since %s", ErrQuery, q.Until.Format(time.RFC3339), q.Since.Format(time.RFC3339))
	case q.Since.Unix() < 0 || q.Until.Year() > 2300:
		return fmt.Errorf("%w: it must be between 1970 and 2300", ErrQuery)
	case !slices.Contains([]Unit{"", Hour, Day, Week, Month}, q.By):
		return fmt.Errorf("%w: by %q; there are %q, %q, %q and %q", ErrQuery, q.By, Hour, Day, Week, Month)
	case q.By == Hour && q.Until.Sub(q.Since)/time.Hour > slots, q.Until.Sub(q.Since)/(24*time.Hour) > 10*slots:
		return fmt.Errorf("%w: that is too long for a series by %s", ErrQuery, q.By)
	}
	return nil
}

const quarter = 15 * time.Minute

// down rounds down to a quarter of an hour, which is one in every zone.
func down(t time.Time) time.Time { return t.Truncate(quarter) }

// before returns when the period before began and ended. It is of the same
// hours: half of today beside half of yesterday, not beside a night.
func (q *Query) before() (since, until time.Time) {
	since, until = q.Since.In(q.Zone), q.Until.In(q.Zone)
	for days := int(until.Sub(since) / (25 * time.Hour)); ; days++ {
		s, u := down(since.AddDate(0, 0, -days)), down(until.AddDate(0, 0, -days))
		if days > 0 && !u.After(since) {
			return s, u
		}
	}
}

// Read answers a query.
func Read(ctx context.Context, a *archive.Archive, q Query) (o Overview, err error) {
	if err := q.check(); err != nil {
		return o, err
	}
	before, beforeUntil := q.before()
	o.Since, o.Until, o.BeforeSince, o.BeforeUntil = q.Since.In(q.Zone), q.Until.In(q.Zone), before.In(q.Zone), beforeUntil.In(q.Zone)
	// Each of two readers has a half of each period.
	now, earlier := period{o.Since, o.Until, q.By}.halves(), period{o.BeforeSince, o.BeforeUntil, ""}.halves()
	halves := [2]half{{now: now[0], before: earlier[0]}, {now: now[1], before: earlier[1]}}
	group, ctx := errgroup.WithContext(ctx)
	for i := range halves {
		group.Go(func() error { return look(ctx, a, q, halves[i].read) })
	}
	group.Go(func() error { return look(ctx, a, q, func(s *scan) error { return s.now(&o.Now) }) })
	if err := group.Wait(); err != nil {
		return o, err
	}
	all := &halves[0]
	all.merge(&halves[1])
	o.Figures, o.Before, o.Series = all.total.figures(), all.earlier.figures(), all.series
	all.heat.fill(&o.Heat)
	return o, nil
}

// A half is what one reader adds up.
type half struct {
	now, before    period
	total, earlier sum
	series         []Slot
	heat           heat
}

func (h *half) read(s *scan) error {
	err := s.period(h.now, &h.heat, func(start time.Time, of *sum) {
		if h.now.by != "" {
			h.series = append(h.series, Slot{start.In(s.q.Zone), of.figures()})
		}
		h.total.merge(of)
	})
	if err != nil {
		return err
	}
	return s.period(h.before, nil, func(_ time.Time, of *sum) { h.earlier.merge(of) })
}

// merge adds the half that follows.
func (h *half) merge(o *half) {
	h.total.merge(&o.total)
	h.earlier.merge(&o.earlier)
	h.series = append(h.series, o.series...)
	h.heat.merge(&o.heat)
}

// An AgentFigures is what an agent did between two times.
type AgentFigures struct {
	archive.Agent
	Figures
}

// Agents answers a query with the agents who did something, each with what
// names them: their messages, their answers, what they closed.
func Agents(ctx context.Context, a *archive.Archive, q Query) (list []AgentFigures, err error) {
	q.By = ""
	if err := q.check(); err != nil {
		return nil, err
	}
	// Each of two readers has half of them.
	const parts = 2
	var found [parts]map[int]AgentFigures
	group, ctx := errgroup.WithContext(ctx)
	for part := range parts {
		found[part] = map[int]AgentFigures{}
		group.Go(func() error {
			return look(ctx, a, q, func(s *scan) error { return s.each(part, parts, found[part]) })
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := found[0]
	maps.Copy(all, found[1])
	for _, i := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[i])
	}
	return list, nil
}

// each adds up what every so-manieth agent did.
func (s *scan) each(first, step int, found map[int]AgentFigures) error {
	whole := period{s.q.Since, s.q.Until, ""}
	from, to := whole.days()
	plan := s.plan(whole, from, to-from+1, nil)
	for i := first; i < len(s.agents); i += step {
		agent := s.agents[i]
		if len(s.q.Agents) > 0 && !slices.Contains(s.q.Agents, agent.Key) {
			continue
		}
		of, err := s.agent(agent, plan)
		if err != nil {
			return err
		}
		if of.any {
			found[i] = AgentFigures{agent, of.figures()}
		}
		s.done(of)
	}
	return nil
}
