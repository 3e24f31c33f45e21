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
	"github.com/parlance-chat/parlance/internal/disk"
)

// Settings are the settings of a destination of type file.
type Settings struct {
	// Path of the file, such as ./events.jsonl. If it is renamed or removed, a new one begins. Required.
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
		Name:  "file",
		Title: "JSON Lines file",
		Gives: destination.Gives{
			Repetition: "not recognised; a call comes again, with the same messageId, only where the gateway was killed after writing it",
			Order:      "kept",
			Batch:      "taken as a whole: on disk, or written again in the same place",
			Limits:     "1,000 calls, 4 MB",
			Retries:    "a file asks for none",
		},
		Settings: func() any { return &Settings{RotateMB: 100, Keep: 10} },
		Place:    func(settings any) string { return filepath.Join(settings.(*Settings).Path) },
		Look:     func(settings any) []destination.Finding { return look(settings.(*Settings).Path) },
		Find:     "at the end of the file",
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. The file is opened by the first Send, so that a
// disk that is not there keeps nobody else from their events.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("file: %w", err)
	}
	return &Destination{s: s, opens: openFile}, nil
}

// A Destination appends to one file. It implements destination.Destination.
type Destination struct {
	s     Settings
	opens func(path string) (handle, error)
	f     handle // nil before the first Send, after something failed, and after Close
	size  int64  // of the whole lines in it
	buf   bytes.Buffer
}

// A handle is an open file, or a test's that fails.
type handle interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Stat() (os.FileInfo, error)
	Sync() error
	Truncate(size int64) error
}

func openFile(path string) (handle, error) { return os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) }

// open opens the file, and makes it if there is none. A line that a crash cut
// off is removed: its call was not delivered, and comes again.
func (d *Destination) open() error {
	dir := filepath.Dir(d.s.Path)
	if err := makeDir(dir); err != nil {
		return err
	}
	f, err := d.opens(d.s.Path)
	if err != nil {
		return err
	}
	size, err := wholeLines(f)
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		err = disk.Sync(dir) // or a power failure takes the new file's name away
	}
	if err != nil {
		return errors.Join(err, f.Close())
	}
	d.f, d.size = f, size
	return nil
}

// makeDir makes a directory and those above it that last as what is in it.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if err := makeDir(above); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return disk.Sync(above)
}

// ready has f be what the path names, with room for more.
func (d *Destination) ready() error {
	if !d.current() {
		if err := d.Close(); err != nil {
			return err
		}
		if err := d.open(); err != nil {
			return err
		}
	}
	if d.s.RotateMB > 0 && d.size > int64(d.s.RotateMB)<<20 {
		return d.rotate()
	}
	return nil
}

// current reports whether nobody renamed, removed, cut or wrote to the file
// since the last Send: people and logrotate do.
func (d *Destination) current() bool {
	if d.f == nil {
		return false
	}
	ours, err := d.f.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(d.s.Path)
	return err == nil && os.SameFile(ours, there) && there.Size() == d.size
}

// wholeLines returns the length of f up to the end of its last line.
func wholeLines(f handle) (int64, error) {
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
func (d *Destination) Send(_ context.Context, a destination.Attempt) (err error) {
	defer func() { a.Told("append to "+d.s.Path, err) }()
	if err := d.ready(); err != nil {
		return fmt.Errorf("file: %w", err)
	}
	d.buf.Reset()
	for _, c := range a.Calls {
		d.buf.Write(c.JSON)
		d.buf.WriteByte('\n')
	}
	// At the end of the whole lines: what a failed attempt left is written over.
	_, err = d.f.WriteAt(d.buf.Bytes(), d.size)
	if err == nil {
		err = d.f.Sync()
	}
	if err != nil {
		return fmt.Errorf("file: %w", errors.Join(err, d.f.Truncate(d.size)))
	}
	d.size += int64(d.buf.Len())
	return nil
}

// rotate renames the files and begins a new one. Only those up to the first
// free name move, so that trying again after a failure loses none.
func (d *Destination) rotate() error {
	if err := d.Close(); err != nil {
		return err
	}
	free := 1
	for ; free < d.s.Keep; free++ {
		if _, err := os.Lstat(d.name(free)); errors.Is(err, os.ErrNotExist) {
			break
		}
	}
	for n := free; n > 0; n-- {
		if err := os.Rename(d.name(n-1), d.name(n)); err != nil {
			return err
		}
	}
	return d.open()
}

// name is that of the file before n rotations.
func (d *Destination) name(n int) string {
	if n == 0 {
		return d.s.Path
	}
	return d.s.Path + "." + strconv.Itoa(n)
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	f := d.f
	if d.f = nil; f == nil {
		return nil
	}
	return f.Close()
}
