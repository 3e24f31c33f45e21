package gateway

import (
	"context"
	"log/slog"
	"sync"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/lookup"
)

// askers ask chat tools' APIs, one for each source whose webhooks leave
// something out.
type askers struct {
	journal journal.Journal
	done    func(w *journal.Webhook, dropped []string)
	log     *slog.Logger
	metrics *lookup.Metrics

	mu   sync.Mutex      // guards the fields below
	ctx  context.Context // of run; nil while it does not run
	list []lookup.Options
	stop context.CancelFunc
	wg   sync.WaitGroup
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
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = list
	a.restart()
}

// restart has those of the list run, and nobody else. The caller holds mu.
func (a *askers) restart() {
	if a.stop != nil {
		a.stop()
		a.wg.Wait()
		a.stop = nil
	}
	if a.ctx == nil {
		return
	}
	var ctx context.Context
	ctx, a.stop = context.WithCancel(a.ctx)
	for _, o := range a.list {
		a.wg.Go(func() {
			if err := lookup.Run(ctx, o); err != nil {
				a.log.Error("lookups stopped", "workspace", o.Source.Workspace, "source", o.Source.Name, "error", err)
			}
		})
	}
}

// run asks until ctx is done.
func (a *askers) run(ctx context.Context) {
	a.mu.Lock()
	a.ctx = ctx
	a.restart()
	a.mu.Unlock()
	<-ctx.Done()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ctx = nil
	a.restart()
}
