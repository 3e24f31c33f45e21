package sqlite

import (
	"context"
	"fmt"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/internal/journal"
)

// query runs a statement on one of the reading connections.
func (j *Journal) query(ctx context.Context, query string, row func(*sqlite.Stmt) error, args ...any) error {
	conn, err := j.pool.Take(ctx)
	if err != nil {
		return fmt.Errorf("journal: read: %w", err)
	}
	defer j.pool.Put(conn)
	if err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: row}); err != nil {
		return fmt.Errorf("journal: read: %w", damage(err))
	}
	return nil
}

// blob copies a column.
func blob(s *sqlite.Stmt, col int) []byte {
	b := make([]byte, s.ColumnLen(col))
	s.ColumnBytes(col, b)
	return b
}

func moment(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

// Sources implements journal.Workbench.
func (j *Journal) Sources(ctx context.Context, known int) ([]journal.Source, error) {
	return await(ctx, j, func() ([]journal.Source, <-chan struct{}, error) {
		list, wakeup := j.sources.more(known)
		return list, wakeup, nil
	})
}

// Position implements journal.Workbench.
func (j *Journal) Position(_ context.Context, s journal.Source) (journal.Seq, error) {
	return j.sources.position(s), nil
}

// Wakes implements journal.Workbench.
func (j *Journal) Wakes(ctx context.Context, of journal.Source, limit int) (list []journal.Wake, err error) {
	err = j.query(ctx, "SELECT conversation, wake FROM conversations WHERE workspace = ? AND source = ? AND wake IS NOT NULL ORDER BY wake LIMIT ?", func(s *sqlite.Stmt) error {
		list = append(list, journal.Wake{Conversation: s.ColumnText(0), At: moment(s.ColumnInt64(1))})
		return nil
	}, of.Workspace, of.Name, limit)
	return list, err
}

// await returns what read returns once there is something, or ctx is done.
func await[T any](ctx context.Context, j *Journal, read func() ([]T, <-chan struct{}, error)) ([]T, error) {
	for {
		items, wakeup, err := read()
		if len(items) > 0 || err != nil {
			return items, err
		}
		select {
		case <-wakeup:
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-j.ctx.Done():
			return nil, fmt.Errorf("journal: read: it is closed: %w", context.Canceled)
		}
	}
}

// Webhooks implements journal.Workbench.
func (j *Journal) Webhooks(ctx context.Context, s journal.Source, after journal.Seq, limit int) ([]journal.Webhook, error) {
	return await(ctx, j, func() ([]journal.Webhook, <-chan struct{}, error) {
		list, complete, wakeup := j.fresh.readWebhooks(s, after, limit)
		if complete {
			return list, wakeup, nil
		}
		list, err := j.oldWebhooks(s, after, limit)
		return list, wakeup, err
	})
}

// oldWebhooks reads from the file. It is bounded by limit and the tail that is
// in memory, not by ctx: what is there is returned even if ctx is done.
func (j *Journal) oldWebhooks(of journal.Source, after journal.Seq, limit int) (list []journal.Webhook, err error) {
	err = j.query(j.ctx, "SELECT first, at, data FROM webhooks WHERE workspace = ? AND source = ? AND last > ? ORDER BY last LIMIT ?", func(s *sqlite.Stmt) error {
		if len(list) >= limit {
			return nil
		}
		var b []journal.Webhook
		if err := decode(j.decoder, blob(s, 2), &b); err != nil {
			return err
		}
		first := journal.Seq(s.ColumnInt64(0))
		for i := range b {
			b[i].Seq, b[i].ReceivedAt, b[i].Body = first+journal.Seq(i), moment(s.ColumnInt64(1)), nil
			if b[i].Seq > after && len(list) < limit {
				list = append(list, b[i])
			}
		}
		return nil
	}, of.Workspace, of.Name, int64(after), blocksAtOnce)
	return list, err
}

// blocksAtOnce bounds how many blocks one read decompresses.
const blocksAtOnce = 16

// Events implements journal.Outbox.
func (j *Journal) Events(ctx context.Context, workspace string, after journal.Seq, limit int) ([]journal.Event, error) {
	return await(ctx, j, func() ([]journal.Event, <-chan struct{}, error) {
		list, complete, wakeup := j.fresh.readEvents(workspace, after, limit)
		if complete {
			return list, wakeup, nil
		}
		list, err := j.oldEvents(workspace, after, limit)
		return list, wakeup, err
	})
}

func (j *Journal) oldEvents(workspace string, after journal.Seq, limit int) (list []journal.Event, err error) {
	err = j.query(j.ctx, "SELECT first, at, data FROM events WHERE workspace = ? AND last > ? ORDER BY last LIMIT ?", func(s *sqlite.Stmt) error {
		if len(list) >= limit {
			return nil
		}
		var b []journal.Event
		if err := decode(j.decoder, blob(s, 2), &b); err != nil {
			return err
		}
		first := journal.Seq(s.ColumnInt64(0))
		for i := range b {
			b[i].Seq, b[i].Workspace, b[i].At = first+journal.Seq(i), workspace, moment(s.ColumnInt64(1))
			if b[i].Seq > after && len(list) < limit {
				list = append(list, b[i])
			}
		}
		return nil
	}, workspace, int64(after), blocksAtOnce)
	return list, err
}

// Load implements journal.Workbench.
func (j *Journal) Load(ctx context.Context, c journal.Conversation, activities []string) (state []byte, applied []bool, err error) {
	if state, applied, ok := j.recent.load(c, activities); ok {
		return state, applied, nil
	}
	conn, err := j.pool.Take(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("journal: read: %w", err)
	}
	defer j.pool.Put(conn)
	var id int64
	err = sqlitex.Execute(conn, "SELECT id, state FROM conversations WHERE workspace = ? AND source = ? AND conversation = ?",
		&sqlitex.ExecOptions{Args: []any{c.Workspace, c.Source, c.ID}, ResultFunc: func(s *sqlite.Stmt) error {
			id = s.ColumnInt64(0)
			if !s.ColumnIsNull(1) {
				state = blob(s, 1)
			}
			return nil
		}})
	if err == nil {
		applied, err = j.loadSeen(conn, c, id, state, activities)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("journal: read: %w", damage(err))
	}
	return state, applied, nil
}

// loadSeen says which activities were applied, and remembers a short
// conversation.
func (j *Journal) loadSeen(conn *sqlite.Conn, c journal.Conversation, id int64, state []byte, activities []string) ([]bool, error) {
	if id == 0 {
		j.recent.put(c, nil, nil)
		return make([]bool, len(activities)), nil
	}
	var seen []int64
	err := sqlitex.Execute(conn, "SELECT activity FROM seen WHERE conversation = ? LIMIT ?", &sqlitex.ExecOptions{
		Args: []any{id, recentActivities + 1}, ResultFunc: func(s *sqlite.Stmt) error {
			seen = append(seen, s.ColumnInt64(0))
			return nil
		}})
	if err == nil && len(seen) <= recentActivities {
		j.recent.put(c, state, seen)
	}
	applied := make([]bool, len(activities))
	for i, a := range activities {
		mark := fingerprint(a)
		if applied[i] = slices.Contains(seen, mark); applied[i] || len(seen) <= recentActivities || err != nil {
			continue
		}
		err = sqlitex.Execute(conn, "SELECT 1 FROM seen WHERE conversation = ? AND activity = ?",
			&sqlitex.ExecOptions{Args: []any{id, mark}, ResultFunc: func(*sqlite.Stmt) error {
				applied[i] = true
				return nil
			}})
	}
	return applied, err
}

func (j *Journal) cursor(ctx context.Context, workspace, destination string) (at journal.Seq, ok bool, err error) {
	err = j.query(ctx, "SELECT at FROM cursors WHERE workspace = ? AND destination = ?", func(s *sqlite.Stmt) error {
		at, ok = journal.Seq(s.ColumnInt64(0)), true
		return nil
	}, workspace, destination)
	return at, ok, err
}

// Lag implements journal.Outbox. Only the block in which the cursor stands is
// counted by position; the others say how many they hold.
func (j *Journal) Lag(ctx context.Context, workspace, destination string) (lag journal.Lag, err error) {
	at, ok, err := j.cursor(ctx, workspace, destination)
	if err != nil || !ok {
		return lag, err
	}
	err = j.query(ctx, `SELECT coalesce(sum(min(count, last - ?2)), 0), coalesce(min(at), 0) FROM events WHERE workspace = ?1 AND last > ?2`, func(s *sqlite.Stmt) error {
		if lag.Events = s.ColumnInt64(0); lag.Events > 0 {
			lag.Oldest = moment(s.ColumnInt64(1))
		}
		return nil
	}, workspace, int64(at))
	return lag, err
}

// Unreadable implements journal.Shelf.
func (j *Journal) Unreadable(ctx context.Context, workspace string, limit int) (list []journal.Webhook, err error) {
	return j.single(ctx, `SELECT u.seq, w.first, w.at, w.data FROM unreadable u JOIN webhooks w ON w.last = (SELECT min(last) FROM webhooks WHERE last >= u.seq)
		WHERE u.workspace = ? ORDER BY u.seq DESC LIMIT ?`, workspace, limit)
}

// Pending implements journal.Desk.
func (j *Journal) Pending(ctx context.Context, of journal.Source, limit int) (list []journal.Webhook, err error) {
	return j.single(ctx, `SELECT p.seq, w.first, w.at, w.data FROM pending p JOIN webhooks w ON w.last = (SELECT min(last) FROM webhooks WHERE last >= p.seq)
		WHERE p.workspace = ? AND p.source = ? ORDER BY p.seq LIMIT ?`, of.Workspace, of.Name, limit)
}

// single returns webhooks one by one out of their blocks.
func (j *Journal) single(ctx context.Context, query string, args ...any) (list []journal.Webhook, err error) {
	err = j.query(ctx, query, func(s *sqlite.Stmt) error {
		var b []journal.Webhook
		if err := decode(j.decoder, blob(s, 3), &b); err != nil {
			return err
		}
		seq := s.ColumnInt64(0)
		if i := seq - s.ColumnInt64(1); i >= 0 && i < int64(len(b)) {
			b[i].Seq, b[i].ReceivedAt = journal.Seq(seq), moment(s.ColumnInt64(2))
			list = append(list, b[i])
		}
		return nil
	}, args...)
	return list, err
}

// Destinations implements journal.Index.
func (j *Journal) Destinations(ctx context.Context, workspace string) (list []string, err error) {
	err = j.query(ctx, "SELECT destination FROM cursors WHERE workspace = ? ORDER BY destination", func(s *sqlite.Stmt) error {
		list = append(list, s.ColumnText(0))
		return nil
	}, workspace)
	return list, err
}

// Cursors returns the cursors of all workspaces.
func (j *Journal) Cursors(ctx context.Context) (list []journal.Cursor, err error) {
	err = j.query(ctx, "SELECT workspace, destination, at FROM cursors", func(s *sqlite.Stmt) error {
		list = append(list, journal.Cursor{Workspace: s.ColumnText(0), Destination: s.ColumnText(1), At: journal.Seq(s.ColumnInt64(2))})
		return nil
	})
	return list, err
}

// Since implements journal.Index.
func (j *Journal) Since(ctx context.Context, workspace string, t time.Time) (at journal.Seq, err error) {
	err = j.query(ctx, "SELECT coalesce((SELECT max(last) FROM events WHERE workspace = ? AND at < ?), 0)", func(s *sqlite.Stmt) error {
		at = journal.Seq(s.ColumnInt64(0))
		return nil
	}, workspace, t.UnixMicro())
	return at, err
}

// End implements journal.Index.
func (j *Journal) End(ctx context.Context, workspace string) (at journal.Seq, err error) {
	err = j.query(ctx, "SELECT coalesce((SELECT max(last) FROM events WHERE workspace = ?), 0)", func(s *sqlite.Stmt) error {
		at = journal.Seq(s.ColumnInt64(0))
		return nil
	}, workspace)
	return at, err
}

// Count implements journal.Index. Only the blocks in which the positions stand
// are counted by them; the others say how many they hold.
func (j *Journal) Count(ctx context.Context, workspace string, after, upTo journal.Seq) (n int64, err error) {
	err = j.query(ctx, "SELECT coalesce(sum(max(0, min(last, ?3) - max(first - 1, ?2))), 0) FROM events WHERE workspace = ?1 AND last > ?2 AND first <= ?3", func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}, workspace, int64(after), int64(upTo))
	return n, err
}

// Webhook implements journal.Index.
func (j *Journal) Webhook(ctx context.Context, workspace string, at journal.Seq) (journal.Webhook, bool, error) {
	list, err := j.single(ctx, "SELECT ?1, first, at, data FROM webhooks WHERE last = (SELECT min(last) FROM webhooks WHERE last >= ?1) AND workspace = ?2", int64(at), workspace)
	if err != nil || len(list) == 0 {
		return journal.Webhook{}, false, err
	}
	return list[0], true, nil
}

// Intake implements journal.Index.
func (j *Journal) Intake(ctx context.Context, of journal.Source) (in journal.Intake, err error) {
	err = j.query(ctx, `SELECT (SELECT at FROM webhooks WHERE workspace = ?1 AND source = ?2 ORDER BY last DESC LIMIT 1),
		(SELECT count(*) FROM unreadable WHERE workspace = ?1 AND source = ?2)`, func(s *sqlite.Stmt) error {
		if !s.ColumnIsNull(0) {
			in.Last = moment(s.ColumnInt64(0))
		}
		in.Unreadable = s.ColumnInt64(1)
		return nil
	}, of.Workspace, of.Name)
	return in, err
}
