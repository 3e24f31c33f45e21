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
	// pagesBytes is what a transaction writes beside its blocks, in the rough.
	pagesBytes = 16 << 10
	// ids bounds the conversations whose row is remembered.
	ids = 20_000
)

// A writer is the goroutine that writes.
type writer struct {
	j                      *Journal
	conn                   *sqlite.Conn
	codec                  *codec // for what is not prepared
	lastWebhook, lastEvent journal.Seq
	position               journal.Seq
	at                     time.Time                      // of the last transaction; never goes back
	written                int                            // bytes since the last checkpoint was asked for
	ids                    map[journal.Conversation]int64 // rows that are marked with day
	day                    int64
}

func newWriter(j *Journal, conn *sqlite.Conn) (*writer, error) {
	w := &writer{j: j, conn: conn, codec: newCodec(), ids: map[journal.Conversation]int64{}}
	return w, w.recall()
}

// recall reads where the logs end: at the beginning, and after a commit that
// failed and may have happened.
func (w *writer) recall() error {
	var at int64
	err := sqlitex.Execute(w.conn, `SELECT coalesce((SELECT max(last) FROM webhooks), 0), coalesce((SELECT max(last) FROM events), 0),
		coalesce((SELECT value FROM meta WHERE key = 'position'), 0),
		max(coalesce((SELECT at FROM webhooks ORDER BY last DESC LIMIT 1), 0), coalesce((SELECT at FROM events ORDER BY last DESC LIMIT 1), 0))`,
		&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			w.lastWebhook, w.lastEvent = journal.Seq(s.ColumnInt64(0)), journal.Seq(s.ColumnInt64(1))
			w.position, at = journal.Seq(s.ColumnInt64(2)), s.ColumnInt64(3)
			return nil
		}})
	if err != nil {
		return err
	}
	w.at = moment(at)
	w.j.recent.forget()
	w.j.fresh.reset(w.lastWebhook, w.lastEvent)
	w.j.mu.Lock()
	defer w.j.mu.Unlock()
	w.j.position = w.position
	return nil
}

// run writes until the queue is closed and empty. The blocks of one
// transaction are encoded while the one before is being synced.
func (w *writer) run() {
	prepared := make(chan *tx)
	go func() {
		defer close(prepared)
		codecs := [...]*codec{newCodec(), newCodec()} // whose blocks live until the next but one
		for n := 0; ; n++ {
			group := w.j.queue.take()
			if len(group) == 0 {
				return
			}
			prepared <- prepare(group, codecs[n%len(codecs)])
		}
	}()
	for t := range prepared {
		w.write(t)
	}
	// The last one to close the file folds its log into it.
	if err := w.conn.Close(); err != nil {
		w.j.o.Log.Error("journal did not close well", "error", err)
	}
}

// write does what is in a transaction. If that fails for one of its requests
// alone, the others must not suffer. A commit that failed may have happened,
// and is never tried again here: its requests would be written twice.
func (w *writer) write(t *tx) {
	err := w.transaction(t)
	if err != nil && len(t.requests) > 1 && !t.committing && !errors.Is(err, journal.ErrFull) {
		for _, r := range t.requests {
			r.done <- w.transaction(prepare([]*request{r}, w.codec))
		}
		return
	}
	for _, r := range t.requests {
		r.done <- err
	}
}

func (w *writer) transaction(t *tx) (err error) {
	t.w, t.conn = w, w.conn
	if t.requests[0].outside {
		return refusal(t.requests[0].do(t))
	}
	t.at = w.j.o.now().UTC().Truncate(time.Microsecond)
	if t.at.Before(w.at) {
		t.at = w.at
	}
	if err := w.attempt(t); err != nil {
		clear(w.ids) // rows that were made are gone
		if more := w.recall(); more != nil {
			w.j.o.Log.Error("journal cannot tell what is in it; restart the gateway", "error", more)
		}
		return refusal(err)
	}
	w.at = t.at
	w.publish(t)
	if w.written += t.bytes + pagesBytes; w.written > checkpointBytes {
		w.written = 0
		select {
		case w.j.check <- struct{}{}:
		default:
		}
	}
	return nil
}

func (w *writer) attempt(t *tx) (err error) {
	if t.err != nil {
		return t.err
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil && !w.conn.AutocommitEnabled() {
			err = errors.Join(err, w.exec("ROLLBACK"))
		}
	}()
	for _, r := range t.requests {
		if r.do == nil {
			continue
		}
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
	t.committing = true
	if err := w.exec("COMMIT"); err != nil {
		return err
	}
	return w.j.o.step("after commit")
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
	case sqlite.ResultOK:
		if err == nil {
			return nil
		}
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

// A tx is a transaction: what its requests have in common, and its blocks.
type tx struct {
	requests []*request
	webhooks []*journal.Webhook
	applied  []journal.Applied
	position journal.Seq // -1 if it stays
	events   map[string][]journal.Event
	block    []byte // of the webhooks
	blocks   map[string][]byte
	err      error // of the encoding

	w          *writer
	conn       *sqlite.Conn
	at         time.Time
	lastEvent  journal.Seq
	bytes      int
	committing bool // its commit was tried
}

// prepare gathers what requests have in common, and encodes it. The blocks
// live in the codec until its next use.
func prepare(group []*request, c *codec) *tx {
	t := &tx{requests: group, position: -1, events: map[string][]journal.Event{}, blocks: map[string][]byte{}}
	for _, r := range group {
		if r.gather != nil {
			r.gather(t)
		}
	}
	c.reset()
	if len(t.webhooks) > 0 {
		t.block, t.err = c.encode(t.webhooks)
		t.bytes += len(t.block)
	}
	for workspace, events := range t.events {
		b, err := c.encode(events)
		t.blocks[workspace], t.err = b, errors.Join(t.err, err)
		t.bytes += len(b)
	}
	return t
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
	first := t.w.lastWebhook + 1
	for i, h := range t.webhooks {
		if h.Unreadable != "" {
			if err := t.w.exec("INSERT INTO unreadable VALUES (?, ?)", h.Workspace, int64(first)+int64(i)); err != nil {
				return err
			}
		}
	}
	return t.w.exec("INSERT INTO webhooks (last, first, at, data) VALUES (?, ?, ?, ?)",
		int64(first)+int64(len(t.webhooks))-1, int64(first), t.at.UnixMicro(), t.block)
}

func (t *tx) flushEvents(workspace string, events []journal.Event) error {
	first := t.lastEvent + 1
	for i := range events {
		t.lastEvent++
		events[i].Seq, events[i].Workspace, events[i].At = t.lastEvent, workspace, t.at
	}
	return t.w.exec("INSERT INTO events (last, first, at, workspace, count, data) VALUES (?, ?, ?, ?, ?, ?)",
		int64(t.lastEvent), int64(first), t.at.UnixMicro(), workspace, len(events), t.blocks[workspace])
}
