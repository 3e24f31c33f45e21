package console

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/internal/console/access"
)

const (
	// renewal bounds how long somebody watches before the browser asks anew,
	// which it does by itself: who may come in no more is out then.
	renewal = 5 * time.Minute
	// maxWatching is how often somebody may watch at once, and maxTogether how
	// often all may who have one name, where the console is open.
	maxWatching = 20
	maxTogether = 200
)

// A crowd is those who watch. The zero value is ready.
type crowd struct {
	mu   sync.Mutex // guards here
	here map[string]int
}

// join has somebody watch until they leave, unless they do too often.
func (c *crowd) join(name string) (leave func(), ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here == nil {
		c.here = map[string]int{}
	}
	most := maxWatching
	if name == access.ThisMachine {
		most = maxTogether
	}
	if c.here[name] >= most {
		return nil, false
	}
	c.here[name]++
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.here[name]--; c.here[name] == 0 {
			delete(c.here, name)
		}
	}, true
}

// Watching returns how many windows watch now.
func (c *Console) Watching() (n int) {
	c.crowd.mu.Lock()
	defer c.crowd.mu.Unlock()
	for _, windows := range c.crowd.here {
		n += windows
	}
	return n
}

// watching bounds what would go on for as long as somebody watches.
func (c *Console) watching(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		leave, ok := c.crowd.join(access.Of(r.Context()).Name)
		if !ok {
			http.Error(w, "too many windows watch already; close some", http.StatusTooManyRequests)
			return
		}
		defer leave()
		ctx, stop := context.WithTimeout(r.Context(), renewal)
		defer stop()
		h(w, r.WithContext(ctx))
	}
}
