package archive

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12}`), rapid.StringMatching(`[a-z ]{15,19}`)).Draw(t, "id")
		if got := unpack(pack(id)); got != id {
			t.Fatalf("got %q of %q", got, id)
		}
	})
}

func TestCells(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[key]int64{}
		var data []byte
		for range rapid.IntRange(1, 5).Draw(t, "times") {
			change := rapid.MapOfN(rapid.Custom(func(t *rapid.T) key {
				m, bucket := Metric(rapid.IntRange(1, 43).Draw(t, "metric")), 0
				if m.measured() {
					bucket = rapid.IntRange(0, Buckets-1).Draw(t, "bucket")
				}
				return newKey(m, rapid.Int64Range(0, 4*96-1).Draw(t, "quarter"), bucket)
			}), rapid.Int64Range(-3, 1<<40), 0, 20).Draw(t, "change")
			for k, n := range change {
				n = max(n, -want[k])
				change[k] = n
				if want[k] += n; want[k] == 0 {
					delete(want, k)
				}
			}
			var err error
			if data, err = merge(data, change); err != nil {
				t.Fatal(err)
			}
		}
		n := 0
		_, err := each(data, nil, func(m Metric, list []Number) {
			for _, v := range list {
				k := newKey(m, int64(v.Quarter), int(v.Bucket))
				if n++; want[k] != v.N {
					t.Fatalf("%x: got %d, want %d", k, v.N, want[k])
				}
			}
		})
		if err != nil || n != len(want) {
			t.Fatalf("got %d numbers, want %d (%v)", n, len(want), err)
		}
		if len(data) > 0 {
			if _, err := each(data[:len(data)-1], nil, func(Metric, []Number) {}); err == nil {
				t.Fatal("got no error of a cell that was cut off")
			}
		}
	})
}

// A bucket stands for its lengths, up to one in 128.
func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(0, 4*365*24*3600*1000).Draw(t, "ms")
		b := Bucket(ms)
		if from, to := BucketFrom(b), BucketFrom(b+1); ms < from || ms >= to && b < Buckets-1 {
			t.Fatalf("%d is in bucket %d, from %d to %d", ms, b, from, to)
		}
		if off := BucketMiddle(b) - float64(ms); off*128 > float64(ms) || -off*128 > float64(ms) {
			t.Fatalf("%d is told as %g", ms, BucketMiddle(b))
		}
	})
}
