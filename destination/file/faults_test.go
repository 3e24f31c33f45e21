package file

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

var (
	errFull = &fs.PathError{Op: "write", Path: "events.jsonl", Err: syscall.ENOSPC}
	errSync = &fs.PathError{Op: "sync", Path: "events.jsonl", Err: syscall.EIO}
)

// A broken file fails in what its fields are set to, as long as it is broken.
type broken struct {
	handle
	now              *atomic.Bool
	writes           int // bytes that fit
	full             bool
	syncs, truncates error
}

func (b broken) WriteAt(p []byte, at int64) (int, error) {
	if !b.now.Load() || !b.full {
		return b.handle.WriteAt(p, at)
	}
	n, err := b.handle.WriteAt(p[:min(b.writes, len(p))], at)
	return n, errors.Join(err, errFull)
}

func (b broken) Sync() error {
	err := b.handle.Sync()
	if b.now.Load() {
		err = errors.Join(err, b.syncs)
	}
	return err
}

func (b broken) Truncate(size int64) error {
	if b.now.Load() && b.truncates != nil {
		return b.truncates
	}
	return b.handle.Truncate(size)
}

func TestFaults(t *testing.T) {
	var cases []destinationtest.Case
	add := func(name string, happened bool, breaks, mends func(d *Destination, path string) error) {
		var path string
		var d *Destination
		cases = append(cases, destinationtest.Case{
			Name: name, Class: "again", Happened: happened,
			Open: func(t *testing.T) destination.Destination {
				path = filepath.Join(t.TempDir(), "sub", "events.jsonl")
				d = open(t, Settings{Path: path, Keep: 1})
				if err := errors.Join(d.ready(), breaks(d, path)); err != nil {
					t.Fatal(err)
				}
				return d
			},
			Mend: func(t *testing.T) {
				if err := mends(d, path); err != nil {
					t.Fatal(err)
				}
			},
			Received: func(t *testing.T) []string { return strings.Split(strings.TrimSpace(read(t, path)), "\n") },
		})
	}
	fails := func(name string, happened bool, b broken) {
		b.now = new(atomic.Bool)
		add(name, happened,
			func(d *Destination, _ string) error { b.now.Store(true); b.handle, d.f = d.f, nil; d.f = b; return nil },
			func(*Destination, string) error { b.now.Store(false); return nil })
	}
	fails("disk full", false, broken{full: true})
	fails("disk full within a line", false, broken{full: true, writes: 100})
	fails("disk full, and what was written stays", true, broken{full: true, writes: 1000, truncates: errFull})
	fails("sync fails", false, broken{syncs: errSync})
	fails("sync fails, but it happened", true, broken{syncs: errSync, truncates: errSync})

	var denied atomic.Bool
	add("permission denied", false,
		func(d *Destination, path string) error {
			denied.Store(true)
			d.opens = func(path string) (handle, error) {
				if denied.Load() {
					return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EACCES}
				}
				return openFile(path)
			}
			return os.Remove(path)
		},
		func(*Destination, string) error { denied.Store(false); return nil })
	add("directory gone, and a file in its place", false,
		func(_ *Destination, path string) error {
			if err := os.RemoveAll(filepath.Dir(path)); err != nil {
				return err
			}
			return os.WriteFile(filepath.Dir(path), nil, 0o600)
		},
		func(_ *Destination, path string) error { return os.Remove(filepath.Dir(path)) })
	add("a directory in the file's place", false,
		func(_ *Destination, path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
		func(_ *Destination, path string) error { return os.Remove(path) })
	destinationtest.TestCases(t, cases)
}
