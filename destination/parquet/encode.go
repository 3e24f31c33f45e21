package parquet

import (
	"io"
	"slices"
	"sync"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"github.com/parlance-chat/parlance/destination/warehouse"
)

// An encoder writes rows of one table as Parquet files, one after the other. Its
// methods may be called concurrently.
type encoder struct {
	table *warehouse.Table

	mu     sync.Mutex             // guards the fields below
	writer *pq.GenericWriter[any] // nil until it is needed, and after it failed
	values [valuesAtOnce]pq.Value // used again and again
}

// valuesAtOnce is how many values of a column the library gets at once.
const valuesAtOnce = 256

func newWriter(t *warehouse.Table) *pq.GenericWriter[any] {
	root := columns{Group: make(pq.Group)}
	for _, c := range t.Columns {
		root.names = append(root.names, c.Name)
		root.Group[c.Name] = node(c)
	}
	return pq.NewGenericWriter[any](io.Discard, &pq.WriterConfig{
		Schema: pq.NewSchema(t.Name, root), Compression: &pq.Zstd, CreatedBy: "parlance",
		PageBufferSize: 64 << 10, DictionaryMaxBytes: 1 << 20, DataPageVersion: 1,
	})
}

// distinct are the columns of texts of which hardly two are the same.
var distinct = map[string]bool{"id": true, "message_id": true, "message_body": true}

// node is a column as Parquet has it. Each may be empty, so that a later
// version can do without one. JSON is a text, which every reader takes.
func node(c warehouse.Column) pq.Node {
	switch c.Kind {
	case warehouse.Integer:
		return pq.Optional(pq.Int(64))
	case warehouse.Time:
		return pq.Optional(pq.Timestamp(pq.Microsecond))
	case warehouse.JSON:
		return pq.Optional(pq.String())
	}
	if distinct[c.Name] {
		return pq.Optional(pq.String())
	}
	return pq.Optional(pq.Encoded(pq.String(), &pq.RLEDictionary))
}

// columns are a group in the order of a table, where the library has them by
// name.
type columns struct {
	pq.Group
	names []string
}

// Fields implements pq.Node.
func (c columns) Fields() []pq.Field {
	byName := make(map[string]pq.Field, len(c.names))
	for _, f := range c.Group.Fields() {
		byName[f.Name()] = f
	}
	fields := make([]pq.Field, len(c.names))
	for i, n := range c.names {
		fields[i] = byName[n]
	}
	return fields
}

// encode writes a file, column by column: the library would take rows apart.
func (e *encoder) encode(w io.Writer, rows [][]any) (err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.writer == nil {
		e.writer = newWriter(e.table)
	}
	defer func() {
		if err != nil {
			e.writer = nil
		}
	}()
	e.writer.Reset(w)
	for i, column := range e.writer.ColumnWriters() {
		null := pq.Value{}.Level(0, 0, i)
		for some := range slices.Chunk(rows, len(e.values)) {
			for n, row := range some {
				if e.values[n] = null; row[i] != nil {
					e.values[n] = value(row[i]).Level(0, 1, i)
				}
			}
			if _, err := column.WriteRowValues(e.values[:len(some)]); err != nil {
				return err
			}
		}
	}
	return e.writer.Close()
}

func value(v any) pq.Value {
	if t, ok := v.(time.Time); ok {
		return pq.Int64Value(t.UnixMicro())
	}
	return pq.ValueOf(v)
}
