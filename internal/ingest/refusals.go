package ingest

import (
	"slices"
	"sync"
	"time"
)

// A Refusal is a request of a known source that was not taken.
type Refusal struct {
	At     time.Time `json:"at"`
	Status int       `json:"status"`
	Reason string    `json:"reason"` // a word, as in the metrics
	Text   string    `json:"text"`   // as it was answered
}

// keepRefusals is how many refusals of each source are remembered.
const keepRefusals = 20

// refusals remembers the last of each source. The zero value is ready.
type refusals struct {
	mu   sync.Mutex // guards list
	list map[path][]Refusal
}

func (r *refusals) add(s *Source, no *refusal) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.list == nil {
		r.list = map[path][]Refusal{}
	}
	p := path{s.Workspace, s.Name}
	list := append(r.list[p], Refusal{time.Now(), no.status, no.reason, no.text})
	if len(list) > keepRefusals {
		list = slices.Delete(list, 0, 1)
	}
	r.list[p] = list
}

// Refusals returns the last requests of a source that were not taken since the
// gateway started, newest first.
func (h *Handler) Refusals(workspace, source string) []Refusal {
	h.refusals.mu.Lock()
	defer h.refusals.mu.Unlock()
	list := slices.Clone(h.refusals.list[path{workspace, source}])
	slices.Reverse(list)
	return list
}
