package archive

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics tell how far an archive has got.
type Metrics struct {
	written prometheus.Counter
	behind  prometheus.Gauge
}

// NewMetrics registers the archive's metrics with r.
func NewMetrics(r prometheus.Registerer) *Metrics {
	m := &Metrics{
		written: prometheus.NewCounter(prometheus.CounterOpts{Name: "parlance_archive_events_total", Help: "Events that the archive has taken in."}),
		behind:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "parlance_archive_behind_seconds", Help: "Age of the events that the archive takes in, where more of them wait; else 0."}),
	}
	r.MustRegister(m.written, m.behind)
	return m
}

// count tells what was written, the oldest of it first.
func (m *Metrics) count(offers []offer) {
	if m == nil {
		return
	}
	behind := time.Duration(0)
	for _, o := range offers {
		m.written.Add(float64(len(o.events)))
		if len(o.events) == atOnce { // a full batch has more behind it
			behind = max(behind, time.Since(o.events[0].At))
		}
	}
	m.behind.Set(behind.Seconds())
}
