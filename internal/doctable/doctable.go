// Package doctable tests that a table in the documentation is the one that the
// code writes.
package doctable

import (
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the tables in the documentation")

// Check compares the marked place of a file with a table.
func Check(t *testing.T, file, table string) {
	t.Helper()
	const from, to = "<!-- table -->\n", "<!-- end of the table -->\n"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(b), from)
	_, tail, ok := strings.Cut(rest, to)
	if !ok {
		t.Fatalf("%s has no place for the table", file)
	}
	want := head + from + table + to + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(b) {
		t.Errorf("%s differs from the code: go test with -update rewrites it", file)
	}
}
