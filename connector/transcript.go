package connector

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
)

// Occurrences names the messages of a transcript whose tool gives them no ids:
// by their content, and by which occurrence of it each is. So a longer
// transcript, one of which the beginning is cut off, and a webhook that told
// of the first message alone give the same message the same id.
type Occurrences map[string]int

// ID returns the id of the next message with this content, such as its author
// and its text.
func (o Occurrences) ID(content ...string) string {
	b := make([]byte, 0, 512) // nearly always enough, and then on the stack
	for _, c := range content {
		b = binary.BigEndian.AppendUint64(b, uint64(len(c)))
		b = append(b, c...)
	}
	sum := sha256.Sum256(b)
	id := hex.EncodeToString(sum[:12])
	o[id]++
	if n := o[id]; n > 1 {
		id += "-" + strconv.Itoa(n)
	}
	return id
}

// Order keeps the messages of a transcript in the order in which it tells
// them, where several have the same time: ids made of their content would put
// them in any. The zero Order is at the beginning.
type Order struct {
	last time.Time
	same time.Duration
}

// Next returns the time of the next message: for each that had the time of the
// one before it, it and all that follow lie a nanosecond later. No event shows
// that, and no duration loses a second by it.
func (o *Order) Next(told time.Time) time.Time {
	if told.Equal(o.last) {
		o.same++
	}
	o.last = told
	return told.Add(o.same)
}
