package sqlite

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/internal/journal"
)

const (
	// checkpointBytes is how much is written before a checkpoint is asked for.
	checkpointBytes = 8 << 20
	// ids bounds the conversations whose row is remembered.
	ids = 20_000
)

// A writer is the goroutine that writes.
type writer struct {
	j                      *Journal
	conn                   *sqlite.Conn
	lastWebhook, lastEvent journal.Seq
	position               journal.Seq
	at                     time.Time                      // of the last transaction; never goes back
	written                int                            // bytes since the last checkpoint was asked for
	ids                    map[journal.Conversation]int64 // rows that are marked with day
	day                    int64
}

func newWriter(j *Journal, conn *sqlite.Conn) (*writer, error) {
	w := &writer{j: j, conn: conn, ids: map[journal.Conversation]int64{}}
	var at int64
	err := sqlitex.Execute(conn, `SELECT coalesce((SELECT max(last) FROM webhooks), 0), coalesce((SELECT max(last) FROM events), 0),
		coalesce((SELECT value FROM meta WHERE key = 'position'), 0),
		max(coalesce((SELECT at FROM webhooks ORDER BY last DESC LIMIT 1), 0), coalesce((SELECT at FROM events ORDER BY last DESC LIMIT 1), 0))`,
		&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			w.lastWebhook, w.lastEvent = journal.Seq(s.ColumnInt64(0)), journal.Seq(s.ColumnInt64(1))
			w.position, at = journal.Seq(s.ColumnInt64(2)), s.ColumnInt64(3)
			return nil
		}})
	w.at = time.UnixMicro(at).UTC()
	return w, err
}

// run writes until the queue is closed and empty.
func (w *writer) run() {
	for group := w.j.queue.take(); len(group) > 0; group = w.j.queue.take() {
		w.write(group)
	}
	// The last one to close the file folds its log into it.
	if err := w.conn.Close(); err != nil {
		w.j.o.Log.Error("journal did not close well", "error", err)
	}
}

// write does the requests in one transaction. If that fails for one of them
// alone, the others must not suffer.
func (w *writer) write(group []*request) {
	group = slices.DeleteFunc(group, func(r *request) bool {
		if r.outside {
			r.done <- r.do(&tx{w: w, conn: w.conn})
		}
		return r.outside
	})
	err := w.transaction(group)
	if err != nil && len(group) > 1 && !errors.Is(err, journal.ErrFull) {
		for _, r := range group {
			r.done <- w.transaction([]*request{r})
		}
		return
	}
	for _, r := range group {
		r.done <- err
	}
}

func (w *writer) transaction(group []*request) (err error) {
	now := w.j.o.now().UTC().Truncate(time.Microsecond)
	if now.Before(w.at) {
		now = w.at
	}
	t := &tx{w: w, conn: w.conn, at: now, position: -1, events: map[string][]journal.Event{}}
	if err := w.attempt(t, group); err != nil {
		clear(w.ids) // rows that were made are gone
		w.j.recent.forget()
		return refusal(err)
	}
	w.at = now
	w.publish(t)
	if w.written += t.bytes; w.written > checkpointBytes {
		w.written = 0
		select {
		case w.j.check <- struct{}{}:
		default:
		}
	}
	return nil
}

func (w *writer) attempt(t *tx, group []*request) (err error) {
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil && !w.conn.AutocommitEnabled() {
			err = errors.Join(err, w.exec("ROLLBACK"))
		}
	}()
	for _, r := range group {
		if err := r.do(t); err != nil {
			return err
		}
	}
	if err := t.flush(); err != nil {
		return err
	}
	if err := w.j.o.step("before commit"); err != nil {
		return err
	}
	if err := w.exec("COMMIT"); err != nil {
		return err
	}
	return nil
}

// exec runs a statement without results.
func (w *writer) exec(query string, args ...any) error {
	return sqlitex.Execute(w.conn, query, &sqlitex.ExecOptions{Args: args})
}

// set runs a statement without results often, with its arguments bound by hand.
func (w *writer) set(query string, bind func(*sqlite.Stmt)) error {
	s := w.conn.Prep(query)
	bind(s)
	_, err := s.Step()
	return errors.Join(err, s.Reset())
}

// refusal tells a disk that is full, or that fails, from our own mistakes.
func refusal(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultNoMem, sqlite.ResultReadOnly, sqlite.ResultCantOpen, sqlite.ResultBusy:
		return fmt.Errorf("%w: %w", journal.ErrFull, err)
	}
	return fmt.Errorf("journal: write: %w", damage(err))
}

// publish makes known what was committed.
func (w *writer) publish(t *tx) {
	for i, h := range t.webhooks {
		h.Seq, h.ReceivedAt = w.lastWebhook+journal.Seq(i)+1, t.at
	}
	w.lastWebhook += journal.Seq(len(t.webhooks))
	w.lastEvent = t.lastEvent
	if t.position >= 0 {
		w.position = t.position
		w.j.mu.Lock()
		w.j.position = t.position
		w.j.mu.Unlock()
	}
	w.j.recent.update(t.applied)
	webhooks := make([]journal.Webhook, len(t.webhooks))
	for i, h := range t.webhooks {
		webhooks[i] = *h
		webhooks[i].Body = nil
	}
	w.j.fresh.add(webhooks, t.events)
}

// A tx is a transaction under way.
type tx struct {
	w         *writer
	conn      *sqlite.Conn
	at        time.Time
	position  journal.Seq // -1 if it stays
	webhooks  []*journal.Webhook
	applied   []journal.Applied
	events    map[string][]journal.Event
	lastEvent journal.Seq
	bytes     int
}

// flush writes the blocks.
func (t *tx) flush() error {
	if err := t.flushWebhooks(); err != nil {
		return err
	}
	t.lastEvent = t.w.lastEvent
	for _, workspace := range slices.Sorted(maps.Keys(t.events)) {
		if err := t.flushEvents(workspace, t.events[workspace]); err != nil {
			return err
		}
	}
	if t.position >= 0 {
		return t.w.exec("INSERT INTO meta VALUES ('position', ?) ON CONFLICT DO UPDATE SET value = excluded.value", int64(t.position))
	}
	return nil
}

func (t *tx) flushWebhooks() error {
	if len(t.webhooks) == 0 {
		return nil
	}
	data, err := t.w.j.codec.encode(t.webhooks)
	if err != nil {
		return err
	}
	t.bytes += len(data)
	first := t.w.lastWebhook + 1
	for i, h := range t.webhooks {
		if h.Unreadable != "" {
			if err := t.w.exec("INSERT INTO unreadable VALUES (?, ?)", h.Workspace, int64(first)+int64(i)); err != nil {
				return err
			}
		}
	}
	return t.w.exec("INSERT INTO webhooks (last, first, at, data) VALUES (?, ?, ?, ?)",
		int64(first)+int64(len(t.webhooks))-1, int64(first), t.at.UnixMicro(), data)
}

func (t *tx) flushEvents(workspace string, events []journal.Event) error {
	first := t.lastEvent + 1
	data, err := t.w.j.codec.encode(events)
	if err != nil {
		return err
	}
	t.bytes += len(data)
	for i := range events {
		t.lastEvent++
		events[i].Seq, events[i].Workspace, events[i].At = t.lastEvent, workspace, t.at
	}
	return t.w.exec("INSERT INTO events (last, first, at, workspace, count, data) VALUES (?, ?, ?, ?, ?, ?)",
		int64(t.lastEvent), int64(first), t.at.UnixMicro(), workspace, len(events), data)
}
