package archive

import (
	"context"
	"time"

	"zombiezen.com/go/sqlite"
)

const (
	// sweepEvery is how often what is too old is looked for.
	sweepEvery = 10 * time.Minute
	// threadsOnce bounds the threads that one transaction deletes.
	threadsOnce = 100
)

// Sweep deletes threads in which nothing has happened for too long, a few a
// transaction. Figures stay: they name no customer.
func (a *Archive) Sweep(ctx context.Context) error {
	if a.o.Keep == 0 {
		return nil
	}
	before := a.o.now().Add(-a.o.Keep).UnixMilli()
	for ctx.Err() == nil {
		threads, err := a.idle(ctx, before)
		if err != nil || len(threads) == 0 {
			return err
		}
		err = a.write(func(w *writing) error {
			for _, t := range threads {
				if _, err := w.dropThread(t); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// idle returns some threads in which nothing has happened since a time.
func (a *Archive) idle(ctx context.Context, before int64) (list []int64, err error) {
	err = a.read(ctx, `SELECT DISTINCT c.id >> 20 FROM places p CROSS JOIN (SELECT 0 AS state UNION ALL SELECT 1 UNION ALL SELECT 2) s
		CROSS JOIN conversations c ON c.place = p.id AND c.state = s.state AND c.active < ?1
		WHERE (SELECT max(l.active) FROM conversations l WHERE l.id BETWEEN (c.id >> 20) << 20 AND c.id | 1048575) < ?1 LIMIT ?2`,
		func(s *sqlite.Stmt) error {
			list = append(list, s.ColumnInt64(0))
			return nil
		}, before, threadsOnce)
	return list, err
}

// dropThread deletes a thread with all that is in it, and returns how many
// events there were. What stands open stands so no more; all that it has
// counted for stays.
func (w *writing) dropThread(thread int64) (events int, err error) {
	last, err := w.loadLast(thread)
	if err != nil {
		return 0, err
	}
	if last != nil && last.state == going {
		w.tally.now(last, -1)
	}
	if err := w.dropConversations(thread); err != nil {
		return 0, err
	}
	of := func(s *sqlite.Stmt) { s.BindInt64(1, thread) }
	if err := run(w.conn, "DELETE FROM events WHERE thread = ?", of, nil); err != nil {
		return 0, err
	}
	events = w.conn.Changes()
	return events, run(w.conn, "DELETE FROM threads WHERE id = ?", of, nil)
}
