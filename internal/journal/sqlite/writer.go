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
		max(coalesce((SELECT at FROM webhooks ORDER BY last DESC LIMIT 1), 0), coalesce((SELECT at FROM events ORDER BY last DESC LIMIT 1), 0))`,
		&sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
			w.lastWebhook, w.lastEvent = journal.Seq(s.ColumnInt64(0)), journal.Seq(s.ColumnInt64(1))
			at = s.ColumnInt64(2)
			return nil
		}})
	if err != nil {
		return err
	}
	w.at = moment(at)
	w.j.recent.forget()
	w.j.fresh.reset(ends{w.lastWebhook, w.lastEvent})
	return w.j.sources.recall(w.conn)
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
	w.lastEvent = t.lastEvent
	w.j.recent.update(t.applied)
	for _, p := range t.parts {
		list := make([]journal.Webhook, len(p.webhooks))
		for i, h := range p.webhooks {
			w.lastWebhook++
			h.Seq, h.ReceivedAt = w.lastWebhook, t.at
			list[i] = *h
			list[i].Body = nil
		}
		w.j.fresh.addWebhooks(p.source, list)
	}
	for workspace, list := range t.events {
		w.j.fresh.addEvents(workspace, list)
	}
	w.j.sources.update(t)
}

// A tx is a transaction: what its requests have in common, and its blocks.
type tx struct {
	requests  []*request
	webhooks  []*journal.Webhook
	parts     []*part // the same, by source
	applied   []journal.Applied
	positions map[journal.Source]journal.Seq
	events    map[string][]journal.Event
	blocks    map[string][]byte // of the events
	err       error             // of the encoding

	w          *writer
	conn       *sqlite.Conn
	at         time.Time
	lastEvent  journal.Seq
	bytes      int
	committing bool // its commit was tried
}

// A part is what a transaction has of one source.
type part struct {
	source   journal.Source
	webhooks []*journal.Webhook
	block    []byte
}

// split sorts webhooks by source.
func split(webhooks []*journal.Webhook) (parts []*part) {
	of := map[journal.Source]*part{}
	for _, h := range webhooks {
		s := journal.Source{Workspace: h.Workspace, Name: h.Source}
		p := of[s]
		if p == nil {
			p = &part{source: s}
			of[s] = p
			parts = append(parts, p)
		}
		p.webhooks = append(p.webhooks, h)
	}
	return parts
}

// prepare gathers what requests have in common, and encodes it. The blocks
// live in the codec until its next use.
func prepare(group []*request, c *codec) *tx {
	t := &tx{requests: group, positions: map[journal.Source]journal.Seq{}, events: map[string][]journal.Event{}, blocks: map[string][]byte{}}
	for _, r := range group {
		if r.gather != nil {
			r.gather(t)
		}
	}
	c.reset()
	t.parts = split(t.webhooks)
	for _, p := range t.parts {
		b, err := c.encode(p.webhooks)
		p.block, t.err = b, errors.Join(t.err, err)
		t.bytes += len(b)
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
	t.tellSeqs()
	for s, at := range t.positions {
		err := t.w.exec("INSERT INTO sources (workspace, source, at) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", s.Workspace, s.Name, int64(at))
		if err != nil {
			return err
		}
	}
	return nil
}

// tellSeqs tells those who commit events where these are. They were gathered in
// this order.
func (t *tx) tellSeqs() {
	next := map[string]int{}
	for _, a := range t.applied {
		w := a.Conversation.Workspace
		for i := range a.Events {
			a.Events[i].Seq = t.events[w][next[w]].Seq
			next[w]++
		}
	}
}

func (t *tx) flushWebhooks() error {
	last := int64(t.w.lastWebhook)
	for _, p := range t.parts {
		if !t.w.j.sources.known(p.source) {
			if err := t.w.exec("INSERT OR IGNORE INTO sources (workspace, source, at) VALUES (?, ?, 0)", p.source.Workspace, p.source.Name); err != nil {
				return err
			}
		}
		first := last + 1
		for _, h := range p.webhooks {
			last++
			if err := t.note(h, last); err != nil {
				return err
			}
		}
		err := t.w.exec("INSERT INTO webhooks (last, first, at, workspace, source, data) VALUES (?, ?, ?, ?, ?, ?)",
			last, first, t.at.UnixMicro(), p.source.Workspace, p.source.Name, p.block)
		if err != nil {
			return err
		}
	}
	return nil
}

// note writes down what is special about a webhook.
func (t *tx) note(h *journal.Webhook, at int64) error {
	if h.Unreadable != "" {
		if err := t.w.exec("INSERT INTO unreadable VALUES (?, ?, ?)", h.Workspace, at, h.Source); err != nil {
			return err
		}
	}
	if h.Pending {
		if err := t.w.exec("INSERT INTO pending VALUES (?, ?, ?)", h.Workspace, h.Source, at); err != nil {
			return err
		}
	}
	if h.Answers != 0 {
		return t.w.exec("DELETE FROM pending WHERE workspace = ? AND source = ? AND seq = ?", h.Workspace, h.Source, int64(h.Answers))
	}
	return nil
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
