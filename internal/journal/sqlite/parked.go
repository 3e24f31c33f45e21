package sqlite

import (
	"context"
	"errors"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/parlance-chat/parlance/internal/journal"
)

// A storedEvent is a parked event with what a block tells in its row.
type storedEvent struct {
	journal.Event
	Seq journal.Seq `cbor:"20,keyasint"`
	At  time.Time   `cbor:"21,keyasint"`
}

func parkedSize(parked []journal.Parked) (size int) {
	for _, p := range parked {
		size += 256 + len(p.Event.JSON)
	}
	return size
}

// park parks calls. What was parked before an attempt to move the cursor that
// failed, and happened, is parked already.
func (t *tx) park(parked []journal.Parked) error {
	for _, p := range parked {
		t.w.codec.reset()
		data, err := t.w.codec.encode(storedEvent{p.Event, p.Event.Seq, p.Event.At})
		if err != nil {
			return err
		}
		t.bytes += 256 + len(data)
		err = t.w.exec(`INSERT INTO parked (workspace, destination, seq, at, source, conversation, name, reason, request, status, response, event)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workspace, destination, seq) DO UPDATE SET at = excluded.at,
			reason = excluded.reason, request = excluded.request, status = excluded.status, response = excluded.response`,
			p.Workspace, p.Destination, int64(p.Event.Seq), t.at.UnixMicro(), p.Event.Source, p.Event.Conversation, p.Event.Name,
			p.Reason, p.Request, p.Status, p.Response, data)
		if err != nil {
			return err
		}
	}
	return nil
}

// errEnough ends a query of which no more is wanted.
var errEnough = errors.New("enough")

// Parked implements journal.Shelf.
func (j *Journal) Parked(ctx context.Context, q journal.ParkedQuery, limit int) (list []journal.Parked, err error) {
	where, order, args := parkedWhere(q)
	err = j.query(ctx, "SELECT id, destination, at, reason, request, status, response, event FROM parked WHERE "+where+order, func(s *sqlite.Stmt) error {
		if len(list) >= limit {
			return errEnough
		}
		var e storedEvent
		if err := decode(j.decoder, blob(s, 7), &e); err != nil {
			return err
		}
		e.Event.Seq, e.Event.At, e.Event.Workspace = e.Seq, e.At, q.Workspace
		if !q.Lets(&e.Event) { // its user is told only here
			return nil
		}
		list = append(list, journal.Parked{ID: s.ColumnInt64(0), Workspace: q.Workspace, Destination: s.ColumnText(1), At: moment(s.ColumnInt64(2)),
			Reason: s.ColumnText(3), Request: s.ColumnText(4), Status: s.ColumnInt(5), Response: s.ColumnText(6), Event: e.Event})
		return nil
	}, args...)
	if errors.Is(err, errEnough) {
		err = nil
	}
	return list, err
}

// CountParked implements journal.Shelf.
func (j *Journal) CountParked(ctx context.Context, q journal.ParkedQuery) (n int64, err error) {
	where, _, args := parkedWhere(q)
	if q.User == "" {
		err = j.query(ctx, "SELECT count(*) FROM parked WHERE "+where, func(s *sqlite.Stmt) error {
			n = s.ColumnInt64(0)
			return nil
		}, args...)
		return n, err
	}
	err = j.query(ctx, "SELECT event FROM parked WHERE "+where, func(s *sqlite.Stmt) error {
		var e storedEvent
		if err := decode(j.decoder, blob(s, 0), &e); err != nil {
			return err
		}
		if q.Lets(&e.Event) {
			n++
		}
		return nil
	}, args...)
	return n, err
}

// parkedWhere returns q in SQL, as far as the columns tell. It walks an index
// in the order that is wanted, so that a page costs what stands before it and
// no more.
func parkedWhere(q journal.ParkedQuery) (where, order string, args []any) {
	var and []string
	add := func(condition string, arg any) {
		and, args = append(and, condition), append(args, arg)
	}
	add("workspace = ?", q.Workspace)
	for _, c := range []struct{ condition, value string }{
		{"destination = ?", q.Destination}, {"source = ?", q.Source}, {"conversation = ?", q.Conversation}, {"name = ?", q.Name}, {"instr(reason, ?) > 0", q.Reason},
	} {
		if c.value != "" {
			add(c.condition, c.value)
		}
	}
	if !q.Since.IsZero() {
		add("at >= ?", q.Since.UnixMicro())
	}
	if !q.Until.IsZero() {
		add("at < ?", q.Until.UnixMicro())
	}
	if len(q.IDs) > 0 {
		for _, id := range q.IDs {
			args = append(args, id)
		}
		and = append(and, "id IN ("+strings.TrimSuffix(strings.Repeat("?,", len(q.IDs)), ",")+")")
	}
	order = " ORDER BY id DESC"
	if q.OldestFirst {
		order = " ORDER BY id"
		add("id > ?", q.Past)
	} else if q.Past > 0 {
		add("id < ?", q.Past)
	}
	return strings.Join(and, " AND "), order, args
}

// Unpark implements journal.Shelf.
func (j *Journal) Unpark(ctx context.Context, workspace string, ids ...int64) error {
	return j.write(ctx, 16*len(ids), func(t *tx) error {
		for _, id := range ids {
			if err := t.w.exec("DELETE FROM parked WHERE workspace = ? AND id = ?", workspace, id); err != nil {
				return err
			}
		}
		return nil
	})
}
