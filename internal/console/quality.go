package console

import (
	"context"
	"fmt"
	"time"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/quality"
	"github.com/parlance-chat/parlance/internal/trace"
)

// A Journal is what is read of one.
type Journal interface {
	trace.Journal
	quality.Journal
	CountParked(ctx context.Context, q journal.ParkedQuery) (int64, error)
}

// A qualityView is how good the events are.
type qualityView struct {
	quality.Report
	Looked int          `json:"looked"`
	Rows   []qualityRow `json:"-"`
}

type qualityRow struct {
	quality.Matter
	Bars []bar
}

func (c *Console) quality(q *request) (any, error) {
	report, err := quality.Look(q.Context(), c.o.Journal, q.Workspace, func(source string) bool {
		for _, s := range c.o.Sources.Sources(q.Workspace) {
			if s.Name == source {
				return s.Passes
			}
		}
		return false
	}, time.Now())
	if err != nil {
		return nil, err
	}
	v := qualityView{Report: report}
	for _, d := range report.Days {
		v.Looked += d.Looked
	}
	for _, m := range report.Matters {
		v.Rows = append(v.Rows, qualityRow{m, trend(report.Days, m.PerDay)})
	}
	return v, nil
}

// trend draws how much of each day's events a matter is about.
func trend(days []quality.Day, counts []int) (out []bar) {
	for i, n := range counts {
		h := 0
		if days[i].Looked > 0 && n > 0 {
			h = max(2, 24*n/days[i].Looked)
		}
		out = append(out, bar{X: i * 8, Y: 24 - min(h, 24), H: min(h, 24), Text: fmt.Sprintf("%s: %d of %d events", days[i].Date, n, days[i].Looked)})
	}
	return out
}
