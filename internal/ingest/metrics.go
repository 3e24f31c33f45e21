package ingest

import (
	"regexp"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/internal/journal"
)

// metrics count what comes in. Sources are labels only once they are known, so
// that strangers cannot make series.
type metrics struct {
	received, refused, unreadable, dropped, invalid *prometheus.CounterVec

	mu      sync.Mutex // guards the fields below
	reasons map[path]map[string]bool
	forged  map[path]int64 // refused for their signature
}

func newMetrics(r prometheus.Registerer, inFlight func() float64) *metrics {
	counter := func(name, help string, more ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, append([]string{"workspace", "source"}, more...))
		r.MustRegister(c)
		return c
	}
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parlance_requests_bytes",
		Help: "Bytes that requests under way hold."}, inFlight))
	m := &metrics{
		reasons:    map[path]map[string]bool{},
		forged:     map[path]int64{},
		received:   counter("parlance_webhooks_received_total", "Requests that were accepted and are on disk."),
		refused:    counter("parlance_webhooks_refused_total", "Requests that were refused, by reason.", "reason"),
		unreadable: counter("parlance_webhooks_unreadable_total", "Accepted requests that could not be read."),
		dropped:    counter("parlance_activities_dropped_total", "What a connector left out on purpose, by reason.", "reason"),
		invalid:    counter("parlance_tracking_invalid_total", "Live Chat events of tracking sources that break the specification."),
	}
	for _, reason := range []string{"unknown_source", "token", "write_key"} {
		m.refused.WithLabelValues("", "", reason)
	}
	return m
}

// know makes a source's series: at 0 they say more than if they are absent.
func (m *metrics) know(s *Source) {
	m.received.WithLabelValues(s.Workspace, s.Name)
	m.unreadable.WithLabelValues(s.Workspace, s.Name)
	if s.Connector != nil {
		m.refused.WithLabelValues(s.Workspace, s.Name, "signature")
	}
}

func (m *metrics) receive(s *Source, w *journal.Webhook) {
	m.received.WithLabelValues(s.Workspace, s.Name).Inc()
	if w.Unreadable != "" {
		m.unreadable.WithLabelValues(s.Workspace, s.Name).Inc()
	}
}

// refuse counts a refusal; s is nil if the source is not known.
func (m *metrics) refuse(s *Source, reason string) {
	if s == nil {
		s = &Source{}
	}
	m.refused.WithLabelValues(s.Workspace, s.Name, reason).Inc()
	if reason == "signature" {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.forged[path{s.Workspace, s.Name}]++
	}
}

// Refused tells how many requests of a source were refused for their
// signature.
func (h *Handler) Refused(workspace, source string) int64 {
	h.metrics.mu.Lock()
	defer h.metrics.mu.Unlock()
	return h.metrics.forged[path{workspace, source}]
}

func (m *metrics) drop(s *Source, reasons []string) {
	for _, reason := range reasons {
		m.dropped.WithLabelValues(s.Workspace, s.Name, m.bounded(s, reason)).Inc()
	}
}

// maxReasons is how many reasons a source may have: more than any connector
// knows. A program of the configuration can make one of whatever a webhook holds.
const maxReasons = 32

var plainReason = regexp.MustCompile(`^[a-z0-9_]{1,40}$`)

// bounded is a reason that may be a label: "other", if it is none of a few words.
func (m *metrics) bounded(s *Source, reason string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := path{s.Workspace, s.Name}
	known := m.reasons[p]
	if known[reason] {
		return reason
	}
	if len(known) >= maxReasons || !plainReason.MatchString(reason) {
		return "other"
	}
	if known == nil {
		known = map[string]bool{}
		m.reasons[p] = known
	}
	known[reason] = true
	return reason
}
