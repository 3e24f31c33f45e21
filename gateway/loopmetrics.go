package gateway

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	destinationLabels = []string{"workspace", "destination"}
	heldDesc          = prometheus.NewDesc("parlance_destination_held", "1 if somebody has the destination stand still.", destinationLabels, nil)
	replayDesc        = prometheus.NewDesc("parlance_replay_events_left", "Events that the replay under way has not delivered yet.", destinationLabels, nil)
)

// Describe implements prometheus.Collector.
func (l *loops) Describe(c chan<- *prometheus.Desc) {
	c <- heldDesc
	c <- replayDesc
}

// Collect implements prometheus.Collector: what people asked of deliveries.
func (l *loops) Collect(c chan<- prometheus.Metric) {
	l.mu.Lock()
	replays := map[destinationKey]int64{}
	for key, n := range l.running {
		held := 0.0
		if n.held {
			held = 1
		}
		c <- prometheus.MustNewConstMetric(heldDesc, prometheus.GaugeValue, held, key.workspace, key.name)
		if id := n.replaying.Load(); id != 0 {
			replays[key] = id
		}
	}
	l.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for key, id := range replays {
		list, err := l.journal.Replays(ctx, key.workspace)
		if err != nil {
			return // a gap in the series says it
		}
		for _, r := range list {
			if r.ID == id {
				c <- prometheus.MustNewConstMetric(replayDesc, prometheus.GaugeValue, float64(r.Events-r.Done), key.workspace, key.name)
			}
		}
	}
}
