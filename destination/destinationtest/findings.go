package destinationtest

import (
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

// Findings checks what an examination found: in turn a destination.Level and a
// part of what is said, in its text or in what to do. What is not good says
// what to do, and nothing says "hidden", which is what secrets are in tests.
func Findings(t *testing.T, name string, found []destination.Finding, want ...any) {
	t.Helper()
	if len(found) != len(want)/2 {
		t.Errorf("%s: got %+v, want %d findings", name, found, len(want)/2)
		return
	}
	for i, f := range found {
		level, says := want[2*i].(destination.Level), want[2*i+1].(string)
		all := f.Text + "; " + f.Do
		if f.Level != level || !strings.Contains(all, says) || (f.Do == "") != (f.Level == destination.Good) || strings.Contains(all, "hidden") {
			t.Errorf("%s: got %+v, want one of level %d that says %q", name, f, level, says)
		}
	}
}
