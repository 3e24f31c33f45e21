package parquet

import (
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/parlance-chat/parlance/internal/disk"
)

// asideKey is where files of a directory are written before they are moved to
// their place: some readers take whatever is beside the others.
const asideKey = "_parlance/aside"

// A folder is a directory that holds a store. It does what package fileblob
// leaves out: that files outlast a power failure.
type folder struct {
	root    string
	lasting sync.Map // directories that do, names and all; each costs a sync for all above it
}

func (d *folder) path(key string) string { return filepath.Join(d.root, filepath.FromSlash(key)) }

// clear removes what was left aside when somebody pulled the plug.
func (d *folder) clear() error { return os.RemoveAll(d.path(asideKey)) }

// move puts a file in its place, and all of it on disk.
func (d *folder) move(from, to string) error {
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
	return disk.Sync(dir)
}

// makeDir makes sure that a directory is there, and its name and those of all
// above it on disk, up to that of the root.
func (d *folder) makeDir(dir string) error {
	_, err := os.Stat(dir)
	if _, ok := d.lasting.Load(dir); ok && err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for at := dir; len(at) >= len(d.root) && at != filepath.Dir(at); {
		at = filepath.Dir(at)
		if err := disk.Sync(at); err != nil {
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
