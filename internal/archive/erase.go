package archive

import (
	"context"
	"errors"
	"fmt"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Identities calls f with who is known by which ids and address together.
func (a *Archive) Identities(ctx context.Context, workspace string, f func(user, anonymous, email string) bool) error {
	for _, query := range []string{
		"SELECT user_id, anonymous_id, NULL FROM people WHERE workspace = ?",
		"SELECT user_id, anonymous_id, email FROM identifies WHERE workspace = ?",
	} {
		err := a.read(ctx, query, func(s *sqlite.Stmt) error {
			f(s.ColumnText(0), s.ColumnText(1), s.ColumnText(2))
			return nil
		}, workspace)
		if err != nil {
			return err
		}
	}
	return nil
}

// An Erased says what was taken out.
type Erased struct{ Threads, Events, Identifies int }

// Erase takes people out: the threads that they wrote in or that are theirs,
// whole, and what identify calls told of them. Figures stay, for they name
// nobody. With dry it only counts.
func (a *Archive) Erase(ctx context.Context, workspace string, person func(user, anonymous, email string) bool, thread func(source, conversation string) bool, dry bool) (e Erased, err error) {
	people, err := a.peopleWho(ctx, workspace, person)
	if err != nil {
		return e, err
	}
	threads, err := a.threadsOf(ctx, workspace, people, thread)
	if err != nil {
		return e, err
	}
	err = a.read(ctx, "SELECT user_id, anonymous_id, email FROM identifies WHERE workspace = ?", func(s *sqlite.Stmt) error {
		if person(s.ColumnText(0), s.ColumnText(1), s.ColumnText(2)) {
			e.Identifies++
		}
		return nil
	}, workspace)
	if err != nil {
		return e, err
	}
	e.Threads = len(threads)
	if dry {
		for t := range threads {
			err := a.read(ctx, "SELECT count(*) FROM events WHERE thread = ?", func(s *sqlite.Stmt) error { e.Events += s.ColumnInt(0); return nil }, t)
			if err != nil {
				return e, err
			}
		}
		return e, nil
	}
	err = a.write(func(w *writing) error {
		for t := range threads {
			n, err := w.dropThread(t)
			if err != nil {
				return err
			}
			e.Events += n
		}
		return w.dropPeople(workspace, people, person)
	})
	if err != nil {
		return e, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.dict = dictionary{} // it may hold people who are gone
	return e, checkpoint(a.conn)
}

// peopleWho returns the rows of people.
func (a *Archive) peopleWho(ctx context.Context, workspace string, person func(user, anonymous, email string) bool) (map[int64]bool, error) {
	people := map[int64]bool{}
	err := a.read(ctx, "SELECT id, user_id, anonymous_id FROM people WHERE workspace = ?", func(s *sqlite.Stmt) error {
		if person(s.ColumnText(1), s.ColumnText(2), "") {
			people[s.ColumnInt64(0)] = true
		}
		return nil
	}, workspace)
	return people, err
}

// threadsOf returns the threads that are chosen, or in which people wrote. It
// reads all events, for no index has them by person.
func (a *Archive) threadsOf(ctx context.Context, workspace string, people map[int64]bool, chosen func(source, conversation string) bool) (map[int64]bool, error) {
	threads := map[int64]bool{}
	err := a.read(ctx, "SELECT t.id, s.source, t.conversation FROM threads t JOIN sources s ON s.id = t.source WHERE s.workspace = ?", func(s *sqlite.Stmt) error {
		if chosen(s.ColumnText(1), s.ColumnText(2)) {
			threads[s.ColumnInt64(0)] = true
		}
		return nil
	}, workspace)
	if err != nil || len(people) == 0 {
		return threads, err
	}
	err = a.read(ctx, "SELECT thread, person FROM events", func(s *sqlite.Stmt) error {
		if people[s.ColumnInt64(1)] {
			threads[s.ColumnInt64(0)] = true
		}
		return nil
	})
	return threads, err
}

// dropPeople deletes what is known of people, whose threads are gone.
func (w *writing) dropPeople(workspace string, people map[int64]bool, person func(user, anonymous, email string) bool) error {
	for id := range people {
		if err := run(w.conn, "DELETE FROM people WHERE id = ?", func(s *sqlite.Stmt) { s.BindInt64(1, id) }, nil); err != nil {
			return err
		}
	}
	var ids [][]byte
	err := run(w.conn, "SELECT id, user_id, anonymous_id, email FROM identifies WHERE workspace = ?",
		func(s *sqlite.Stmt) { s.BindText(1, workspace) },
		func(s *sqlite.Stmt) {
			if person(s.ColumnText(1), s.ColumnText(2), s.ColumnText(3)) {
				ids = append(ids, blob(s, 0))
			}
		})
	for _, id := range ids {
		err = errors.Join(err, run(w.conn, "DELETE FROM identifies WHERE workspace = ? AND id = ?",
			func(s *sqlite.Stmt) { s.BindText(1, workspace); s.BindBytes(2, id) }, nil))
	}
	return err
}

// Compact writes the file anew, so that nothing is in it that was deleted long
// ago.
func (a *Archive) Compact() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := sqlitex.ExecuteTransient(a.conn, "VACUUM", nil); err != nil {
		return fmt.Errorf("archive: compact: %w", err)
	}
	return checkpoint(a.conn)
}

// checkpoint folds SQLite's log into the file, and empties it. SQLite waits for
// those who read; where that takes too long, it says so in a row alone.
func checkpoint(conn *sqlite.Conn) error {
	busy := false
	err := sqlitex.ExecuteTransient(conn, "PRAGMA wal_checkpoint(TRUNCATE)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		busy = s.ColumnInt(0) != 0
		return nil
	}})
	if err == nil && busy {
		err = errors.New("it is read all the time, and its log holds what is deleted still; try again")
	}
	if err != nil {
		return fmt.Errorf("archive: checkpoint: %w", err)
	}
	return nil
}
