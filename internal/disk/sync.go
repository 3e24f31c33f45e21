package disk

import (
	"errors"
	"os"
	"runtime"
	"syscall"
)

// Sync has the names in a directory survive a power failure: a file that is
// synced itself may still be gone without its name. Windows does so by itself,
// and cannot be asked to.
func Sync(dir string) error {
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
