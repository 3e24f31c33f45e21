// Package file writes calls to a file, one a line, as they would be sent: the
// easiest way to look.
package file

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"github.com/parlance-chat/parlance/destination"
)

// Settings are the settings of a destination of type file.
type Settings struct {
	// Path of the file, such as ./events.jsonl. Required.
	Path string `yaml:"path"`
	// Size in megabytes above which the file is renamed to PATH.1, PATH.1 to PATH.2 and so on. 0 never.
	RotateMB int `yaml:"rotate_mb"`
	// How many renamed files are kept; the oldest goes.
	Keep int `yaml:"keep"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.Path == "" {
		errs = append(errs, errors.New("path: is missing; write where the file is to be, such as ./events.jsonl"))
	}
	if s.RotateMB < 0 {
		errs = append(errs, errors.New("rotate_mb: is negative"))
	}
	if s.Keep < 1 {
		errs = append(errs, errors.New("keep: must be at least 1"))
	}
	return errors.Join(errs...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:     "file",
		Title:    "JSON Lines file",
		Settings: func() any { return &Settings{RotateMB: 100, Keep: 10} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open opens the file, and makes it if there is none. A line that a crash cut
// off is removed: its call was not delivered, and comes again.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	d := &Destination{s: s}
	if err := d.open(); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	return d, nil
}

// A Destination appends to one file. It implements destination.Destination.
type Destination struct {
	s    Settings
	f    *os.File
	size int64 // of the whole lines in it
	buf  bytes.Buffer
}

func (d *Destination) open() error {
	if err := os.MkdirAll(filepath.Dir(d.s.Path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(d.s.Path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	size, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(size)
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.f, d.size = f, size
	return nil
}

// wholeLines returns the length of f up to the end of its last line.
func wholeLines(f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, errors.Join(err, notRegular(info))
	}
	block := make([]byte, 64<<10)
	for end := info.Size(); end > 0; {
		start := max(0, end-int64(len(block)))
		b := block[:end-start]
		if _, err := f.ReadAt(b, start); err != nil && err != io.EOF {
			return 0, err
		}
		if i := bytes.LastIndexByte(b, '\n'); i >= 0 {
			return start + int64(i) + 1, nil
		}
		end = start
	}
	return 0, nil
}

func notRegular(info os.FileInfo) error {
	if info == nil || info.Mode().IsRegular() {
		return nil
	}
	return fmt.Errorf("%s is no regular file", info.Name())
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: 1000, Bytes: 4 << 20}
}

// Send implements destination.Destination. When it returns nil, the lines are
// on disk.
func (d *Destination) Send(_ context.Context, a destination.Attempt) error {
	if d.s.RotateMB > 0 && d.size > int64(d.s.RotateMB)<<20 {
		if err := d.rotate(); err != nil {
			return fmt.Errorf("file: rotate: %w", err)
		}
	}
	d.buf.Reset()
	for _, c := range a.Calls {
		d.buf.Write(c.JSON)
		d.buf.WriteByte('\n')
	}
	// At the end of the whole lines: what a failed attempt left is written over.
	_, err := d.f.WriteAt(d.buf.Bytes(), d.size)
	if err == nil {
		err = d.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("file: %w", errors.Join(err, d.f.Truncate(d.size)))
	}
	d.size += int64(d.buf.Len())
	return nil
}

// rotate renames the files and begins a new one.
func (d *Destination) rotate() error {
	if err := d.f.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return err
	}
	for n := d.s.Keep; n > 0; n-- {
		from := d.s.Path
		if n > 1 {
			from += "." + strconv.Itoa(n-1)
		}
		if err := os.Rename(from, d.s.Path+"."+strconv.Itoa(n)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return d.open()
}

// Close implements destination.Destination.
func (d *Destination) Close() error { return d.f.Close() }
