package sqlite

import (
	"slices"
	"sync"

	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	// recentConversations bounds the conversations whose end is in memory.
	recentConversations = 8192
	// recentActivities bounds what is remembered of each; of a longer one the
	// file is asked.
	recentActivities = 256
)

// recent keeps what is known of the conversations that are going on, so that
// Load need not ask the file again and again.
type recent struct {
	mu  sync.Mutex // guards all
	all map[journal.Conversation]*known
}

// known is what is durable of a conversation.
type known struct {
	state []byte
	seen  []int64 // all its activities
	many  bool    // or too many to keep
}

// load answers Load, if it can.
func (r *recent) load(c journal.Conversation, activities []string) (state []byte, applied []bool, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.all[c]
	if k == nil || k.many {
		return nil, nil, false
	}
	applied = make([]bool, len(activities))
	for i, a := range activities {
		applied[i] = slices.Contains(k.seen, fingerprint(a))
	}
	return k.state, applied, true
}

// put remembers what the file said.
func (r *recent) put(c journal.Conversation, state []byte, seen []int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) >= recentConversations {
		// Any half will do: those that go on come back.
		n := 0
		for c := range r.all {
			if delete(r.all, c); n > recentConversations/2 {
				break
			}
			n++
		}
	}
	r.all[c] = &known{state: state, seen: seen}
}

// update takes in what was committed.
func (r *recent) update(applied []journal.Applied) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range applied {
		k := r.all[a.Conversation]
		if k == nil {
			continue
		}
		if a.State != nil {
			k.state = a.State
		}
		if a.Activity != "" && !k.many {
			k.seen = append(k.seen, fingerprint(a.Activity))
		}
		if len(k.seen) > recentActivities {
			k.seen, k.many = nil, true
		}
	}
}

// forget forgets all: a commit failed, and may have happened.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = map[journal.Conversation]*known{}
}
