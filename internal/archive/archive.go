// Package archive is the read side: conversations, messages and agents in an
// SQLite file of its own, for the console and for reports.
//
// It reads the log of events as a destination does, and keeps how far it has
// got in the transaction in which it writes what it has read, so that each
// event counts once. What it has can be made anew from the log, as far as
// that is kept. docs/archive.md describes the file.
package archive

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// FileName is the archive's in the data directory. SQLite keeps two files
// beside it, whose names begin with it.
const FileName = "archive.db"

const (
	// applicationID is "ParA" in ASCII.
	applicationID = 0x50617241
	formatVersion = 3
	// readers bounds how many read at once.
	readers = 2
)

// ErrFormat means that the file was written by another version.
var ErrFormat = errors.New("of another version: run 'parlance archive rebuild'")

//go:embed schema.sql
var schema string

//go:embed views.sql
var views string

// Options say what to keep. The zero value is the default.
type Options struct {
	Keep   time.Duration // how long conversations are kept after their last event; 0 is for ever
	Bodies Bodies        // whether what was written is kept
	Log    *slog.Logger  // nil is silent
	// Metrics, if not nil, tell how far it has got.
	Metrics *Metrics

	now func() time.Time // nil is time.Now
}

// Bodies says what is kept of what was written.
type Bodies string

// Values of Bodies; the zero value is Include.
const (
	Include Bodies = "include"
	Omit    Bodies = "omit"
)

// An Archive is open. Its methods may be called concurrently.
type Archive struct {
	o      Options
	pool   *sqlitex.Pool // for reading
	closed sync.Once

	mu   sync.Mutex   // guards conn and dict
	conn *sqlite.Conn // for writing
	dict dictionary
}

// Open opens the archive in dir, and creates it if there is none. Only one
// process may have it open at a time, which is for the holder of the journal
// in dir to see to. The caller must Close it.
func Open(dir string, o Options) (*Archive, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.now == nil {
		o.now = time.Now
	}
	path := filepath.Join(dir, FileName)
	a, err := openFile(path, o)
	if err != nil {
		return nil, fmt.Errorf("archive: open %s: %w", path, err)
	}
	return a, nil
}

func openFile(path string, o Options) (*Archive, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	conn, err := openWriter(path)
	if err != nil {
		return nil, err
	}
	pool, err := sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:    sqlite.OpenReadOnly,
		PoolSize: readers,
		PrepareConn: func(c *sqlite.Conn) error {
			return sqlitex.ExecuteTransient(c, "PRAGMA cache_size = -1000", nil)
		},
	})
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &Archive{o: o, pool: pool, conn: conn}, nil
}

// openWriter opens the connection that writes. What a power failure takes from
// the end of the file is read from the log once more, so that no commit has to
// wait for the disk.
func openWriter(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	version, err := pragma(conn, "user_version")
	if err == nil && version != 0 && version != formatVersion {
		err = ErrFormat
	}
	for _, pragma := range []string{"journal_mode = WAL", "synchronous = NORMAL", "wal_autocheckpoint = 1000", "secure_delete = ON", "cache_size = -1000", "temp_store = MEMORY"} {
		if err == nil {
			err = sqlitex.ExecuteTransient(conn, "PRAGMA "+pragma, nil)
		}
	}
	if err == nil && version == 0 {
		err = sqlitex.ExecuteScript(conn, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;\n", applicationID, formatVersion)+schema+views, nil)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func pragma(conn *sqlite.Conn, name string) (n int64, err error) {
	err = sqlitex.ExecuteTransient(conn, "PRAGMA "+name, &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		n = s.ColumnInt64(0)
		return nil
	}})
	return n, err
}

// KeepsText reports whether what was written is kept, where it is a text.
func (a *Archive) KeepsText() bool { return a.o.Bodies != Omit }

// Close closes the file. Run must have returned. Closing again does nothing.
func (a *Archive) Close() (err error) {
	a.closed.Do(func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		// The last to close the file folds its log into it, so that must be
		// the one who may write.
		err = errors.Join(a.pool.Close(), a.conn.Close())
	})
	return err
}

// Remove removes the archive in dir, so that it is made anew. It must not be
// open.
func Remove(dir string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(dir, FileName+suffix)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("archive: %w", err)
		}
	}
	return nil
}

// read runs a statement on one of the reading connections.
func (a *Archive) read(ctx context.Context, query string, row func(*sqlite.Stmt) error, args ...any) error {
	conn, err := a.pool.Take(ctx)
	if err != nil {
		return fmt.Errorf("archive: read: %w", err)
	}
	defer a.pool.Put(conn)
	if err := sqlitex.Execute(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: row}); err != nil {
		return fmt.Errorf("archive: read: %w", err)
	}
	return nil
}
