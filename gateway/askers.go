package gateway

import (
	"context"
	"log/slog"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/lookup"
)

// askers ask chat tools' APIs, one for each source whose webhooks leave
// something out.
type askers struct {
	crew
	journal journal.Journal
	done    func(w *journal.Webhook, dropped []string)
	log     *slog.Logger
	metrics *lookup.Metrics
}

// plan returns those that sources need, and has the sources wake them.
func (a *askers) plan(sources []ResolvedSource) (list []lookup.Options) {
	for i := range sources {
		s := &sources[i]
		if s.API == (connector.API{}) {
			continue
		}
		arrived := make(chan struct{}, 1)
		s.Pending = func() {
			select {
			case arrived <- struct{}{}:
			default:
			}
		}
		list = append(list, lookup.Options{
			Journal:   a.journal,
			Source:    journal.Source{Workspace: s.Workspace, Name: s.Name},
			Connector: s.Connector,
			API:       s.API,
			Token:     s.APIToken,
			Arrived:   arrived,
			Done:      a.done,
			Log:       a.log,
			Metrics:   a.metrics,
		})
	}
	return list
}

// set has those of list ask, and nobody else. What was being asked is asked
// again.
func (a *askers) set(list []lookup.Options) {
	var loops []func(context.Context)
	for _, o := range list {
		loops = append(loops, func(ctx context.Context) {
			if err := lookup.Run(ctx, o); err != nil {
				a.log.Error("lookups stopped", "workspace", o.Source.Workspace, "source", o.Source.Name, "error", err)
			}
		})
	}
	a.crew.set(loops)
}
