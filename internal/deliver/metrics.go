package deliver

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/destination"
)

// A state is how a destination is doing.
type state int

const (
	ok state = iota
	backingOff
	waiting
	paused
)

func (s state) String() string { return [...]string{"ok", "backing off", "waiting", "paused"}[s] }

// Metrics measure all deliveries.
type Metrics struct {
	delivered, parked, attempts *prometheus.CounterVec
	state                       *prometheus.GaugeVec

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
			Help: "How a destination is doing: 0 ok, 1 backing off, 2 waiting as it asked, 3 paused until somebody acts."}, labels),
		loops: map[*destinationMetrics]Options{},
	}
	r.MustRegister(m.delivered, m.parked, m.attempts, m.state, m)
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
}

func (m *Metrics) of(o Options) *destinationMetrics {
	d := &destinationMetrics{all: m, o: o,
		delivered: m.delivered.WithLabelValues(o.Workspace, o.Name),
		parked:    m.parked.WithLabelValues(o.Workspace, o.Name)}
	d.set(ok)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loops[d] = o
	return d
}

func (d *destinationMetrics) set(s state) {
	d.all.state.WithLabelValues(d.o.Workspace, d.o.Name).Set(float64(s))
}

func (d *destinationMetrics) attempt(err error) {
	result := "ok"
	switch {
	case errors.As(err, new(*destination.Refusal)):
		result = "refused"
	case errors.As(err, new(*destination.Wait)):
		result = "wait"
	case errors.As(err, new(*destination.Pause)):
		result = "pause"
	case err != nil:
		result = "failed"
	}
	d.all.attempts.WithLabelValues(d.o.Workspace, d.o.Name, result).Inc()
}

// remove ends the series that would stand still.
func (d *destinationMetrics) remove() {
	d.all.mu.Lock()
	defer d.all.mu.Unlock()
	delete(d.all.loops, d)
	d.all.state.DeleteLabelValues(d.o.Workspace, d.o.Name)
}
