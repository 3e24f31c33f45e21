package sqlite

import (
	"math"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// sweepEvery is how often what is too old is looked for.
	sweepEvery = 10 * time.Minute
	// sweepBlocks and sweepRows bound what one transaction deletes, so that
	// nobody who writes waits for it.
	sweepBlocks = 16
	sweepRows   = 500
	// logPages is the length of SQLite's log above which the writer itself
	// starts it anew.
	logPages = 16 << 10
)

// checkpoints folds SQLite's log into the file when asked, beside the writer.
func (j *Journal) checkpoints() {
	conn, err := sqlite.OpenConn(filepath.Join(j.dir, fileName), sqlite.OpenReadWrite)
	if err != nil {
		j.o.Log.Error("journal cannot fold its log", "error", err)
		return
	}
	defer conn.Close()
	for {
		select {
		case <-j.ctx.Done():
			return
		case <-j.check:
		}
		pages := 0
		err := sqlitex.Execute(conn, "PRAGMA wal_checkpoint(PASSIVE)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			pages = s.ColumnInt(1)
			return nil
		}})
		if err != nil {
			j.o.Log.Warn("journal could not fold its log; it will be tried again", "error", err)
			continue
		}
		if pages > logPages {
			j.restartLog()
		}
	}
}

// restartLog has the writer fold what is left. Under constant load the log
// would otherwise never come to an end.
func (j *Journal) restartLog() {
	err := j.queue.put(&request{outside: true, do: func(t *tx) error {
		return t.w.exec("PRAGMA wal_checkpoint(RESTART)")
	}, done: make(chan error, 1)})
	if err != nil {
		j.o.Log.Warn("journal could not start its log anew; it will be tried again", "error", err)
	}
}

// sweeps deletes what is too old until the journal is closed.
func (j *Journal) sweeps() {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := j.sweep(); err != nil && j.ctx.Err() == nil {
			j.o.Log.Warn("journal could not delete what is too old; it will be tried again", "error", err)
		}
		select {
		case <-j.ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// A deletion deletes a little of what is too old.
type deletion struct {
	query string
	args  func(j *Journal, now time.Time) []any
}

// deletions are webhooks that are applied, events that every destination has
// got, and the memory of activities whose webhooks are gone. The newest block
// of a log stays, so that positions grow.
var deletions = []deletion{
	{`DELETE FROM webhooks WHERE last IN (SELECT last FROM webhooks INDEXED BY webhooks_at WHERE at < ?
		AND last <= (SELECT value FROM meta WHERE key = 'position') AND last < (SELECT max(last) FROM webhooks) LIMIT ?)`,
		func(j *Journal, now time.Time) []any { return []any{now.Add(-j.o.Webhooks).UnixMicro(), sweepBlocks} }},
	{`DELETE FROM unreadable WHERE (workspace, seq) IN (SELECT workspace, seq FROM unreadable
		WHERE seq < (SELECT min(first) FROM webhooks) LIMIT ?)`,
		func(*Journal, time.Time) []any { return []any{sweepRows} }},
	{`DELETE FROM events WHERE last IN (SELECT last FROM events e INDEXED BY events_at WHERE at < ?
		AND last <= coalesce((SELECT min(c.at) FROM cursors c WHERE c.workspace = e.workspace), last)
		AND last < (SELECT max(last) FROM events) LIMIT ?)`,
		func(j *Journal, now time.Time) []any { return []any{now.Add(-j.o.Events).UnixMicro(), sweepBlocks} }},
	{`DELETE FROM seen WHERE (conversation, activity) IN (SELECT s.conversation, s.activity FROM conversations c
		JOIN seen s ON s.conversation = c.id WHERE c.day < ? LIMIT ?)`, idle},
	{`UPDATE conversations SET day = NULL WHERE id IN (SELECT c.id FROM conversations c WHERE c.day < ?
		AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.conversation = c.id) LIMIT ?)`, idle},
}

// idle is the day before which nothing may have happened in a conversation. A
// day is remembered by its beginning, hence one day more.
func idle(j *Journal, now time.Time) []any { return []any{day(now.Add(-j.o.Webhooks)) - 1, sweepRows} }

// sweep deletes all that is too old, a little at a time.
func (j *Journal) sweep() error {
	for _, d := range deletions {
		for changed := -1; changed != 0; {
			err := j.write(j.ctx, 0, func(t *tx) error {
				err := t.w.exec(d.query, d.args(j, t.at)...)
				changed = t.conn.Changes()
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return j.sweepCalls()
}

// sweepCalls deletes the memory of calls that passed through long ago. The
// conversations without ID, which stand for them, are never idle, so their
// calls are looked through, a window at a time.
func (j *Journal) sweepCalls() error {
	var ids []int64
	err := j.query(j.ctx, "SELECT id FROM conversations WHERE conversation = '' AND day IS NOT NULL", func(s *sqlite.Stmt) error {
		ids = append(ids, s.ColumnInt64(0))
		return nil
	})
	if err != nil {
		return err
	}
	const window = 2000
	for _, id := range ids {
		for from := int64(math.MinInt64); ; {
			to := int64(math.MaxInt64)
			err := j.query(j.ctx, "SELECT activity FROM seen WHERE conversation = ? AND activity > ? ORDER BY activity LIMIT 1 OFFSET ?", func(s *sqlite.Stmt) error {
				to = s.ColumnInt64(0)
				return nil
			}, id, from, window)
			if err == nil {
				err = j.write(j.ctx, 0, func(t *tx) error {
					return t.w.exec("DELETE FROM seen WHERE conversation = ? AND activity >= ? AND activity <= ? AND day < ?",
						id, from, to, day(t.at.Add(-j.o.Webhooks)))
				})
			}
			if err != nil {
				return err
			}
			if from = to; to == math.MaxInt64 {
				break
			}
		}
	}
	return nil
}
