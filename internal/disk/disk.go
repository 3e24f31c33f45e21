// Package disk says whether and how much more can be written to a directory,
// and keeps what was named there.
package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Little is the room below which somebody should look.
const Little = 1 << 30

// Above returns the directory that path is in or would be made in: the nearest
// one that exists.
func Above(path string) (string, error) {
	for dir := filepath.Clean(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		switch {
		case err == nil && info.IsDir():
			return dir, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			return "", err
		case err == nil && dir != filepath.Clean(path):
			return "", fmt.Errorf("%s is no directory", dir)
		case dir == filepath.Dir(dir):
			return "", err
		}
	}
}

// Size writes a number of bytes for people.
func Size(bytes uint64) string {
	const unit = 1024
	value, names := float64(bytes), "KMGTPE"
	if bytes < unit {
		return fmt.Sprintf("%d B", bytes)
	}
	for value /= unit; value >= unit && len(names) > 1; names = names[1:] {
		value /= unit
	}
	return fmt.Sprintf("%.1f %cB", value, names[0])
}
