package all

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of destinations")

const docs = "../../docs/destinations"

// The table in the documentation is the one in the code, and no cell is empty.
func TestTable(t *testing.T) {
	const from, to = "<!-- table -->\n", "<!-- end of the table -->\n"
	file := filepath.Join(docs, "README.md")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(string(b), from)
	_, tail, ok := strings.Cut(rest, to)
	if !ok {
		t.Fatalf("%s has no place for the table", file)
	}
	want := head + from + Markdown() + to + tail
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(b) {
		t.Errorf("%s differs from the code: go test ./destination/all -update", file)
	}
	for _, typ := range Types() {
		for _, c := range Columns() {
			if c.Of(typ.Gives) == "" {
				t.Errorf("%s: %s is empty", typ.Name, c.Name)
			}
		}
	}
}

// Every destination has a page, a title, and a name of its own.
func TestTypes(t *testing.T) {
	seen := map[string]bool{}
	for _, typ := range Types() {
		if _, err := os.Stat(filepath.Join(docs, typ.Name+".md")); err != nil {
			t.Errorf("%s: %v", typ.Name, err)
		}
		if typ.Title == "" || seen[typ.Name] {
			t.Errorf("%s: has no title, or is in the list twice", typ.Name)
		}
		seen[typ.Name] = true
	}
}
