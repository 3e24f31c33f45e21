// Package sqlite keeps a journal in one SQLite file.
//
// One goroutine writes. It gathers whatever waits into one transaction, so
// that everybody shares its sync, and stores the webhooks of a transaction, and
// the events of each workspace, as one compressed block. format.md describes
// the file.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/parlance-chat/parlance/internal/journal"
)

// Errors of Open. Nothing was touched.
var (
	ErrInUse   = errors.New("in use by another process")
	ErrFormat  = errors.New("of another format")
	ErrDamaged = errors.New("damaged")
)

const (
	fileName = "parlance.db"
	lockName = "parlance.lock"

	// readers bounds how many read at once.
	readers = 4
	// cacheBytes bounds the blocks that are kept in memory.
	cacheBytes = 4 << 20
)

// Options say what to keep. The zero value is the default.
type Options struct {
	Webhooks time.Duration // how long webhooks are kept; 0 means 7 days
	Events   time.Duration // how long delivered events are kept; 0 means 30 days
	Log      *slog.Logger  // nil is silent

	// now is the clock; nil is time.Now.
	now func() time.Time
	// step, if set, is called before and after every commit, and its error
	// takes the place of the commit's.
	step func(stage string) error
	// pages bounds the file, as a full disk would; 0 does not.
	pages int
}

func (o *Options) setDefaults() {
	if o.Webhooks == 0 {
		o.Webhooks = 7 * 24 * time.Hour
	}
	if o.Events == 0 {
		o.Events = 30 * 24 * time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.now == nil {
		o.now = time.Now
	}
	if o.step == nil {
		o.step = func(string) error { return nil }
	}
}

// A Journal is a journal.Journal in a directory.
type Journal struct {
	o       Options
	dir     string
	lock    *os.File
	conn    *sqlite.Conn  // for writing
	pool    *sqlitex.Pool // for reading
	decoder *zstd.Decoder
	queue   queue
	fresh   fresh
	recent  recent
	ctx     context.Context // done when the journal is being closed
	cancel  context.CancelFunc
	closed  sync.Once
	tasks   sync.WaitGroup // the background goroutines
	check   chan struct{}  // asks for a checkpoint
	sources sources
}

var _ journal.Journal = (*Journal)(nil)

// Open opens the journal in dir, and creates both if there is none. The caller
// must Close it. If the error is ErrInUse, ErrFormat or ErrDamaged, nothing
// was touched.
func Open(dir string, o Options) (*Journal, error) {
	o.setDefaults()
	path := filepath.Join(dir, fileName)
	j, err := open(dir, path, o)
	if err != nil {
		return nil, fmt.Errorf("journal: open %s: %w", path, err)
	}
	return j, nil
}

func open(dir, path string, o Options) (_ *Journal, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	// Where there is no lock, nobody else has the file open, and it is looked
	// at before as much as a lock is made beside it.
	if _, err := os.Stat(filepath.Join(dir, lockName)); errors.Is(err, fs.ErrNotExist) {
		if err := inspect(path); err != nil {
			return nil, err
		}
	}
	lock, err := lockFile(filepath.Join(dir, lockName))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, lock.Close())
		}
	}()
	if err := inspect(path); err != nil {
		return nil, err
	}
	if err := readThrough(path); err != nil {
		return nil, damage(err)
	}
	conn, err := openWriter(path, o)
	if err != nil {
		return nil, damage(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, conn.Close())
		}
	}()
	pool, err := sqlitex.NewPool(path, sqlitex.PoolOptions{
		Flags:    sqlite.OpenReadOnly,
		PoolSize: readers,
		PrepareConn: func(c *sqlite.Conn) error {
			return sqlitex.ExecuteTransient(c, "PRAGMA cache_size = -500", nil)
		},
	})
	if err != nil {
		return nil, err
	}
	j := &Journal{o: o, dir: dir, lock: lock, conn: conn, pool: pool, decoder: newDecoder(), check: make(chan struct{}, 1)}
	j.ctx, j.cancel = context.WithCancel(context.Background())
	w, err := newWriter(j, conn)
	if err != nil {
		return nil, errors.Join(damage(err), pool.Close())
	}
	j.queue.init()
	j.tasks.Go(w.run)
	j.tasks.Go(j.checkpoints)
	j.tasks.Go(j.sweeps)
	return j, nil
}

// openWriter opens the one connection that writes.
func openWriter(path string, o Options) (conn *sqlite.Conn, err error) {
	if f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return nil, err
	} else if err := f.Close(); err != nil {
		return nil, err
	}
	conn, err = sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	version := 0
	err = sqlitex.ExecuteTransient(conn, "PRAGMA user_version", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		version = s.ColumnInt(0)
		return nil
	}})
	if err == nil && version == 0 {
		err = sqlitex.ExecuteScript(conn, schema, nil)
	}
	for _, pragma := range []string{
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		"PRAGMA wal_autocheckpoint = 0",
		secureFast,
		"PRAGMA cache_size = -1500", // kB; its memory allocator takes twice as much
		fmt.Sprintf("PRAGMA max_page_count = %d", max(o.pages, 0)),
	} {
		if err == nil {
			err = sqlitex.ExecuteTransient(conn, pragma, nil)
		}
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// Close waits until what is being written is written, and closes the file.
// Whoever waits to write or to read gets an error. Closing again does nothing.
func (j *Journal) Close() error {
	var err error
	j.closed.Do(func() {
		j.queue.close()
		j.cancel()
		j.tasks.Wait()
		j.decoder.Close()
		// The last to close the file folds its log into it, so that must be
		// the one who may write.
		err = errors.Join(j.pool.Close(), j.conn.Close(), j.lock.Close())
	})
	return err
}

// damage tells SQLite's words for a broken file apart.
func damage(err error) error {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultCorrupt, sqlite.ResultNotADB:
		return fmt.Errorf("%w: restore it from a copy, or move it away to start anew (%w)", ErrDamaged, err)
	}
	return err
}
