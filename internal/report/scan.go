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
	return s.Now(places, func(n archive.Number) {
		switch n.Metric {
		case archive.OpenNow:
			to.Open += n.N
		case archive.WaitingNow:
			to.Unanswered += n.N
		}
	})
}

// A period is what figures are added up of, in steps of a unit, or all in one.
type period struct {
	since, until time.Time
	by           Unit
}

const (
	quarters = 96
	dayTime  = quarters * quarter
)

// A step is a slot that is being added up.
type step struct {
	start, end time.Time
	of         *sum
}

// A quarterOf says where the figures of a quarter of an hour belong.
type quarterOf struct {
	step          *step // nil if it is not asked for
	weekday, hour int
}

// period reads the cells day by day, and calls emit with each step when it is
// complete, in order. The sum is valid until emit returns.
func (s *scan) period(p period, heat *heat, emit func(start time.Time, of *sum)) error {
	var steps []*step // not complete
	var plan [quarters]quarterOf
	for day := p.since.UnixMilli() / dayTime.Milliseconds(); day*dayTime.Milliseconds() < p.until.UnixMilli(); day++ {
		steps = s.plan(p, day, steps, &plan)
		var active [quarters]int64
		for _, c := range s.cells {
			err := s.Days(c.agent, c.place, day, day, func(int64) {}, func(n archive.Number) {
				at := &plan[n.Quarter]
				if at.step == nil {
					return
				}
				if n.Metric == archive.Active {
					active[n.Quarter] += n.N
					return
				}
				at.step.of.add(n)
				if heat != nil {
					heat.add(at.weekday, at.hour, n)
				}
			})
			if err != nil {
				return err
			}
		}
		for q, n := range active {
			if n > 0 {
				plan[q].step.of.load(n)
			}
		}
		over := time.UnixMilli((day + 1) * dayTime.Milliseconds())
		for len(steps) > 0 && !steps[0].end.After(over) {
			emit(steps[0].start, steps[0].of)
			s.done(steps[0].of)
			steps = steps[1:]
		}
	}
	for _, st := range steps {
		emit(st.start, st.of)
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

// plan says where the figures of a day belong, and returns the steps with
// those that begin on it.
func (s *scan) plan(p period, day int64, steps []*step, plan *[quarters]quarterOf) []*step {
	for q := range plan {
		plan[q] = quarterOf{}
		t := time.UnixMilli(day*dayTime.Milliseconds() + int64(q)*quarter.Milliseconds()).In(s.q.Zone)
		if t.Before(p.since) || !t.Before(p.until) {
			continue
		}
		if len(steps) == 0 || !t.Before(steps[len(steps)-1].end) {
			begin, end := p.since, p.until
			if p.by != "" {
				begin = start(t, p.by)
				end = next(begin, p.by)
			}
			steps = append(steps, &step{begin, end, s.sum()})
		}
		if len(s.q.Weekdays) > 0 && !slices.Contains(s.q.Weekdays, t.Weekday()) {
			continue
		}
		plan[q] = quarterOf{steps[len(steps)-1], int(t.Weekday()), t.Hour()}
	}
	return steps
}

// A span is the quarters of an hour between two times that are asked for.
type span struct {
	first, last int64 // days
	asked       []bool
	active      []int32 // in how many conversations an agent wrote
}

func (s *scan) quarters(since, until time.Time) span {
	day := dayTime.Milliseconds()
	p := span{first: since.UnixMilli() / day, last: (until.UnixMilli() - 1) / day}
	p.asked = make([]bool, (p.last-p.first+1)*quarters)
	for i := range p.asked {
		t := time.UnixMilli(p.first*day + int64(i)*quarter.Milliseconds()).In(s.q.Zone)
		p.asked[i] = !t.Before(since) && t.Before(until) && (len(s.q.Weekdays) == 0 || slices.Contains(s.q.Weekdays, t.Weekday()))
	}
	p.active = make([]int32, len(p.asked))
	return p
}

// agent adds up what one agent did.
func (s *scan) agent(a archive.Agent, p span) (*sum, error) {
	of := s.sum()
	active := p.active
	clear(active)
	for _, place := range s.places {
		if place.Source != a.Source {
			continue
		}
		from := 0
		err := s.Days(a.Key, place.ID, p.first, p.last, func(day int64) { from = int(day-p.first) * quarters }, func(n archive.Number) {
			switch {
			case !p.asked[from+n.Quarter]:
			case n.Metric == archive.Active:
				active[from+n.Quarter] += int32(n.N)
			default:
				of.add(n)
			}
		})
		if err != nil {
			return nil, err
		}
	}
	for _, n := range active {
		of.load(int64(n))
	}
	return of, nil
}
