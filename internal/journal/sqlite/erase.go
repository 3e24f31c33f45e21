package sqlite

import (
	"context"
	"errors"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/internal/journal"
)

var _ journal.Erasable = (*Journal)(nil)

// What is deleted is overwritten: always, where that costs no more writing, and
// while something is erased, everywhere.
const (
	secureFast = "PRAGMA secure_delete = FAST"
	secureAll  = "PRAGMA secure_delete = ON"
)

// Erase implements journal.Erasable. What is deleted is overwritten in the file.
func (j *Journal) Erase(ctx context.Context, workspace string, e journal.Eraser, dry bool) error {
	s := &erasing{Journal: j, ctx: ctx, workspace: workspace, e: e, dry: dry}
	if !dry {
		if err := j.outside(secureAll); err != nil {
			return err
		}
	}
	err := s.webhooks()
	for _, erase := range []func() error{s.events, s.conversations, s.parked, s.replays} {
		if err == nil {
			err = erase()
		}
	}
	if dry {
		return err
	}
	// Whoever reads must read the file again, and its log must not hold what
	// is gone.
	return errors.Join(err, j.alone(func(t *tx) error { return t.w.recall() }), j.emptyLog(), j.outside(secureFast))
}

// Compact writes the file anew, so that nothing is in it that was deleted long
// ago. Nobody can write meanwhile.
func (j *Journal) Compact() error {
	return errors.Join(j.outside("VACUUM"), j.emptyLog())
}

func (j *Journal) outside(statement string) error {
	return j.alone(func(t *tx) error { return t.w.exec(statement) })
}

// emptyLog folds SQLite's log into the file, and empties it. While it is being
// folded beside the writer, SQLite does nothing, and says so in a row alone.
func (j *Journal) emptyLog() error {
	for range 1000 {
		busy := false
		err := j.alone(func(t *tx) error {
			return sqlitex.Execute(t.w.conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
				busy = s.ColumnInt(0) != 0
				return nil
			}})
		})
		if err != nil || !busy {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return errors.New("SQLite's log is in use all the time, and holds what is deleted still; try again")
}

// alone has the writer do something outside of any transaction.
func (j *Journal) alone(do func(*tx) error) error {
	return j.put(context.Background(), &request{outside: true, do: do})
}

// An erasing is one call of Erase.
type erasing struct {
	*Journal
	ctx       context.Context
	workspace string
	e         journal.Eraser
	dry       bool
}

// change has the writer change something, unless it is only counted.
func (s *erasing) change(size int, do func(*tx) error) error {
	if s.dry {
		return nil
	}
	return s.write(s.ctx, size, do)
}

// blocks calls f with the blocks of a log, one by one.
func (s *erasing) blocks(log string, f func(first, last int64, data []byte) error) error {
	for after := int64(0); ; {
		type block struct {
			first, last int64
			data        []byte
		}
		var list []block
		seen := 0
		err := s.query(s.ctx, "SELECT first, last, workspace, data FROM "+log+" WHERE last > ? ORDER BY last LIMIT ?", func(r *sqlite.Stmt) error {
			seen++
			after = r.ColumnInt64(1)
			if r.ColumnText(2) == s.workspace {
				list = append(list, block{r.ColumnInt64(0), after, blob(r, 3)})
			}
			return nil
		}, after, blocksAtOnce)
		if err != nil || seen == 0 {
			return err
		}
		for _, b := range list {
			if err := f(b.first, b.last, b.data); err != nil {
				return err
			}
		}
	}
}

func (s *erasing) webhooks() error {
	return s.blocks("webhooks", func(first, last int64, data []byte) error {
		var list []*journal.Webhook
		if err := decode(s.decoder, data, &list); err != nil {
			return err
		}
		var changed []int64
		for i, w := range list {
			w.Seq, w.Workspace = journal.Seq(first)+journal.Seq(i), s.workspace
			if s.e.Webhook(w) {
				changed = append(changed, int64(w.Seq))
			}
		}
		if len(changed) == 0 {
			return nil
		}
		return s.change(len(data), func(t *tx) error {
			t.w.codec.reset()
			data, err := t.w.codec.encode(list)
			if err == nil {
				err = t.w.exec("UPDATE webhooks SET data = ? WHERE last = ?", data, last)
			}
			for _, seq := range changed {
				err = errors.Join(err, t.w.exec("DELETE FROM unreadable WHERE workspace = ? AND seq = ?", s.workspace, seq),
					t.w.exec("DELETE FROM pending WHERE workspace = ? AND seq = ?", s.workspace, seq))
			}
			return err
		})
	})
}

// events parts blocks where events are gone, for an event's position is that of
// its place. The last position of a block stays taken, so that positions do not
// go back.
func (s *erasing) events() error {
	return s.blocks("events", func(first, last int64, data []byte) error {
		var list []journal.Event
		if err := decode(s.decoder, data, &list); err != nil {
			return err
		}
		type run struct{ from, to int } // what stays, to is behind it
		var runs []run
		gone := false
		for i := range list {
			list[i].Seq, list[i].Workspace = journal.Seq(first)+journal.Seq(i), s.workspace
			if s.e.Event(&list[i]) {
				gone = true
			} else if n := len(runs); n > 0 && runs[n-1].to == i {
				runs[n-1].to++
			} else {
				runs = append(runs, run{i, i + 1})
			}
		}
		if !gone {
			return nil
		}
		if n := len(runs); n == 0 || runs[n-1].to < len(list) {
			runs = append(runs, run{len(list), len(list)})
		}
		return s.change(len(data), func(t *tx) error {
			var at int64
			if err := t.scan("SELECT at FROM events WHERE last = ?", func(r *sqlite.Stmt) { at = r.ColumnInt64(0) }, last); err != nil || at == 0 {
				return err // it was deleted meanwhile
			}
			err := t.w.exec("DELETE FROM events WHERE last = ?", last)
			for _, r := range runs {
				to, from := first+int64(r.to)-1, first+int64(r.from)
				t.w.codec.reset()
				data, failed := t.w.codec.encode(list[r.from:r.to])
				err = errors.Join(err, failed, t.w.exec("INSERT INTO events (last, first, at, workspace, count, data) VALUES (?, ?, ?, ?, ?, ?)",
					max(to, min(from, last)), min(from, last), at, s.workspace, r.to-r.from, data))
			}
			return err
		})
	})
}

// scan runs a query in a transaction.
func (t *tx) scan(query string, row func(*sqlite.Stmt), args ...any) error {
	return sqlitex.Execute(t.conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(r *sqlite.Stmt) error {
		row(r)
		return nil
	}})
}

func (s *erasing) conversations() error {
	type row struct {
		id int64
		c  journal.Conversation
	}
	for after := int64(0); ; {
		var list []row
		seen := 0
		err := s.query(s.ctx, "SELECT id, workspace, source, conversation, state FROM conversations WHERE id > ? AND state IS NOT NULL ORDER BY id LIMIT ?", func(r *sqlite.Stmt) error {
			seen++
			after = r.ColumnInt64(0)
			c := journal.Conversation{Workspace: r.ColumnText(1), Source: r.ColumnText(2), ID: r.ColumnText(3)}
			if c.Workspace != s.workspace {
				return nil
			}
			if _, changed := s.e.State(c, blob(r, 4)); changed {
				list = append(list, row{after, c})
			}
			return nil
		}, after, rowsOnce)
		if err != nil || seen == 0 {
			return err
		}
		if len(list) == 0 {
			continue
		}
		err = s.change(0, func(t *tx) error {
			clear(t.w.ids) // rows that go are in it
			for _, r := range list {
				if err := s.conversation(t, r.id, r.c); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// conversation changes the state of a conversation as it is now: it may have
// gone on.
func (s *erasing) conversation(t *tx, id int64, c journal.Conversation) error {
	var state []byte
	if err := t.scan("SELECT state FROM conversations WHERE id = ?", func(r *sqlite.Stmt) { state = blob(r, 0) }, id); err != nil || state == nil {
		return err
	}
	to, changed := s.e.State(c, state)
	switch {
	case !changed:
		return nil
	case to == nil:
		return errors.Join(t.w.exec("DELETE FROM seen WHERE conversation = ?", id), t.w.exec("DELETE FROM conversations WHERE id = ?", id))
	}
	return t.w.exec("UPDATE conversations SET state = ? WHERE id = ?", to, id)
}

func (s *erasing) parked() error {
	var ids []int64
	err := s.query(s.ctx, "SELECT id, event FROM parked WHERE workspace = ?", func(r *sqlite.Stmt) error {
		var e storedEvent
		if err := decode(s.decoder, blob(r, 1), &e); err != nil {
			return err
		}
		if s.e.Parked(&e.Event) {
			ids = append(ids, r.ColumnInt64(0))
		}
		return nil
	}, s.workspace)
	if err != nil || len(ids) == 0 || s.dry {
		return err
	}
	return s.Unpark(s.ctx, s.workspace, ids...)
}

// replays forgets those that have ended and asked for what somebody did.
func (s *erasing) replays() error {
	var ids []int64
	err := s.query(s.ctx, "SELECT id, data FROM replays WHERE workspace = ? AND ended IS NOT NULL", func(r *sqlite.Stmt) error {
		var replay journal.Replay
		err := decode(s.decoder, blob(r, 1), &replay)
		if err == nil && s.e.Replay(&replay) {
			ids = append(ids, r.ColumnInt64(0))
		}
		return err
	}, s.workspace)
	if err != nil || len(ids) == 0 || s.dry {
		return err
	}
	return s.change(0, func(t *tx) error {
		for _, id := range ids {
			if err := t.w.exec("DELETE FROM replays WHERE id = ?", id); err != nil {
				return err
			}
		}
		return nil
	})
}
