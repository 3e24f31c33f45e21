package sqlite

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// applicationID is "Parl" in ASCII.
	applicationID = 0x5061726c
	// formatVersion changes whenever an older program could not read the file.
	formatVersion = 1
)

// schema makes an empty file a journal, and leaves a journal as it is.
var schema = fmt.Sprintf(`
PRAGMA application_id = %d;
PRAGMA user_version = %d;
CREATE TABLE IF NOT EXISTS sources (id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, source TEXT NOT NULL, at INTEGER NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS sources_by ON sources (workspace, source);
CREATE TABLE IF NOT EXISTS webhooks (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, workspace TEXT NOT NULL, source TEXT NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS webhooks_at ON webhooks (at);
CREATE INDEX IF NOT EXISTS webhooks_of ON webhooks (workspace, source, last);
CREATE TABLE IF NOT EXISTS unreadable (workspace TEXT, seq INTEGER, PRIMARY KEY (workspace, seq)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (last INTEGER PRIMARY KEY, first INTEGER NOT NULL, at INTEGER NOT NULL, workspace TEXT NOT NULL, count INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS events_at ON events (at);
CREATE INDEX IF NOT EXISTS events_of ON events (workspace, last, first, at, count);
CREATE TABLE IF NOT EXISTS conversations (id INTEGER PRIMARY KEY, workspace TEXT NOT NULL, source TEXT NOT NULL, conversation TEXT NOT NULL, day INTEGER, state BLOB);
CREATE INDEX IF NOT EXISTS conversations_of_calls ON conversations (conversation) WHERE conversation = '';
CREATE UNIQUE INDEX IF NOT EXISTS conversations_by ON conversations (workspace, source, conversation);
CREATE INDEX IF NOT EXISTS conversations_day ON conversations (day) WHERE day IS NOT NULL;
CREATE TABLE IF NOT EXISTS seen (conversation INTEGER, activity INTEGER, day INTEGER NOT NULL, PRIMARY KEY (conversation, activity)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursors (workspace TEXT, destination TEXT, at INTEGER NOT NULL, PRIMARY KEY (workspace, destination)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS parked (id INTEGER PRIMARY KEY AUTOINCREMENT, workspace TEXT NOT NULL, destination TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL, event BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS parked_by ON parked (workspace, destination, id);
`, applicationID, formatVersion)

// Exists reports whether there is a journal in dir, in whatever state.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, fileName))
	return err == nil
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

// whole reports a file that was cut off. While there is a log beside it, the
// file may be shorter than it says.
func whole(f *os.File, path string, header [100]byte) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if wal, err := os.Stat(path + "-wal"); err == nil && wal.Size() > 0 {
		return nil
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
