package all

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/doctable"
)

const docs = "../../docs/connectors"

// The table in the documentation is the one in the code, and no cell is empty.
func TestTable(t *testing.T) {
	doctable.Check(t, filepath.Join(docs, "README.md"), Markdown())
	for _, typ := range Types() {
		for _, c := range Columns() {
			if c.Of(typ) == "" {
				t.Errorf("%s: %s is empty", typ.Name, c.Name)
			}
		}
	}
}

// Every tool has a page, a title and a place in the order of the alphabet.
func TestTypes(t *testing.T) {
	var names []string
	for _, typ := range Types() {
		names = append(names, typ.Name)
		if _, err := os.Stat(filepath.Join(docs, typ.Name+".md")); err != nil {
			t.Errorf("%s: %v", typ.Name, err)
		}
		if typ.Title == "" || typ.New(connector.Options{}) == nil {
			t.Errorf("%s: has no title or no connector", typ.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("not in order, or given twice: %q", names)
	}
}

// Without a secret nothing passes, but for tools that never sign.
func TestNothingPassesByDefault(t *testing.T) {
	for _, typ := range Types() {
		err := typ.New(connector.Options{}).Verify(&connector.Request{Body: []byte("{}")})
		if typ.Signs != connector.Never && !errors.Is(err, connector.ErrSignature) {
			t.Errorf("%s: got %v, want ErrSignature", typ.Name, err)
		}
	}
}
