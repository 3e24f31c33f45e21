package sqlite

import (
	"slices"
	"sync"

	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	// recentConversations and recentBytes bound the conversations whose end is
	// in memory: most are small, and none has to be.
	recentConversations = 8192
	recentBytes         = 16 << 20
	// recentActivities bounds what is remembered of each; of a longer one the
	// file is asked.
	recentActivities = 256
)

// recent keeps what is known of the conversations that are going on, so that
// Load need not ask the file again and again.
type recent struct {
	mu    sync.Mutex // guards the fields below
	all   map[journal.Conversation]*known
	bytes int
}

// known is what is durable of a conversation.
type known struct {
	state []byte
	seen  []int64 // all its activities
	many  bool    // or too many to keep
}

func (k *known) size() int { return len(k.state) + 8*len(k.seen) }

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
	k := &known{state: state, seen: seen}
	if old := r.all[c]; old != nil {
		r.bytes -= old.size()
	}
	r.all[c] = k
	r.bytes += k.size()
	r.bound()
}

// bound drops half of what there is while it is too much. Any half will do:
// those that go on come back. The caller holds the lock.
func (r *recent) bound() {
	for len(r.all) > recentConversations || r.bytes > recentBytes {
		n := len(r.all) / 2
		for c, k := range r.all {
			r.bytes -= k.size()
			if delete(r.all, c); len(r.all) <= n {
				break
			}
		}
	}
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
		r.bytes -= k.size()
		if a.State != nil {
			k.state = a.State
		}
		if a.Activity != "" && !k.many {
			k.seen = append(k.seen, fingerprint(a.Activity))
		}
		if len(k.seen) > recentActivities {
			k.seen, k.many = nil, true
		}
		r.bytes += k.size()
	}
	r.bound()
}

// forget forgets all: a commit failed, and may have happened.
func (r *recent) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all, r.bytes = map[journal.Conversation]*known{}, 0
}
