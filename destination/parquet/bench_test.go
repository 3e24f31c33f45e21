package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
	"github.com/parlance-chat/parlance/destination/warehouse"
	"github.com/parlance-chat/parlance/internal/disk"
)

// BenchmarkSend compares Send with plain loops that write the same calls into
// files of the same two tables, file and name on disk for each. Both read calls by
// encoding/json and do without the record of attempts, so that a file may come
// twice after a crash. Same has the same columns; ten has only those that these
// calls have values for, as fields of a struct.
func BenchmarkSend(b *testing.B) {
	tables := map[string]*warehouse.Table{}
	for _, t := range warehouse.New().Tables {
		tables[t.Name] = t
	}
	d := local(b, b.TempDir())
	dir := b.TempDir()
	path := func(table string, a destination.Attempt) string {
		return filepath.Join(dir, table+"-"+a.Calls[0].MessageID+".parquet")
	}
	destinationtest.Race(b, maxCalls,
		destinationtest.Racer{Name: "Send", Send: d.Send},
		destinationtest.Racer{Name: "same", Send: func(_ context.Context, a destination.Attempt) error {
			for _, name := range []string{"live_chat_message_sent", "tracks"} {
				if err := written(path("same-"+name, a), tables[name], a); err != nil {
					return err
				}
			}
			return nil
		}},
		destinationtest.Racer{Name: "ten", Send: func(_ context.Context, a destination.Attempt) error {
			rows, err := plainRows(a)
			if err != nil {
				return err
			}
			for _, name := range []string{"sent", "tracks"} {
				if err := writePlain(path("ten-"+name, a), rows); err != nil {
					return err
				}
			}
			return nil
		}},
	)
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
	return errors.Join((&encoder{table: t}).encode(f, rows), f.Sync(), f.Close(), disk.Sync(filepath.Dir(path)))
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

func plainRows(a destination.Attempt) (rows []plain, err error) {
	for _, c := range a.Calls {
		var call struct {
			Event, UserID string
			Timestamp     time.Time
			Context       struct {
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
			return nil, err
		}
		p := call.Properties
		rows = append(rows, plain{c.MessageID, call.UserID, a.SentAt, call.Timestamp, call.Context.LiveChat.Source, call.Event, p.Duration, p.Conversation, p.Body, p.MessageID})
	}
	return rows, nil
}

func writePlain(path string, rows []plain) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w := pq.NewGenericWriter[plain](f, pq.Compression(&pq.Zstd))
	if _, err = w.Write(rows); err == nil {
		err = w.Close()
	}
	return errors.Join(err, f.Sync(), f.Close(), disk.Sync(filepath.Dir(path)))
}
