package connector

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strconv"
)

// Occurrences names the messages of a transcript whose tool gives them no ids:
// by their content, and by which occurrence of it each is. So a longer
// transcript, one of which the beginning is cut off, and a webhook that told
// of the first message alone give the same message the same id.
type Occurrences map[string]int

// ID returns the id of the next message with this content, such as its author
// and its text.
func (o Occurrences) ID(content ...string) string {
	h := sha256.New()
	for _, c := range content {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(c)))
		h.Write(n[:])
		h.Write([]byte(c))
	}
	id := hex.EncodeToString(h.Sum(nil)[:12])
	o[id]++
	if n := o[id]; n > 1 {
		id += "-" + strconv.Itoa(n)
	}
	return id
}
