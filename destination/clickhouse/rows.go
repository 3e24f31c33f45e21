package clickhouse

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/parlance-chat/parlance/destination/warehouse"
)

// The first and the last time that DateTime64 holds in milliseconds.
var (
	first = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC)
	last  = time.Date(2299, 12, 31, 23, 59, 59, 999e6, time.UTC)
)

// write writes rows as JSONEachRow, without what is NULL.
func write(w io.Writer, t *warehouse.Table, rows [][]any) error {
	b := bufio.NewWriterSize(w, 64<<10)
	var line []byte
	for _, row := range rows {
		line = append(line[:0], '{')
		for i, v := range row {
			if v == nil {
				continue
			}
			if len(line) > 1 {
				line = append(line, ',')
			}
			line = append(append(append(line, '"'), t.Columns[i].Name...), `":`...)
			line = appendValue(line, v)
		}
		if _, err := b.Write(append(line, "}\n"...)); err != nil {
			return err
		}
	}
	return b.Flush()
}

// appendValue writes a value as ClickHouse reads it.
func appendValue(to []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		to, _ = jsontext.AppendQuote(to, v) // it is valid UTF-8
	case []byte:
		to, _ = jsontext.AppendQuote(to, v)
	case int64:
		to = strconv.AppendInt(to, v, 10)
	case time.Time:
		to = append(to, '"')
		to = clamp(v).AppendFormat(to, "2006-01-02 15:04:05.000")
		to = append(to, '"')
	default:
		panic(fmt.Sprintf("BUG: a row has a %T", v))
	}
	return to
}

// clamp returns the nearest time that ClickHouse holds.
func clamp(t time.Time) time.Time {
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

// attempted are the columns that say when an attempt was made, or follow from it.
var attempted = []string{"received_at", "sent_at", "timestamp"}

// token is what the server knows an insert by. A repetition has the same,
// unless something but the time of the attempt has changed.
func token(t *warehouse.Table, rows [][]any) string {
	h := sha256.New()
	var line []byte
	for _, row := range rows {
		line = line[:0]
		for i, v := range row {
			if v != nil && !slices.Contains(attempted, t.Columns[i].Name) {
				line = appendValue(strconv.AppendInt(line, int64(i), 10), v)
			}
		}
		h.Write(append(line, '\n'))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
