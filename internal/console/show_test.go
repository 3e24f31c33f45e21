package console

import "testing"

// Pages are parsed when they are first shown, which is too late to find a
// mistake.
func TestPagesParse(t *testing.T) {
	files, err := templates.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if page := parsed(f.Name())(); page.Lookup("page") == nil && f.Name() != "layout.html" && f.Name() != "parts.html" {
			t.Errorf("%s has no page", f.Name())
		}
	}
}
