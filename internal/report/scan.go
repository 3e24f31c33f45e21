package report

import (
	"context"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
)

// A scan reads the cells that a query is about.
type scan struct {
	*archive.Reader
	q      Query
	places []archive.Place
	agents []archive.Agent // of the workspace
	cells  []cell
	spare  []*sum // empty, and in nobody's hands
}

// A cell is whose figures at which place are read.
type cell struct{ agent, place int64 }

// look calls f with a scan.
func look(ctx context.Context, a *archive.Archive, q Query, f func(*scan) error) error {
	return a.View(ctx, func(r *archive.Reader) (err error) {
		s := &scan{Reader: r, q: q}
		if s.places, err = r.Places(q.Workspace); err != nil {
			return err
		}
		chosen := archive.Choose(s.places, q.Sources, q.Channels)
		s.places = slices.DeleteFunc(s.places, func(p archive.Place) bool { return !slices.Contains(chosen, p.ID) })
		if s.agents, err = r.Agents(q.Workspace); err != nil {
			return err
		}
		for _, p := range s.places {
			if len(q.Agents) == 0 {
				s.cells = append(s.cells, cell{0, p.ID})
			}
			for _, agent := range s.agents {
				if agent.Source == p.Source && slices.Contains(q.Agents, agent.Key) {
					s.cells = append(s.cells, cell{agent.Key, p.ID})
				}
			}
		}
		return f(s)
	})
}

// now reads what is open now.
func (s *scan) now(to *Standing) error {
	var places []int64
	for _, p := range s.places {
		places = append(places, p.ID)
	}
	return s.Now(places, func(m archive.Metric, n int64) {
		switch m {
		case archive.OpenNow:
			to.Open += n
		case archive.WaitingNow:
			to.Unanswered += n
		}
	})
}

// A period is what figures are added up of, in steps of a unit, or all in one.
type period struct {
	since, until time.Time
	by           Unit
}

// halves parts a period where a step begins. The first may be empty.
func (p period) halves() [2]period {
	middle := down(p.since.Add(p.until.Sub(p.since) / 2))
	if p.by != "" {
		middle = start(middle, p.by)
	}
	if middle.Before(p.since) {
		middle = p.since
	}
	return [2]period{{p.since, middle, p.by}, {middle, p.until, p.by}}
}

// days returns the first day, in UTC, and the last, of the cells that have it.
func (p *period) days() (first, last int64) {
	day := dayTime.Milliseconds()
	first, last = p.since.UnixMilli()/day, (p.until.UnixMilli()-1)/day
	return first - first%stride, last - last%stride + stride - 1
}

// period reads the cells some days at a time, and calls emit with each step
// when it is complete, in order. The sum is valid until emit returns.
func (s *scan) period(p period, heat *heat, emit func(start time.Time, of *sum)) error {
	if !p.since.Before(p.until) {
		return nil
	}
	var steps []*step // not complete
	for day, last := p.days(); day <= last; day += stride {
		plan := s.plan(p, day, stride, steps)
		for _, c := range s.cells {
			err := s.Days(c.agent, c.place, day, day+stride-1, func(first int64, m archive.Metric, list []archive.Number) {
				plan.add(first, m, list)
				if heat != nil {
					heat.add(m, list, plan.at(first))
				}
			})
			if err != nil {
				return err
			}
		}
		plan.load()
		steps = plan.steps
		over := time.UnixMilli((day + stride) * dayTime.Milliseconds())
		for len(steps) > 0 && (day+stride > last || !steps[0].end.After(over)) {
			emit(steps[0].start, steps[0].of)
			s.done(steps[0].of)
			steps = steps[1:]
		}
	}
	return nil
}

// sum returns an empty sum: one is large, and a series has many.
func (s *scan) sum() *sum {
	if n := len(s.spare); n > 0 {
		of := s.spare[n-1]
		s.spare = s.spare[:n-1]
		return of
	}
	return &sum{}
}

// done takes a sum back.
func (s *scan) done(of *sum) {
	of.clear()
	s.spare = append(s.spare, of)
}

// agent adds up what one agent did, by a plan of one step.
func (s *scan) agent(a archive.Agent, p *plan) (*sum, error) {
	of := s.sum()
	p.steps[0].of = of
	for _, place := range s.places {
		if place.Source != a.Source {
			continue
		}
		if err := s.Days(a.Key, place.ID, p.first, p.last, p.add); err != nil {
			return nil, err
		}
	}
	p.load()
	return of, nil
}
