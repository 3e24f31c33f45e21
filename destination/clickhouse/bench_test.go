package clickhouse

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

const benchmarked = 100_000

// BenchmarkSend writes 100,000 events in attempts of 10,000, as the gateway
// does when it has many.
func BenchmarkSend(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		db := newDatabase(b)
		d := db.open(b)
		warehousetest.Send(b, d, `{"type":"page"}`) // which makes the tables
		var attempts []destination.Attempt
		for from := 0; from < benchmarked; from += maxCalls {
			attempts = append(attempts, warehousetest.Numbered(from, maxCalls))
		}
		b.StartTimer()
		for _, a := range attempts {
			if err := d.Send(b.Context(), a); err != nil {
				b.Fatal(err)
			}
		}
		b.StopTimer()
		db.counted(b)
		b.StartTimer()
	}
	b.ReportMetric(benchmarked*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkInsert brings the same rows into the same tables with INSERT alone:
// they are written beforehand, and nothing knows a repetition.
func BenchmarkInsert(b *testing.B) {
	for _, size := range []int{benchmarked, maxCalls} {
		b.Run(fmt.Sprintf("%d at a time", size), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				db := newDatabase(b)
				d := db.open(b)
				warehousetest.Send(b, d, `{"type":"page"}`)
				inserts := written(b, d, size)
				b.StartTimer()
				for _, i := range inserts {
					i.do(b, db)
				}
				b.StopTimer()
				db.counted(b)
				b.StartTimer()
			}
			b.ReportMetric(benchmarked*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func (db database) counted(b *testing.B) {
	b.Helper()
	if got := db.ask(b, "select (select count() from {db}.tracks), (select count() from {db}.live_chat_message_sent)"); got != "100000|100000" {
		b.Fatalf("got %s rows", got)
	}
}

type prepared struct {
	table string
	rows  []byte
}

// written returns the inserts of all events, size of them in each.
func written(b *testing.B, d *Destination, size int) (list []prepared) {
	b.Helper()
	for from := 0; from < benchmarked; from += size {
		rows, err := d.layout.Rows(warehousetest.Numbered(from, size))
		if err != nil {
			b.Fatal(err)
		}
		for i, t := range d.layout.Tables {
			if len(rows[i]) == 0 {
				continue
			}
			var body bytes.Buffer
			if err := write(&body, t, rows[i]); err != nil {
				b.Fatal(err)
			}
			list = append(list, prepared{quote(d.layout.database, t.Name), body.Bytes()})
		}
	}
	return list
}

func (p prepared) do(b *testing.B, db database) {
	b.Helper()
	resp, err := http.Post(db.address+"/?"+url.Values{"query": {"insert into " + p.table + " format JSONEachRow"}}.Encode(), "", bytes.NewReader(p.rows))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		b.Fatalf("%d %s (%v)", resp.StatusCode, said, err)
	}
}
