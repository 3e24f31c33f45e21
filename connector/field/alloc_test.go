//go:build !race

// The race detector allocates on its own account.

package field

import "testing"

func TestObjectAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Object(`{"a":{"b":1},"key":"x"}`).Get("key") }); n > 4 {
		t.Errorf("got %.0f allocations, want 4 at most", n)
	}
}
