package parquet

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
)

// asideKey is where files of a directory are written before they are moved to
// their place: some readers take whatever is beside the others.
const asideKey = "_parlance/aside"

// A disk is a directory that holds a store. It does what package fileblob
// leaves out: that files outlast a power failure.
type disk struct {
	root    string
	lasting sync.Map // directories that do, names and all; each costs a sync for all above it
}

func (d *disk) path(key string) string { return filepath.Join(d.root, filepath.FromSlash(key)) }

// clear removes what was left aside when somebody pulled the plug.
func (d *disk) clear() error { return os.RemoveAll(d.path(asideKey)) }

// move puts a file in its place, and all of it on disk.
func (d *disk) move(from, to string) error {
	if err := flush(d.path(from)); err != nil {
		return err
	}
	dir := filepath.Dir(d.path(to))
	if err := d.makeDir(dir); err != nil {
		return err
	}
	if err := os.Rename(d.path(from), d.path(to)); err != nil {
		return err
	}
	return syncDir(dir)
}

// makeDir makes sure that a directory is there, and its name and those of all
// above it on disk, up to that of the root.
func (d *disk) makeDir(dir string) error {
	_, err := os.Stat(dir)
	if _, ok := d.lasting.Load(dir); ok && err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for at := dir; len(at) >= len(d.root) && at != filepath.Dir(at); {
		at = filepath.Dir(at)
		if err := syncDir(at); err != nil {
			return err
		}
	}
	d.lasting.Store(dir, true)
	return nil
}

func flush(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// syncDir puts the names in a directory on disk. Windows does so by itself,
// and cannot be asked to.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a file system that has no such thing
	}
	return errors.Join(err, f.Close())
}
