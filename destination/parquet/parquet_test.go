package parquet

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"github.com/parlance-chat/parlance/destination"
)

// nine is when all begins.
var nine = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func open(t testing.TB, s Settings) *Destination {
	t.Helper()
	d, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// local returns a destination in a directory.
func local(t testing.TB, dir string) *Destination {
	return open(t, Settings{URL: "file://" + filepath.ToSlash(dir)})
}

// attempt returns an attempt with calls given as JSON.
func attempt(calls ...string) destination.Attempt {
	a := destination.Attempt{SentAt: nine.Add(time.Hour)}
	for i, c := range calls {
		id := fmt.Sprintf("call-%d", i)
		if _, rest, ok := strings.Cut(c, `"messageId":"`); ok {
			id, _, _ = strings.Cut(rest, `"`)
		}
		a.Calls = append(a.Calls, destination.Call{MessageID: id, JSON: []byte(c)})
	}
	return a
}

// event returns a message whose id is said and that was written so many seconds
// after nine.
func event(id string, second int) string {
	return fmt.Sprintf(`{"type":"track","event":"Live Chat Message Sent","messageId":%q,"userId":"u","timestamp":%q,"properties":{"conversation_id":"17","conversation_duration":%d,"message_id":"m-%s","message_body":"Where is it?"},"context":{"live_chat":{"source":"support"}}}`,
		id, nine.Add(time.Duration(second)*time.Second).Format(time.RFC3339), second, id)
}

// rows returns what a file has, each row as text, and the names of its columns.
func rows(t testing.TB, b []byte) (names []string, list [][]string) {
	t.Helper()
	f, err := pq.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range f.Schema().Columns() {
		names = append(names, strings.Join(c, "."))
	}
	r := pq.NewGenericReader[any](f)
	defer r.Close()
	buf := make([]pq.Row, 100)
	for {
		n, err := r.ReadRows(buf)
		for _, row := range buf[:n] {
			values := make([]string, len(row))
			for i, v := range row {
				if !v.IsNull() {
					values[i] = v.String()
				}
			}
			list = append(list, values)
		}
		if err == io.EOF {
			return names, list
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// first returns the first column of a file.
func first(t testing.TB, b []byte) (list []string) {
	t.Helper()
	f, err := pq.OpenFile(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	values := make([]pq.Value, 100)
	for _, g := range f.RowGroups() {
		r := pq.NewColumnChunkValueReader(g.ColumnChunks()[0])
		for err == nil {
			var n int
			n, err = r.ReadValues(values)
			for _, v := range values[:n] {
				list = append(list, v.String())
			}
		}
		r.Close()
		if err != io.EOF {
			t.Fatal(err)
		}
		err = nil
	}
	return list
}

// tree returns the names of all files that have rows.
func tree(t testing.TB, dir string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == recordKey || strings.HasSuffix(n, "/none.parquet") })
}

// A table is a directory, a day another, and a column is where postgres has it.
func TestLayout(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "lake")
	d := local(t, dir)
	if err := d.Send(t.Context(), attempt(
		event("a", 0), event("b", 86400), event("c", 1), event("c", 1),
		`{"type":"identify","messageId":"i","userId":"u","timestamp":"2026-03-02T23:59:59.999Z","traits":{"name":"Una","plan":"gold"}}`,
	)); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range tree(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		names, list := rows(t, b)
		id, at := slices.Index(names, "id"), slices.Index(names, "timestamp")
		if id != 0 || names[1] != "received_at" {
			t.Errorf("%s: columns begin with %v", name, names[:2])
		}
		for _, r := range list {
			got = append(got, fmt.Sprintf("%s %s %s", filepath.ToSlash(filepath.Dir(name)), r[id], r[at]))
		}
		if strings.HasPrefix(name, "identifies/") && (!slices.Contains(list[0], "Una") || !slices.Contains(list[0], `{"plan":"gold"}`)) {
			t.Errorf("identifies has %v", list[0])
		}
	}
	micros := func(s int) string { return fmt.Sprint(nine.Add(time.Duration(s) * time.Second).UnixMicro()) }
	want := []string{
		"identifies/date=2026-03-02 i " + fmt.Sprint(nine.Add(15*time.Hour-time.Millisecond).UnixMicro()),
		"live_chat_message_sent/date=2026-03-02 a " + micros(0),
		"live_chat_message_sent/date=2026-03-02 c " + micros(1),
		"live_chat_message_sent/date=2026-03-03 b " + micros(86400),
		"tracks/date=2026-03-02 a " + micros(0),
		"tracks/date=2026-03-02 c " + micros(1),
		"tracks/date=2026-03-03 b " + micros(86400),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Whoever removes what was read, directories and all, does not stop what is new.
func TestDirectoriesRemoved(t *testing.T) {
	dir := t.TempDir()
	d := local(t, dir)
	for i, id := range []string{"a", "b"} {
		if err := d.Send(t.Context(), attempt(event(id, i))); err != nil {
			t.Fatal(err)
		}
		files := filepath.Join(dir, "live_chat_message_sent", "date=2026-03-02")
		if names, err := os.ReadDir(files); len(names) != 1 {
			t.Errorf("%s: got %v (%v), want one file", id, names, err)
		}
		if err := os.RemoveAll(filepath.Dir(files)); err != nil {
			t.Fatal(err)
		}
	}
}
