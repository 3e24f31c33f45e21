package gateway

import (
	"context"
	"sync"
)

// A crew is loops that are put in place of those before, all at once.
type crew struct {
	mu   sync.Mutex      // guards the fields below
	ctx  context.Context // of run; nil while it does not run
	list []func(context.Context)
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// set has the loops of list run, and no others.
func (c *crew) set(list []func(context.Context)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = list
	c.restart()
}

// restart has the loops of the list run, and no others. The caller holds mu.
func (c *crew) restart() {
	if c.stop != nil {
		c.stop()
		c.wg.Wait()
		c.stop = nil
	}
	if c.ctx == nil {
		return
	}
	var ctx context.Context
	ctx, c.stop = context.WithCancel(c.ctx)
	for _, loop := range c.list {
		c.wg.Go(func() { loop(ctx) })
	}
}

// run has the loops run until ctx is done.
func (c *crew) run(ctx context.Context) {
	c.mu.Lock()
	c.ctx = ctx
	c.restart()
	c.mu.Unlock()
	<-ctx.Done()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ctx = nil
	c.restart()
}
