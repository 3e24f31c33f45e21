package archive

import (
	"encoding/binary"
	"errors"
	"maps"
	"math/bits"
	"slices"
)

// A cell holds the figures of three hours as a sparse vector: numbers by key, of
// which none is 0. An agent's are few, and their cell is of four days. So most
// cells have two or three kilobytes, and fit in a page of SQLite: those of a day
// did not, and reports took twice as long.
//
// A key is a metric, a quarter of an hour since the cell begins and, for what
// is measured, a bucket of its length. All zones of today are whole quarters of
// an hour away from UTC, so that any of them can be answered exactly.
//
// In the file a cell is words of 32 bits, little-endian: for each metric, in
// order, one word with it and how many follow, then those, in the order of their
// keys. Each has 10 bits for the quarter, 11 for the bucket if there are any,
// and a number in what is left. A number that needs more goes on in the next
// word, which has the same key. Varints would take a third less room, and half of
// the time of a report of a year, which reads millions of numbers.
type key uint32

const (
	bucketBits  = 11
	quarterBits = 10
	metricShift = quarterBits + bucketBits
	placeBits   = 21
	dayBits     = 17
	timeBits    = dayBits + 3
)

func newKey(m Metric, quarter int64, bucket int) key {
	return key(m)<<metricShift | key(quarter)<<bucketBits | key(bucket)
}

func (k key) metric() Metric { return Metric(k >> metricShift) }

// width returns how many bits of a word have the number.
func (m Metric) width() uint {
	if m.measured() {
		return 32 - quarterBits - bucketBits
	}
	return 32 - quarterBits
}

// threeHours are what a cell of all is of, and count the time in the ids of
// cells.
const threeHours = 12 * quarter

// cellsOf returns how many times three hours a cell of an agent is of, 0 being
// all. It begins on a multiple of them.
func cellsOf(agent int64) int64 {
	if agent == 0 {
		return 1
	}
	return 4 * day / threeHours
}

// cellOf returns the row of the cell that has a time, and the quarter of an
// hour that it is there. The first of all has what is not by time.
func cellOf(agent, place, at int64) (id, q int64) {
	at /= quarter
	span := cellsOf(agent) * threeHours / quarter
	return cellID(agent, place, at-at%span), at % span
}

// cellID is the row of a cell that begins with a quarter of an hour, which
// count from 1970.
func cellID(agent, place, first int64) int64 {
	return agent<<(placeBits+timeBits) | place<<timeBits | first*quarter/threeHours
}

// subBits is how finely lengths are told apart: 64 buckets from each power of
// two to the next. What is below 128 ms is exact, and the middle of a bucket is
// off by at most 1/128 of what it stands for.
const subBits = 6

// Buckets is how many there are.
const Buckets = 1 << bucketBits

// Bucket returns the bucket of a length in milliseconds. The last one takes all
// that is longer than 4 years.
func Bucket(ms int64) int {
	if ms < 2<<subBits {
		return int(max(ms, 0))
	}
	shift := bits.Len64(uint64(ms)) - 1 - subBits
	return min(shift<<subBits+int(ms>>shift), Buckets-1)
}

// BucketFrom returns the shortest length in a bucket, in milliseconds.
func BucketFrom(bucket int) int64 {
	if bucket < 2<<subBits {
		return int64(bucket)
	}
	shift := bucket>>subBits - 1
	return int64(bucket-shift<<subBits) << shift
}

// BucketMiddle returns what a bucket stands for, in milliseconds.
func BucketMiddle(bucket int) float64 {
	return float64(BucketFrom(bucket)+BucketFrom(bucket+1)-1) / 2
}

var errCell = errors.New("a cell is damaged: run 'parlance archive rebuild'")

// A Number is one of a cell: how many, or how much, of a metric there was in a
// quarter of an hour.
type Number struct {
	Quarter int32 // since the cell begins
	Bucket  int32 // of what is measured
	N       int64
}

// each calls f with what is in a cell, by metric. The list is valid until f
// returns; its memory is spare's, if that is enough, and is returned.
func each(data []byte, spare []Number, f func(m Metric, list []Number)) ([]Number, error) {
	for len(data) >= 4 {
		head := binary.LittleEndian.Uint32(data)
		m, words := Metric(head&0xff), int(head>>8)
		if data = data[4:]; words == 0 || words > len(data)/4 {
			return spare, errCell
		}
		spare = numbers(data[:4*words], m.width(), spare)
		f(m, spare)
		data = data[4*words:]
	}
	if len(data) > 0 {
		return spare, errCell
	}
	return spare, nil
}

// numbers returns those of a metric, in list's memory if that is enough.
func numbers(data []byte, bits uint, list []Number) []Number {
	words := len(data) / 4
	list = slices.Grow(list[:0], words)[:words]
	n, last, digits := 0, -1, uint(0)
	for ; len(data) >= 4; data = data[4:] {
		w := binary.LittleEndian.Uint32(data)
		at, number := int(w>>bits), int64(w&(1<<bits-1))
		if at == last {
			digits += bits
			list[n-1].N |= number << digits
			continue
		}
		last, digits = at, 0
		list[n] = Number{int32(w >> (32 - quarterBits)), int32(w << quarterBits >> quarterBits >> bits), number}
		n++
	}
	return list[:n]
}

// merge returns the cell that data becomes by adding change.
func merge(data []byte, change map[key]int64) ([]byte, error) {
	keys := slices.Sorted(maps.Keys(change))
	out := cellWriter{data: make([]byte, 0, len(data)+8*len(keys))}
	_, err := each(data, nil, func(m Metric, list []Number) {
		for _, n := range list {
			k := newKey(m, int64(n.Quarter), int(n.Bucket))
			for len(keys) > 0 && keys[0] < k {
				out.put(keys[0], change[keys[0]])
				keys = keys[1:]
			}
			if len(keys) > 0 && keys[0] == k {
				n.N += change[k]
				keys = keys[1:]
			}
			out.put(k, n.N)
		}
	})
	for _, k := range keys {
		out.put(k, change[k])
	}
	return out.data, err
}

// A cellWriter writes a cell, number by number, in the order of their keys.
type cellWriter struct {
	data   []byte
	metric Metric // of the last number
	head   int    // where its first word is
}

func (w *cellWriter) put(k key, n int64) {
	if n == 0 {
		return
	}
	m := k.metric()
	if m != w.metric {
		w.metric, w.head = m, len(w.data)
		w.data = binary.LittleEndian.AppendUint32(w.data, uint32(m))
	}
	bits := m.width()
	at := uint32(k) << (32 - metricShift)
	for ; n != 0; n = int64(uint64(n) >> bits) {
		w.data = binary.LittleEndian.AppendUint32(w.data, at|uint32(n)&(1<<bits-1))
		binary.LittleEndian.PutUint32(w.data[w.head:], binary.LittleEndian.Uint32(w.data[w.head:])+1<<8)
	}
}
