package sqlite

import (
	"fmt"
	"math"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// sweepEvery is how often what is too old is looked for.
	sweepEvery = 10 * time.Minute
	// blocksOnce and rowsOnce bound what one transaction deletes, so that
	// nobody who writes waits for it.
	blocksOnce = 16
	rowsOnce   = 500
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

// deletions are what tells of webhooks that are gone: which of them were
// unreadable, and which activities they told.
var deletions = []deletion{
	{`DELETE FROM unreadable WHERE (workspace, seq) IN (SELECT workspace, seq FROM unreadable
		WHERE coalesce((SELECT first FROM webhooks WHERE last >= seq ORDER BY last LIMIT 1), seq + 1) > seq LIMIT ?)`,
		func(*Journal, time.Time) []any { return []any{rowsOnce} }},
	{`DELETE FROM seen WHERE (conversation, activity) IN (SELECT s.conversation, s.activity FROM conversations c
		JOIN seen s ON s.conversation = c.id WHERE c.day < ? LIMIT ?)`, idle},
	{`UPDATE conversations SET day = NULL WHERE id IN (SELECT c.id FROM conversations c WHERE c.day < ?
		AND NOT EXISTS (SELECT 1 FROM seen s WHERE s.conversation = c.id) LIMIT ?)`, idle},
}

// idle is the day before which nothing may have happened in a conversation. A
// day is remembered by its beginning, hence one day more.
func idle(j *Journal, now time.Time) []any { return []any{day(now.Add(-j.o.Webhooks)) - 1, rowsOnce} }

// tooOld is the part of a log from before a time. Its newest block stays, so
// that positions grow.
const tooOld = `last < coalesce((SELECT last FROM %[1]s WHERE at >= %[2]d ORDER BY at, last LIMIT 1), (SELECT max(last) FROM %[1]s))`

// sweepLogs deletes blocks that are too old: of webhooks if they are applied,
// of events if every destination and every replay has got them. What must be kept may be much,
// so each part of a log is asked for its head alone.
func (j *Journal) sweepLogs() error {
	now := j.o.now()
	sources, _ := j.sources.more(0)
	swept := map[string]bool{}
	for _, s := range sources {
		err := j.sweepBlocks("webhooks", `workspace = ?1 AND source = ?2 AND last <= ?3
			AND last < (SELECT coalesce(min(seq), 1 << 62) FROM pending WHERE workspace = ?1 AND source = ?2)`, now.Add(-j.o.Webhooks), s.Workspace, s.Name, int64(j.sources.position(s)))
		if err == nil && !swept[s.Workspace] {
			swept[s.Workspace] = true
			err = j.sweepBlocks("events", `workspace = ?1 AND last <= (SELECT coalesce(min(at), 1 << 62) FROM
				(SELECT at FROM cursors WHERE workspace = ?1 UNION ALL SELECT at FROM replays WHERE workspace = ?1 AND ended IS NULL))`, now.Add(-j.o.Events), s.Workspace)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// sweepBlocks deletes the blocks of a part of a log from before t, a few a
// transaction. The writer is not asked if there are none.
func (j *Journal) sweepBlocks(log, part string, t time.Time, args ...any) error {
	where := fmt.Sprintf("FROM %[1]s WHERE %[3]s AND "+tooOld, log, t.UnixMicro(), part)
	for {
		found := false
		err := j.query(j.ctx, "SELECT 1 "+where+" LIMIT 1", func(*sqlite.Stmt) error {
			found = true
			return nil
		}, args...)
		if err != nil || !found {
			return err
		}
		err = j.write(j.ctx, 0, func(tx *tx) error {
			return tx.w.exec(fmt.Sprintf("DELETE FROM %s WHERE last IN (SELECT last %s ORDER BY last LIMIT %d)", log, where, blocksOnce), args...)
		})
		if err != nil {
			return err
		}
	}
}

// sweep deletes all that is too old, a little at a time.
func (j *Journal) sweep() error {
	if err := j.sweepLogs(); err != nil {
		return err
	}
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
