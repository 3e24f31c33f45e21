package console

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlance-chat/parlance/internal/console/access"
)

// Nobody watches for ever, for then they would when they may come in no more;
// nor in so many windows that nothing is left for others.
func TestWatching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := new(Console)
		h := c.watching(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		begun := time.Now()
		ask := func(name string) int {
			w := httptest.NewRecorder()
			r := httptest.NewRequest("GET", "/live/stream", nil)
			h(w, r.WithContext(access.With(r.Context(), access.User{Name: name})))
			return w.Code
		}
		for range maxWatching {
			go ask("mia")
		}
		synctest.Wait()
		if status := ask("mia"); status != http.StatusTooManyRequests {
			t.Errorf("one more: got %d, want 429", status)
		}
		for range 100 {
			go func() {
				if status := ask(access.ThisMachine); status != http.StatusOK {
					t.Errorf("one of many of this machine: got %d", status)
				}
			}()
		}
		synctest.Wait()
		if n := c.Watching(); n != maxWatching+100 {
			t.Errorf("got %d who watch, want %d", n, maxWatching+100)
		}
		if status := ask("max"); status != http.StatusOK || time.Since(begun) != renewal {
			t.Errorf("another: got %d after %s", status, time.Since(begun))
		}
		synctest.Wait() // the others end in the same instant, but not all before this one
		if status := ask("mia"); status != http.StatusOK {
			t.Errorf("later: got %d", status)
		}
	})
}
