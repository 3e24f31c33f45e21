package report

import (
	"slices"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
)

const (
	quarters = 96
	dayTime  = quarters * quarter
	// stride is how many days are planned at once, at least: those of an
	// agent's cell.
	stride = 4
)

// A step is a slot that is being added up.
type step struct {
	start, end time.Time
	of         *sum
}

// A plan says where the figures of some days belong.
type plan struct {
	first, last int64 // days
	steps       []*step
	quarters    []quarterOf
	active      []int64 // conversations in which somebody wrote, by quarter
	busy        []int32 // the quarters in which there are any
}

// A quarterOf says where those of a quarter of an hour belong.
type quarterOf struct {
	step int16 // of the plan; none is not asked for
	hour uint8 // of the week
}

const none = -1

// plan plans some days. Its steps are those that are not complete, and those
// that begin on these days.
func (s *scan) plan(p period, first, days int64, steps []*step) *plan {
	n := days * quarters
	plan := &plan{first: first, last: first + days - 1, steps: steps, quarters: make([]quarterOf, n), active: make([]int64, n)}
	for q := range plan.quarters {
		plan.quarters[q].step = none
		t := time.UnixMilli(first*dayTime.Milliseconds() + int64(q)*quarter.Milliseconds()).In(s.q.Zone)
		if t.Before(p.since) || !t.Before(p.until) {
			continue
		}
		if len(plan.steps) == 0 || !t.Before(plan.steps[len(plan.steps)-1].end) {
			begin, end := p.since, p.until
			if p.by != "" {
				begin = start(t, p.by)
				end = next(begin, p.by)
			}
			plan.steps = append(plan.steps, &step{begin, end, s.sum()})
		}
		if len(s.q.Weekdays) > 0 && !slices.Contains(s.q.Weekdays, t.Weekday()) {
			continue
		}
		plan.quarters[q] = quarterOf{int16(len(plan.steps) - 1), uint8(int(t.Weekday())*24 + t.Hour())}
	}
	return plan
}

// at is the plan from a quarter of an hour on, which count from 1970.
func (p *plan) at(first int64) []quarterOf { return p.quarters[first-p.first*quarters:] }

// add adds the numbers of a metric, which count quarters of an hour from one on,
// where they belong.
func (p *plan) add(first int64, m archive.Metric, list []archive.Number) {
	at := p.at(first)
	if m == archive.Active {
		from := int32(first - p.first*quarters)
		for _, n := range list {
			if at[n.Quarter].step == none {
				continue
			}
			q := from + n.Quarter
			if p.active[q] == 0 {
				p.busy = append(p.busy, q)
			}
			p.active[q] += n.N
		}
		return
	}
	// Numbers of a step lie together.
	for len(list) > 0 {
		step := at[list[0].Quarter].step
		end := 1
		for end < len(list) && at[list[end].Quarter].step == step {
			end++
		}
		if step != none {
			p.steps[step].of.add(m, list[:end])
		}
		list = list[end:]
	}
}

// load adds in how many conversations there were at once, when all numbers have
// been added, and forgets it.
func (p *plan) load() {
	for _, q := range p.busy {
		p.steps[p.quarters[q].step].of.load(p.active[q])
		p.active[q] = 0
	}
	p.busy = p.busy[:0]
}
