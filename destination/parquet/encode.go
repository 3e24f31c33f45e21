package parquet

import (
	"io"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"github.com/parlance-chat/parlance/destination/warehouse"
)

// An encoder writes rows of one table as Parquet files. It is not safe for
// concurrent use.
type encoder struct {
	table  *warehouse.Table
	writer *pq.GenericWriter[any]
	rows   [rowsAtOnce]pq.Row // used again and again
}

// rowsAtOnce is how many rows are laid out before the library gets them.
const rowsAtOnce = 64

func newEncoder(t *warehouse.Table) *encoder {
	root := columns{Group: make(pq.Group)}
	for _, c := range t.Columns {
		root.names = append(root.names, c.Name)
		root.Group[c.Name] = node(c)
	}
	return &encoder{table: t, writer: pq.NewGenericWriter[any](io.Discard, &pq.WriterConfig{
		Schema: pq.NewSchema(t.Name, root), Compression: &pq.Zstd, CreatedBy: "parlance",
		PageBufferSize: 64 << 10, DictionaryMaxBytes: 1 << 20, DataPageVersion: 1,
	})}
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

// encode writes a file.
func (e *encoder) encode(w io.Writer, rows [][]any) error {
	e.writer.Reset(w)
	for len(rows) > 0 {
		n := min(rowsAtOnce, len(rows))
		for i, r := range rows[:n] {
			e.rows[i] = values(e.rows[i][:0], r)
		}
		if _, err := e.writer.WriteRows(e.rows[:n]); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return e.writer.Close()
}

// values appends the values of a row.
func values(r pq.Row, row []any) pq.Row {
	for i, v := range row {
		var p pq.Value
		level := 1
		switch v := v.(type) {
		case nil:
			level = 0
		case string:
			p = pq.ByteArrayValue([]byte(v))
		case []byte:
			p = pq.ByteArrayValue(v)
		case int64:
			p = pq.Int64Value(v)
		case time.Time:
			p = pq.Int64Value(v.UnixMicro())
		}
		r = append(r, p.Level(0, level, i))
	}
	return r
}
