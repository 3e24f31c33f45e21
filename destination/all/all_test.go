package all

import (
	"os"
	"path/filepath"
	"strings"
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

// Every destination has a page, a title, and a name of its own. A page says
// what becomes of calls, those of identify too, what is guaranteed, what is easy
// to get wrong, and what nobody has tried.
func TestTypes(t *testing.T) {
	seen := map[string]bool{}
	for _, typ := range Types() {
		page, err := os.ReadFile(filepath.Join(docs, typ.Name+".md"))
		if err != nil {
			t.Errorf("%s: %v", typ.Name, err)
		}
		for _, want := range []string{"\n## What becomes of what\n", "identify", "\n## What it guarantees\n", "\n## Traps\n", "\n## Unverified\n"} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%s: the page lacks %q", typ.Name, want)
			}
		}
		if typ.Title == "" || seen[typ.Name] {
			t.Errorf("%s: has no title, or is in the list twice", typ.Name)
		}
		seen[typ.Name] = true
	}
}
