package file

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

// Looking changes nothing, not even a line that is not whole.
func TestLook(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "below", "events.jsonl")
	if found := look(path); len(found) != 1 || found[0].Level != destination.Good || !strings.Contains(found[0].Text, "not there yet") {
		t.Errorf("got %+v", found)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("something was made: %v, %v", entries, err)
	}
	path = filepath.Join(dir, "events.jsonl")
	const half = `{"type":"track"}` + "\n" + `{"type":`
	if err := os.WriteFile(path, []byte(half), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := look(path); len(found) != 1 || found[0].Level != destination.Good || !strings.Contains(found[0].Text, "has 25 B") {
		t.Errorf("got %+v", found)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != half {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{dir, filepath.Join(path, "below.jsonl")} {
		found := look(bad)
		if last := found[len(found)-1]; last.Level != destination.Problem || last.Do == "" {
			t.Errorf("%s: got %+v", bad, found)
		}
	}
}
