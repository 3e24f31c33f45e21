package access

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"
)

// fileName is the guard's file in the data directory.
const fileName = "console.db"

// keepNotes is how long notes are kept.
const keepNotes = 400 * 24 * time.Hour

// schema is the file's. A session's token is stored as its hash.
var schema = sqlitemigration.Schema{Migrations: []string{`
	CREATE TABLE session (token TEXT PRIMARY KEY, data BLOB NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
	CREATE INDEX session_expires ON session (expires);
	CREATE TABLE note (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, user TEXT NOT NULL, "from" TEXT NOT NULL, action TEXT NOT NULL, target TEXT NOT NULL);
	CREATE INDEX note_at ON note (at);
`}}

// A store keeps sessions and notes. It implements scs.CtxStore.
type store struct{ pool *sqlitemigration.Pool }

func openStore(dir string) (*store, error) {
	// As the other files there: nobody else's.
	if f, err := os.OpenFile(filepath.Join(dir, fileName), os.O_CREATE, 0o600); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	} else if err := f.Close(); err != nil {
		return nil, fmt.Errorf("console: %w", err)
	}
	pool := sqlitemigration.NewPool(filepath.Join(dir, fileName), schema, sqlitemigration.Options{
		PoolSize: 1,
		PrepareConn: func(c *sqlite.Conn) error {
			c.SetBusyTimeout(5 * time.Second)
			return sqlitex.ExecuteTransient(c, "PRAGMA secure_delete = ON", nil)
		},
	})
	s := &store{pool}
	// What is wrong with the file is wrong at the start.
	if err := s.do(context.Background(), func(*sqlite.Conn) error { return nil }); err != nil {
		return nil, errors.Join(fmt.Errorf("console: open %s: %w", filepath.Join(dir, fileName), err), pool.Close())
	}
	return s, nil
}

func (s *store) close() error { return s.pool.Close() }

func (s *store) do(ctx context.Context, f func(*sqlite.Conn) error) error {
	c, err := s.pool.Get(ctx)
	if err != nil {
		return err
	}
	defer s.pool.Put(c)
	return f(c)
}

func (s *store) exec(ctx context.Context, query string, args ...any) error {
	return s.do(ctx, func(c *sqlite.Conn) error { return sqlitex.Execute(c, query, &sqlitex.ExecOptions{Args: args}) })
}

// FindCtx implements scs.CtxStore.
func (s *store) FindCtx(ctx context.Context, token string) (data []byte, found bool, err error) {
	err = s.do(ctx, func(c *sqlite.Conn) error {
		return sqlitex.Execute(c, "SELECT data FROM session WHERE token = ? AND expires > ? AND length(data) > 0", &sqlitex.ExecOptions{
			Args: []any{token, time.Now().UnixMilli()},
			ResultFunc: func(row *sqlite.Stmt) error {
				found, data = true, make([]byte, row.ColumnLen(0))
				row.ColumnBytes(0, data)
				return nil
			},
		})
	})
	return data, found, err
}

// CommitCtx implements scs.CtxStore.
func (s *store) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	if err := s.exec(ctx, "DELETE FROM session WHERE expires <= ?", time.Now().UnixMilli()); err != nil {
		return err
	}
	return s.exec(ctx, `INSERT INTO session VALUES (?, ?, ?)
		ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires = excluded.expires WHERE length(data) > 0`, token, data, expires.UnixMilli())
}

// DeleteCtx implements scs.CtxStore. An empty row stays until the session would
// have expired: a request that was under way must not bring it back.
func (s *store) DeleteCtx(ctx context.Context, token string) error {
	return s.exec(ctx, "UPDATE session SET data = x'' WHERE token = ?", token)
}

// Find implements scs.Store.
func (s *store) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

// Commit implements scs.Store.
func (s *store) Commit(token string, data []byte, expires time.Time) error {
	return s.CommitCtx(context.Background(), token, data, expires)
}

// Delete implements scs.Store.
func (s *store) Delete(token string) error { return s.DeleteCtx(context.Background(), token) }

func (s *store) note(ctx context.Context, n Note) error {
	if err := s.exec(ctx, "DELETE FROM note WHERE at < ?", n.At.Add(-keepNotes).UnixMilli()); err != nil {
		return err
	}
	return s.exec(ctx, `INSERT INTO note (at, user, "from", action, target) VALUES (?, ?, ?, ?, ?)`, n.At.UnixMilli(), n.User, n.From, n.Action, n.Target)
}

func (s *store) notes(ctx context.Context, before time.Time, limit int) (list []Note, err error) {
	err = s.do(ctx, func(c *sqlite.Conn) error {
		return sqlitex.Execute(c, `SELECT at, user, "from", action, target FROM note WHERE at < ? ORDER BY at DESC, id DESC LIMIT ?`, &sqlitex.ExecOptions{
			Args: []any{before.UnixMilli(), limit},
			ResultFunc: func(row *sqlite.Stmt) error {
				list = append(list, Note{time.UnixMilli(row.ColumnInt64(0)), row.ColumnText(1), row.ColumnText(2), row.ColumnText(3), row.ColumnText(4)})
				return nil
			},
		})
	})
	return list, err
}
