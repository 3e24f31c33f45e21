//go:build !race

// The race detector allocates on its own account.

package all_test

import (
	"testing"

	"github.com/parlance-chat/parlance/connector"
)

// Reading a webhook allocates about four times its bytes at most.
func TestAllocated(t *testing.T) {
	fakers(t, func(typ connector.Type, c connector.Faker, r *connector.Request) {
		if got := read(t, c, r, 1000); got > 4.5 {
			t.Errorf("%s: got %.1f times the %d bytes of a webhook", typ.Name, got, size(r))
		}
	})
}
