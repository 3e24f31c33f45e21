package all

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/parlance-chat/parlance/internal/doctable"
)

const docs = "../../docs/destinations"

// The table in the documentation is the one in the code, and no cell is empty.
func TestTable(t *testing.T) {
	doctable.Check(t, filepath.Join(docs, "README.md"), Markdown())
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
