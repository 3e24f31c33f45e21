package warehouse_test

import (
	"testing"

	"github.com/parlance-chat/parlance/destination/warehouse"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

// BenchmarkRows makes rows of 1,000 events.
func BenchmarkRows(b *testing.B) {
	l := warehouse.New()
	a := warehousetest.Numbered(0, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Rows(a); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
}
