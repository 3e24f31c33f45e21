package engine

import "github.com/prometheus/client_golang/prometheus"

// Metrics count what the engine does.
type Metrics struct {
	applied, repeated, invalid *prometheus.CounterVec
}

// NewMetrics registers the engine's metrics with r.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"workspace", "source"})
		r.MustRegister(c)
		return c
	}
	return &Metrics{
		applied:  counter("parlance_activities_applied_total", "Activities applied to their conversation."),
		repeated: counter("parlance_activities_repeated_total", "Activities that were known already."),
		invalid:  counter("parlance_events_invalid_total", "Events withheld because they would break the specification."),
	}
}

// Know makes a source's series: at 0 they say more than if they are absent.
func (m *Metrics) Know(workspace, source string) {
	for _, c := range []*prometheus.CounterVec{m.applied, m.repeated, m.invalid} {
		c.WithLabelValues(workspace, source)
	}
}

// count tells what was done, once it is.
func (e *engine) count(tasks []*task) {
	add := func(c *prometheus.CounterVec, n int) {
		if n > 0 {
			c.WithLabelValues(e.source.Workspace, e.source.Name).Add(float64(n))
		}
	}
	for _, t := range tasks {
		add(e.o.Metrics.applied, t.applied)
		add(e.o.Metrics.repeated, t.repeated)
		add(e.o.Metrics.invalid, t.invalid)
	}
}
