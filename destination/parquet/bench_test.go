package parquet

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

// benchmarked is how many events there are. An attempt has 10,000.
const benchmarked = 100_000

// BenchmarkSend writes events to a directory, as the gateway does: each attempt
// is on disk when Send returns.
func BenchmarkSend(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		d := local(b, b.TempDir())
		warehousetest.Send(b, d, `{"type":"page"}`) // which makes the tables
		for from := 0; from < benchmarked; from += maxCalls {
			a := warehousetest.Numbered(from, maxCalls)
			b.StartTimer()
			if err := d.Send(b.Context(), a); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
		}
		b.StartTimer()
	}
	b.ReportMetric(benchmarked*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkSameColumns is a plain loop that leaves what Send leaves: the same
// columns of the same two tables, on disk for each 10,000. It reads calls by
// encoding/json, looks for each column's value, and does without the record of
// attempts, so that a file may come twice after a crash.
func BenchmarkSameColumns(b *testing.B) {
	tables := map[string]*warehouse.Table{}
	for _, t := range warehouse.New().Tables {
		tables[t.Name] = t
	}
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		for from := 0; from < benchmarked; from += maxCalls {
			a := warehousetest.Numbered(from, maxCalls)
			b.StartTimer()
			for _, name := range []string{"live_chat_message_sent", "tracks"} {
				if err := written(filepath.Join(dir, fmt.Sprintf("%s-%d.parquet", name, from)), tables[name], a); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
		}
		b.StartTimer()
	}
	b.ReportMetric(benchmarked*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func written(path string, t *warehouse.Table, a destination.Attempt) error {
	var rows [][]any
	for _, c := range a.Calls {
		var call map[string]any
		if err := json.Unmarshal(c.JSON, &call); err != nil {
			return err
		}
		flat := map[string]any{"id": call["messageId"], "user_id": call["userId"], "anonymous_id": call["anonymousId"], "event_text": call["event"],
			"timestamp": call["timestamp"], "original_timestamp": call["timestamp"], "sent_at": call["sentAt"], "received_at": call["sentAt"], "context": call["context"]}
		flatten(flat, "context_", call["context"])
		flatten(flat, "", call["properties"])
		row := make([]any, len(t.Columns))
		for i, col := range t.Columns {
			row[i] = typed(col.Kind, flat[col.Name])
		}
		rows = append(rows, row)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(newEncoder(t).encode(f, rows), f.Sync(), f.Close())
}

// flatten adds the values of an object, and of those in it, by names with _.
func flatten(into map[string]any, prefix string, v any) {
	object, _ := v.(map[string]any)
	for k, v := range object {
		into[prefix+k] = v
		flatten(into, prefix+k+"_", v)
	}
}

func typed(k warehouse.Kind, v any) any {
	switch v := v.(type) {
	case string:
		if k == warehouse.Time {
			t, _ := time.Parse(time.RFC3339, v) // they are right here
			return t
		}
		return v
	case float64:
		return int64(v)
	case map[string]any:
		b, _ := json.Marshal(v) // it was JSON
		return b
	}
	return nil
}

// A plain row is what somebody would write down who has a loop, encoding/json
// and parquet-go: only the columns that have values, and no more.
type plain struct {
	ID           string    `parquet:"id"`
	UserID       string    `parquet:"user_id,dict"`
	SentAt       time.Time `parquet:"sent_at,timestamp(microsecond)"`
	Timestamp    time.Time `parquet:"timestamp,timestamp(microsecond)"`
	Source       string    `parquet:"context_live_chat_source,dict"`
	Event        string    `parquet:"event,dict"`
	Duration     int64     `parquet:"conversation_duration"`
	Conversation string    `parquet:"conversation_id,dict"`
	Body         string    `parquet:"message_body"`
	MessageID    string    `parquet:"message_id"`
}

// BenchmarkLoop reads the same calls and writes the same two files for each
// 10,000. It does without all else: no record, no sync, no other columns.
func BenchmarkLoop(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		for from := 0; from < benchmarked; from += maxCalls {
			a := warehousetest.Numbered(from, maxCalls)
			b.StartTimer()
			if err := loop(dir, from, a); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
		}
		b.StartTimer()
	}
	b.ReportMetric(benchmarked*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

func loop(dir string, from int, a destination.Attempt) error {
	var rows []plain
	for _, c := range a.Calls {
		var call struct {
			Event, UserID     string
			SentAt, Timestamp time.Time
			Context           struct {
				LiveChat struct{ Source string } `json:"live_chat"`
			}
			Properties struct {
				Conversation string `json:"conversation_id"`
				Duration     int64  `json:"conversation_duration"`
				Body         string `json:"message_body"`
				MessageID    string `json:"message_id"`
			}
		}
		if err := json.Unmarshal(c.JSON, &call); err != nil {
			return err
		}
		p := call.Properties
		rows = append(rows, plain{c.MessageID, call.UserID, call.SentAt, call.Timestamp, call.Context.LiveChat.Source, call.Event, p.Duration, p.Conversation, p.Body, p.MessageID})
	}
	for _, table := range []string{"sent", "tracks"} {
		f, err := os.Create(filepath.Join(dir, fmt.Sprintf("%s-%d.parquet", table, from)))
		if err != nil {
			return err
		}
		w := pq.NewGenericWriter[plain](f, pq.Compression(&pq.Zstd))
		if _, err = w.Write(rows); err == nil {
			err = w.Close()
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}
