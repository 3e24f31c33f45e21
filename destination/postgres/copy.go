package postgres

import (
	"context"
	"encoding/binary"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
)

// A stream is rows as COPY takes them in binary. A value's own type tells how
// it is written, which pgx would look up for each.
//
// Source: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format"
type stream struct {
	rows    [][]any
	numeric map[int]bool // the columns of whole numbers that are no bigint
	types   *pgtype.Map

	buffer []byte
	unread []byte // in the buffer
	begun  bool
	ended  bool
}

const (
	copyHeader  = "PGCOPY\n\xff\r\n\x00" + "\x00\x00\x00\x00" + "\x00\x00\x00\x00" // no flags, no extension
	copyTrailer = "\xff\xff"
)

// Read implements io.Reader.
func (s *stream) Read(p []byte) (int, error) {
	if len(s.unread) == 0 {
		if err := s.fill(len(p)); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.unread)
	s.unread = s.unread[n:]
	return n, nil
}

// fill writes as many rows as fill a buffer.
func (s *stream) fill(size int) (err error) {
	if s.ended {
		return io.EOF
	}
	b := s.buffer[:0]
	if !s.begun {
		b = append(b, copyHeader...)
		s.begun = true
	}
	for len(s.rows) > 0 && len(b) < size {
		if b, err = s.row(b, s.rows[0]); err != nil {
			return err
		}
		s.rows = s.rows[1:]
	}
	if len(s.rows) == 0 {
		b = append(b, copyTrailer...)
		s.ended = true
	}
	s.buffer, s.unread = b, b
	return nil
}

// row appends a row.
func (s *stream) row(b []byte, row []any) ([]byte, error) {
	b = binary.BigEndian.AppendUint16(b, uint16(len(row)))
	for i, v := range row {
		switch v := v.(type) {
		case nil:
			b = append(b, "\xff\xff\xff\xff"...)
		case string:
			b = binary.BigEndian.AppendUint32(b, uint32(len(v)))
			b = append(b, v...)
		case time.Time:
			b = binary.BigEndian.AppendUint32(b, 8)
			b = binary.BigEndian.AppendUint64(b, uint64(v.UnixMicro()-epoch))
		case []byte:
			b = binary.BigEndian.AppendUint32(b, uint32(1+len(v)))
			b = append(append(b, 1), v...) // the version of jsonb
		case int64:
			if s.numeric[i] {
				var err error
				if b, err = s.number(b, v); err != nil {
					return nil, err
				}
				continue
			}
			b = binary.BigEndian.AppendUint32(b, 8)
			b = binary.BigEndian.AppendUint64(b, uint64(v))
		}
	}
	return b, nil
}

// epoch is that of PostgreSQL's times, in microseconds of Unix's.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()

// number appends a whole number as numeric.
func (s *stream) number(b []byte, n int64) ([]byte, error) {
	v, err := s.types.Encode(pgtype.NumericOID, pgtype.BinaryFormatCode, n, nil)
	return append(binary.BigEndian.AppendUint32(b, uint32(len(v))), v...), err
}

// copy brings rows into a table, or into the one in which they stand before.
func (s *session) copy(ctx context.Context, t *table, rows [][]any, staged bool) error {
	r := &stream{rows: rows, types: s.TypeMap()}
	if staged {
		_, err := s.PgConn().CopyFrom(ctx, r, t.copyStaged)
		return err
	}
	r.numeric = s.numeric[t.Name]
	_, err := s.PgConn().CopyFrom(ctx, r, t.copy)
	return err
}
