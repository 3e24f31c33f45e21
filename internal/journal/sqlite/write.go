package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/parlance-chat/parlance/internal/journal"
)

// write has the writer do something, and waits until it is durable.
func (j *Journal) write(ctx context.Context, size int, do func(*tx) error) error {
	return j.put(ctx, &request{do: do, size: size})
}

func (j *Journal) put(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.done = make(chan error, 1)
	if err := j.queue.put(r); err != nil {
		return err
	}
	// What was queued will be written, so there is no leaving before.
	return <-r.done
}

// Append implements journal.Inbox.
func (j *Journal) Append(ctx context.Context, webhooks ...*journal.Webhook) error {
	size := 0
	for _, h := range webhooks {
		size += len(h.Body) + h.Size()
	}
	return j.put(ctx, &request{size: size, gather: func(t *tx) { t.webhooks = append(t.webhooks, webhooks...) }})
}

// Commit implements journal.Workbench.
func (j *Journal) Commit(ctx context.Context, s journal.Source, applied []journal.Applied, upTo journal.Seq) error {
	size, events := 256*len(applied), 0
	for _, a := range applied {
		events += len(a.Events)
		for i := range a.Events {
			size += a.Events[i].Size()
		}
	}
	return j.put(ctx, &request{
		size: size,
		gather: func(t *tx) {
			if events > 0 {
				list := slices.Grow(t.events[s.Workspace], events)
				for _, a := range applied {
					list = append(list, a.Events...)
				}
				t.events[s.Workspace] = list
			}
			t.applied = append(t.applied, applied...)
			t.positions[s] = upTo
		},
		do: func(t *tx) error {
			for _, a := range applied {
				if err := t.apply(a); err != nil {
					return err
				}
			}
			return nil
		},
	})
}

func (t *tx) apply(a journal.Applied) error {
	t.bytes += 256 + len(a.State)
	if a.Activity == "" && a.State == nil {
		return nil
	}
	id, err := t.conversation(a.Conversation)
	if err != nil {
		return err
	}
	if a.Activity != "" {
		err := t.w.set("INSERT OR IGNORE INTO seen VALUES (?, ?, ?)", func(s *sqlite.Stmt) {
			s.BindInt64(1, id)
			s.BindInt64(2, fingerprint(a.Activity))
			s.BindInt64(3, day(t.at))
		})
		if err != nil {
			return err
		}
	}
	if a.State != nil {
		return t.w.set("UPDATE conversations SET state = ?, wake = ? WHERE id = ?", func(s *sqlite.Stmt) {
			s.BindBytes(1, a.State)
			if a.Wake.IsZero() {
				s.BindNull(2)
			} else {
				s.BindInt64(2, a.Wake.UnixMicro())
			}
			s.BindInt64(3, id)
		})
	}
	return nil
}

// conversation returns the row of a conversation, and notes that something
// happened in it today.
func (t *tx) conversation(c journal.Conversation) (id int64, err error) {
	if today := day(t.at); t.w.day != today {
		t.w.day = today
		clear(t.w.ids)
	}
	if id, ok := t.w.ids[c]; ok {
		return id, nil
	}
	s := t.conn.Prep(`INSERT INTO conversations (workspace, source, conversation, day) VALUES (?, ?, ?, ?)
		ON CONFLICT (workspace, source, conversation) DO UPDATE SET day = excluded.day RETURNING id`)
	s.BindText(1, c.Workspace)
	s.BindText(2, c.Source)
	s.BindText(3, c.ID)
	s.BindInt64(4, day(t.at))
	if _, err = s.Step(); err == nil {
		id = s.ColumnInt64(0)
	}
	if err = errors.Join(err, s.Reset()); err == nil {
		if len(t.w.ids) >= ids {
			clear(t.w.ids)
		}
		t.w.ids[c] = id
	}
	return id, err
}

func day(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// fingerprint is the part of an activity's ID that is remembered: with 64 bits,
// one in 18,000,000,000,000 activities of a conversation of a million would be
// taken for a repetition.
func fingerprint(activity string) int64 {
	h := sha256.Sum256([]byte(activity))
	return int64(binary.BigEndian.Uint64(h[:8]))
}

// Cursor implements journal.Outbox.
func (j *Journal) Cursor(ctx context.Context, workspace, destination string) (journal.Seq, error) {
	at, ok, err := j.cursor(ctx, workspace, destination)
	if err != nil || ok {
		return at, err
	}
	err = j.write(ctx, 64, func(t *tx) error {
		return t.w.exec("INSERT OR IGNORE INTO cursors SELECT ?1, ?2, coalesce((SELECT max(last) FROM events WHERE workspace = ?1), 0)", workspace, destination)
	})
	if err != nil {
		return 0, err
	}
	at, _, err = j.cursor(ctx, workspace, destination)
	return at, err
}

// Move implements journal.Outbox.
func (j *Journal) Move(ctx context.Context, c journal.Cursor, parked ...journal.Parked) error {
	return j.write(ctx, 64+parkedSize(parked), func(t *tx) error {
		if err := t.park(parked); err != nil {
			return err
		}
		t.bytes += 64
		return t.w.exec("INSERT INTO cursors VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", c.Workspace, c.Destination, int64(c.At))
	})
}

// Forget removes a destination's cursor, so that it holds no events any more,
// and what else is known of its delivery but for parked calls.
func (j *Journal) Forget(ctx context.Context, workspace, destination string) error {
	return j.write(ctx, 64, func(t *tx) error {
		return errors.Join(
			t.w.exec("DELETE FROM cursors WHERE workspace = ? AND destination = ?", workspace, destination),
			t.w.exec("DELETE FROM holds WHERE workspace = ? AND destination = ?", workspace, destination),
			t.w.exec("DELETE FROM replays WHERE workspace = ? AND destination = ?", workspace, destination))
	})
}
