package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

const (
	// applicationID is "Parl" in ASCII.
	applicationID = 0x5061726c
	// formatVersion changes whenever an older program could not read the file.
	formatVersion = 2
	// throughBytes is the size up to which a file is read through when it is
	// opened. A larger one would keep people waiting.
	throughBytes = 64 << 20
)

// schema makes an empty file a journal.
var schema = fmt.Sprintf(`
PRAGMA application_id = %d;
PRAGMA user_version = %d;
CREATE TABLE sources (id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL);
CREATE UNIQUE INDEX sources_by ON sources (workspace, source);
CREATE TABLE webhooks (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, workspace TEXT NOT NULL, source TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX webhooks_at ON webhooks (at);
CREATE INDEX webhooks_of ON webhooks (workspace, source, last);
CREATE TABLE unreadable (workspace TEXT, seq INTEGER, source TEXT NOT NULL, PRIMARY KEY (workspace, seq)) WITHOUT ROWID;
CREATE INDEX unreadable_of ON unreadable (workspace, source);
CREATE TABLE pending (workspace TEXT, source TEXT, seq INTEGER, PRIMARY KEY (workspace, source, seq)) WITHOUT ROWID;
CREATE TABLE events (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, workspace TEXT NOT NULL, count INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX events_at ON events (at);
CREATE INDEX events_of ON events (workspace, last, first, at, count);
CREATE TABLE conversations (id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, source TEXT NOT NULL, conversation TEXT NOT NULL, day INTEGER, state BLOB, wake INTEGER);
CREATE INDEX conversations_wake ON conversations (workspace, source, wake) WHERE wake IS NOT NULL;
CREATE INDEX conversations_of_calls ON conversations (conversation) WHERE conversation = '';
CREATE UNIQUE INDEX conversations_by ON conversations (workspace, source, conversation);
CREATE INDEX conversations_day ON conversations (day) WHERE day IS NOT NULL;
CREATE TABLE seen (conversation INTEGER, activity INTEGER, day INTEGER NOT NULL, PRIMARY KEY (conversation, activity)) WITHOUT ROWID;
CREATE TABLE cursors (workspace TEXT, destination TEXT, at INTEGER NOT NULL, PRIMARY KEY (workspace, destination)) WITHOUT ROWID;
CREATE TABLE replays (id INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, destination TEXT NOT NULL, at INTEGER NOT NULL, done INTEGER NOT NULL, ended INTEGER, cancelled INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX replays_of ON replays (workspace, id);
CREATE TABLE holds (workspace TEXT, destination TEXT, at INTEGER NOT NULL, by TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (workspace, destination)) WITHOUT ROWID;
CREATE TABLE parked (id INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, destination TEXT NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL,
	source TEXT NOT NULL, conversation TEXT NOT NULL, name TEXT NOT NULL, reason TEXT NOT NULL, request TEXT NOT NULL, status INTEGER NOT NULL, response TEXT NOT NULL, event BLOB NOT NULL);
CREATE UNIQUE INDEX parked_once ON parked (workspace, destination, seq);
CREATE INDEX parked_of ON parked (workspace, id);
CREATE INDEX parked_by ON parked (workspace, destination, id);
`, applicationID, formatVersion)

// Path returns where in dir the journal is.
func Path(dir string) string { return filepath.Join(dir, fileName) }

// Exists reports whether there is a journal in dir, in whatever state, or
// something that hides whether there is: to open it then says what.
func Exists(dir string) bool {
	_, err := os.Stat(Path(dir))
	return !errors.Is(err, fs.ErrNotExist)
}

// inspect looks at the file's header without SQLite, which would write beside
// whatever it opens.
func inspect(path string) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var header [100]byte
	n, err := io.ReadFull(f, header[:])
	if n == 0 {
		return nil // created, and nothing written yet
	}
	if err != nil || string(header[:16]) != "SQLite format 3\x00" {
		return fmt.Errorf("%w: it is no SQLite file; restore it from a copy, or move it away to start anew", ErrDamaged)
	}
	if app := binary.BigEndian.Uint32(header[68:]); app != applicationID {
		return fmt.Errorf("%w: it belongs to another program; choose another data directory", ErrFormat)
	}
	if v := binary.BigEndian.Uint32(header[60:]); v != formatVersion {
		return fmt.Errorf("%w: it has version %d and this program reads version %d; use the program that wrote it", ErrFormat, v, formatVersion)
	}
	return whole(f, path, header)
}

// whole reports a file that was cut off. While there is a log beside it, or
// what undoes a first transaction that was cut off, the file may be shorter
// than it says.
func whole(f *os.File, path string, header [100]byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	for _, suffix := range []string{"-wal", "-journal"} {
		if beside, err := os.Stat(path + suffix); err == nil && beside.Size() > 0 {
			return nil
		}
	}
	page := int64(binary.BigEndian.Uint16(header[16:]))
	if page == 1 {
		page = 1 << 16
	}
	if want := page * int64(binary.BigEndian.Uint32(header[28:])); info.Size() < want {
		return fmt.Errorf("%w: it has %d bytes and should have %d; restore it from a copy, or move it away to start anew", ErrDamaged, info.Size(), want)
	}
	return nil
}

// readThrough has SQLite check every page of a file that is not too large, so
// that damage is told before anything is written.
func readThrough(path string) (err error) {
	if info, err := os.Stat(path); err != nil || info.Size() == 0 || info.Size() > throughBytes {
		return nil // what cannot be opened is told when it is
	}
	how := sqlite.OpenReadWrite
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		how = sqlite.OpenReadOnly // closing must not fold the log into the file
	}
	conn, err := sqlite.OpenConn(path, how)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	return sqlitex.ExecuteTransient(conn, "PRAGMA quick_check(1)", &sqlitex.ExecOptions{ResultFunc: func(s *sqlite.Stmt) error {
		if found := s.ColumnText(0); found != "ok" {
			return fmt.Errorf("%w: %s; restore it from a copy, or move it away to start anew", ErrDamaged, found)
		}
		return nil
	}})
}
