package all

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"testing"
)

// Whatever is in the list has its receiver fail in every way that we know of:
// a TestFaults of its own.
func TestEveryTypeFails(t *testing.T) {
	for _, typ := range Types() {
		files, err := filepath.Glob(filepath.Join("..", typ.Name, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, file := range files {
			f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "TestFaults" {
					found = true
				}
			}
		}
		if !found {
			t.Errorf("destination/%s has no TestFaults; see destination/destinationtest: TestFaults for HTTP, TestStreamFaults for other protocols, TestCases for the rest", typ.Name)
		}
	}
}
