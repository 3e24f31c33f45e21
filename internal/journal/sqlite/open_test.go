package sqlite

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/internal/journal"
)

// What must not be opened is not touched either.
func TestRefusedFiles(t *testing.T) {
	whole := t.TempDir()
	j := mustOpen(t, whole, Options{})
	for n := range 50 {
		if err := j.Append(t.Context(), webhook(n)); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(whole, fileName))
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(b []byte) []byte) []byte { return f(append([]byte{}, good...)) }
	for name, tt := range map[string]struct {
		content []byte
		want    error
	}{
		"text":               {[]byte("this is no database"), ErrDamaged},
		"garbage":            {change(func(b []byte) []byte { copy(b, make([]byte, 100)); return b }), ErrDamaged},
		"cut off":            {good[:len(good)/2], ErrDamaged},
		"of another program": {change(func(b []byte) []byte { binary.BigEndian.PutUint32(b[68:], 1); return b }), ErrFormat},
		"of another version": {change(func(b []byte) []byte { binary.BigEndian.PutUint32(b[60:], formatVersion+1); return b }), ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			dir := untouched(t, map[string][]byte{fileName: tt.content}, tt.want)
			if files, err := filepath.Glob(filepath.Join(dir, "*")); err != nil || len(files) != 1 {
				t.Errorf("there is %v (%v), want the file alone", files, err)
			}
		})
	}
}

// Whichever page is broken, that is told, and nothing is touched. With a log
// beside it, as after kill -9, too.
func TestDamagedPages(t *testing.T) {
	dir := t.TempDir()
	j := mustOpen(t, dir, Options{})
	for n := range 20 {
		if err := errors.Join(j.Append(t.Context(), webhook(n)), j.Commit(t.Context(), support, apply(n), journal.Seq(n))); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.ReadFile(filepath.Join(dir, fileName+"-wal"))
	if err != nil || len(log) == 0 {
		t.Fatalf("a log of %d bytes (%v)", len(log), err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if files, err := filepath.Glob(filepath.Join(dir, fileName+"-*")); err != nil || len(files) > 0 {
		t.Errorf("closed: there is %v beside the file (%v)", files, err)
	}
	const page = 4096
	if len(good) < 15*page {
		t.Fatalf("the file has %d bytes, too little to try", len(good))
	}
	for at := page; at < len(good); at += page {
		bad := append([]byte{}, good...)
		for i := at; i < at+page; i++ {
			bad[i] ^= 0x55
		}
		untouched(t, map[string][]byte{fileName: bad}, ErrDamaged)
	}
	untouched(t, map[string][]byte{fileName: append(append([]byte{}, good[:page]...), make([]byte, len(good)-page)...), fileName + "-wal": log[:page]}, ErrDamaged)
}

// untouched checks that a journal of these files is refused, and left as it is.
func untouched(t *testing.T, files map[string][]byte, want error) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, Options{}); !errors.Is(err, want) || !strings.Contains(err.Error(), filepath.Join(dir, fileName)) {
		t.Errorf("got %v, want %v that names the file", err, want)
	}
	for name, content := range files {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != string(content) {
			t.Errorf("%s was touched (%v)", name, err)
		}
	}
	return dir
}

func TestInUse(t *testing.T) {
	dir := t.TempDir()
	mustOpen(t, dir, Options{})
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, want ErrInUse", err)
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	j := mustOpen(t, dir, Options{})
	if err := j.Append(t.Context(), webhook(1)); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", fileName, fileName + "-wal", lockName} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%q: got mode %v (%v)", name, info.Mode(), err)
		}
	}
}
