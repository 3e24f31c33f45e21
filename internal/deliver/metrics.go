package deliver

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics measure all deliveries.
type Metrics struct {
	delivered, parked, attempts *prometheus.CounterVec
	state, inFlight             *prometheus.GaugeVec
	took                        *prometheus.HistogramVec

	mu    sync.Mutex // guards loops
	loops map[*destinationMetrics]Options
}

var labels = []string{"workspace", "destination"}

var (
	lagDesc    = prometheus.NewDesc("parlance_destination_lag_events", "Events that are not delivered yet.", labels, nil)
	oldestDesc = prometheus.NewDesc("parlance_destination_oldest_seconds", "Age of the oldest event that is not delivered yet; 0 if there is none.", labels, nil)
)

// NewMetrics registers the metrics of deliveries with r.
func NewMetrics(r prometheus.Registerer) *Metrics {
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append(labels, more...))
	}
	m := &Metrics{
		delivered: counter("parlance_delivered_total", "Events that a destination has taken."),
		parked:    counter("parlance_parked_total", "Events that a destination refused for good."),
		attempts:  counter("parlance_delivery_attempts_total", "Attempts to hand over a batch, by result.", "result"),
		state: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "parlance_destination_state",
			Help: "How a destination is doing: 0 ok, 1 backing off, 2 waiting as it asked, 3 paused until somebody acts, 4 trying whether it takes events again."}, labels),
		inFlight: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "parlance_delivery_in_flight", Help: "Attempts under way."}, labels),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "parlance_delivery_attempt_seconds", Help: "How long attempts took, whatever came of them.",
			Buckets: []float64{.005, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30, 60}}, labels),
		loops: map[*destinationMetrics]Options{},
	}
	r.MustRegister(m.delivered, m.parked, m.attempts, m.state, m.inFlight, m.took, m)
	return m
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(c chan<- *prometheus.Desc) {
	c <- lagDesc
	c <- oldestDesc
}

// scrapeTime bounds how long lags may be measured.
const scrapeTime = 5 * time.Second

// Collect implements prometheus.Collector: lags are measured when asked for.
func (m *Metrics) Collect(c chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, o := range m.loops {
		lag, err := o.Journal.Lag(ctx, o.Workspace, o.Name)
		if err != nil {
			continue // a gap in the series says it
		}
		var age float64
		if !lag.Oldest.IsZero() {
			age = max(0, time.Since(lag.Oldest).Seconds())
		}
		c <- prometheus.MustNewConstMetric(lagDesc, prometheus.GaugeValue, float64(lag.Events), o.Workspace, o.Name)
		c <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, age, o.Workspace, o.Name)
	}
}

// destinationMetrics measure one delivery.
type destinationMetrics struct {
	all               *Metrics
	o                 Options
	delivered, parked prometheus.Counter
	inFlight          prometheus.Gauge
}

func (m *Metrics) of(o Options) *destinationMetrics {
	d := &destinationMetrics{all: m, o: o,
		delivered: m.delivered.WithLabelValues(o.Workspace, o.Name),
		parked:    m.parked.WithLabelValues(o.Workspace, o.Name),
		inFlight:  m.inFlight.WithLabelValues(o.Workspace, o.Name)}
	if o.beside {
		return d
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loops[d] = o
	return d
}

func (d *destinationMetrics) set(s state) {
	if !d.o.beside {
		d.all.state.WithLabelValues(d.o.Workspace, d.o.Name).Set(float64(s))
	}
}

// attempt counts one. Its histogram has a dozen series, so those of destinations
// that are never sent anything are not made.
func (d *destinationMetrics) attempt(err error, took time.Duration) {
	d.all.attempts.WithLabelValues(d.o.Workspace, d.o.Name, result(err)).Inc()
	d.all.took.WithLabelValues(d.o.Workspace, d.o.Name).Observe(took.Seconds())
}

// remove ends the series that would stand still.
func (d *destinationMetrics) remove() {
	if d.o.beside {
		return
	}
	d.all.mu.Lock()
	defer d.all.mu.Unlock()
	delete(d.all.loops, d)
	d.all.state.DeleteLabelValues(d.o.Workspace, d.o.Name)
	d.all.inFlight.DeleteLabelValues(d.o.Workspace, d.o.Name)
}

// Stand measures a delivery that stands still because somebody wants it to,
// until ctx is done.
func Stand(ctx context.Context, o Options) {
	m := o.Metrics.of(o)
	defer m.remove()
	<-ctx.Done()
}
