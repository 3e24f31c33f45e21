package simulate

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
)

// An API plays the API of a chat tool whose webhooks leave something out, and
// knows the conversations that are being played.
type API struct {
	tool connector.Answerer

	mu        sync.Mutex // guards the fields below
	histories map[string][]conversation.Activity
	order     []string  // of the conversations, the oldest first
	busy      time.Time // when something was last learned or asked
}

// NewAPI returns the API of a tool; nil if its webhooks leave nothing out.
func NewAPI(tool connector.Faker) *API {
	a, ok := tool.(connector.Answerer)
	if !ok {
		return nil
	}
	return &API{tool: a, histories: map[string][]conversation.Activity{}}
}

// learn makes known what has happened in a conversation.
func (a *API) learn(history []conversation.Activity) {
	const most = 1000 // conversations about which somebody may still ask
	id := history[0].Conversation
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = time.Now()
	if a.histories[id] == nil {
		a.order = append(a.order, id)
	}
	if len(history) > len(a.histories[id]) { // a straggler knows less
		a.histories[id] = history
	}
	if len(a.order) > most {
		delete(a.histories, a.order[0])
		a.order = a.order[1:]
	}
}

// ServeHTTP implements http.Handler. Whose token it is does not count.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy = time.Now()
	for i := len(a.order) - 1; i >= 0; i-- {
		if b := a.tool.Answer(a.histories[a.order[i]], r.URL.RequestURI()); b != nil {
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(b) // the client is gone; nobody to tell
			return
		}
	}
	http.NotFound(w, r)
}

// Idle returns when nobody has asked for a while, or ctx is done.
func (a *API) Idle(ctx context.Context) {
	const while = 3 * time.Second
	for {
		a.mu.Lock()
		busy := a.busy
		a.mu.Unlock()
		if time.Since(busy) > while || sleep(ctx, while/10) != nil {
			return
		}
	}
}
