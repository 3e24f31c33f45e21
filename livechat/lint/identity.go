package lint

import (
	"encoding/json"
	"fmt"
	"hash/maphash"
	"maps"
)

// seen is what is remembered of a call to recognise its repetition.
type seen struct {
	content uint64 // 0 if it is no Live Chat event
	line    int
}

// claim remembers that a call has messageID, and returns the call that had it
// before.
func (c *checker) claim(messageID string, now seen) (before seen, taken bool) {
	if messageID == "" {
		return seen{}, false
	}
	id := c.hash(messageID)
	if before, taken = c.ids.get(id); !taken {
		c.ids.put(id, now)
	}
	return before, taken
}

// identity judges messageId against those before, and reports whether k is
// the repetition of one call.
func (c *checker) identity(k call) (repeated bool) {
	messageID, _ := k.fields["messageId"].(string)
	now := seen{k.content(c.seed), k.place.Line}
	before, taken := c.claim(messageID, now)
	switch {
	case !taken:
		return false
	case before.content == now.content:
		c.addTo(k.place, repeatedCall, "messageId", fmt.Sprintf("the call of line %d again", before.line))
		return true
	default:
		c.addTo(k.place, reusedCallID, "messageId", fmt.Sprintf("already that of another call, in line %d", before.line))
		return false
	}
}

// content is the same for two tellings of one call.
func (k call) content(seed maphash.Seed) uint64 {
	fields := maps.Clone(k.fields)
	for _, key := range [...]string{"sentAt", "receivedAt", "writeKey"} { // of the attempt, not of the call
		delete(fields, key)
	}
	b, err := json.Marshal(fields)
	if err != nil {
		panic(fmt.Sprintf("BUG: lint: what was decoded once: %v", err))
	}
	return maphash.Bytes(seed, b)
}
