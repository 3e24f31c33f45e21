package control

import (
	"errors"
	"io/fs"
	"os"
)

// removeSocket removes what a killed gateway left, and nothing else.
func removeSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode()&fs.ModeSocket == 0 {
		return errors.New(path + " is in the way: it is not a socket")
	}
	return os.Remove(path)
}

// restrict keeps other users out.
func restrict(path string) error { return os.Chmod(path, 0o600) }
