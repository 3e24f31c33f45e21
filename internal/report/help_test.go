package report

import (
	"fmt"
	"os"
	"strings"

	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/internal/archive"
)

func tempDir(t *rapid.T) string {
	dir, err := os.MkdirTemp("", "parlance-report-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func open(t *rapid.T, dir string) *archive.Archive {
	a, err := archive.Open(dir, archive.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func close(t *rapid.T, a *archive.Archive) {
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}

// difference names the first lines that differ, with what stands before.
func difference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("got\n%s\nwant\n%s", strings.Join(g[max(0, i-12):min(len(g), i+4)], "\n"), strings.Join(w[max(0, i-2):min(len(w), i+4)], "\n"))
		}
	}
	return fmt.Sprintf("got %d lines, want %d", len(g), len(w))
}
