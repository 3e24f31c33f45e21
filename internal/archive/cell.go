package archive

import (
	"encoding/binary"
	"errors"
	"maps"
	"math/bits"
	"slices"
)

// A cell holds the figures of a day, in UTC, as a sparse vector: numbers by
// key, of which none is 0. A key is a metric, a quarter of an hour of the day
// and, for what is measured, a bucket of its length. All zones of today are
// whole quarters of an hour away from UTC, so that any of them can be
// answered exactly.
//
// In the file it is pairs of unsigned varints, in the order of the keys: how
// much larger the key is than the one before, and the number.
type key uint32

const (
	bucketBits  = 11
	quarterBits = 7
	placeBits   = 21
	dayBits     = 17
)

func newKey(m Metric, quarter int64, bucket int) key {
	return key(m)<<(quarterBits+bucketBits) | key(quarter)<<bucketBits | key(bucket)
}

func (k key) metric() Metric { return Metric(k >> (quarterBits + bucketBits)) }
func (k key) quarter() int   { return int(k>>bucketBits) & (1<<quarterBits - 1) }
func (k key) bucket() int    { return int(k) & (1<<bucketBits - 1) }

// cellID is the row of a cell. Days count from 1970; day 0 has what is not by
// time.
func cellID(agent, place, day int64) int64 { return agent<<(placeBits+dayBits) | place<<dayBits | day }

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

// each calls f with what is in a cell.
func each(data []byte, f func(k key, n int64)) error {
	var k uint64
	for len(data) > 0 {
		// Most numbers take one byte or two.
		step, i := uint64(data[0]), 1
		if step >= 0x80 {
			step, i = binary.Uvarint(data)
		}
		if i <= 0 || i >= len(data) {
			return errCell
		}
		data = data[i:]
		n, j := uint64(data[0]), 1
		if n >= 0x80 {
			n, j = binary.Uvarint(data)
		}
		if j <= 0 {
			return errCell
		}
		data = data[j:]
		k += step
		f(key(k), int64(n))
	}
	return nil
}

// merge returns the cell that data becomes by adding change.
func merge(data []byte, change map[key]int64) ([]byte, error) {
	keys := slices.Sorted(maps.Keys(change))
	out := make([]byte, 0, len(data)+4*len(keys))
	var last key
	put := func(k key, n int64) {
		if n != 0 {
			out = binary.AppendUvarint(out, uint64(k-last))
			out = binary.AppendUvarint(out, uint64(n))
			last = k
		}
	}
	err := each(data, func(k key, n int64) {
		for len(keys) > 0 && keys[0] < k {
			put(keys[0], change[keys[0]])
			keys = keys[1:]
		}
		if len(keys) > 0 && keys[0] == k {
			n += change[k]
			keys = keys[1:]
		}
		put(k, n)
	})
	for _, k := range keys {
		put(k, change[k])
	}
	return out, err
}
