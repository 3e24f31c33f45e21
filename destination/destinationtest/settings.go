package destinationtest

import (
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

// TestSettings checks that each of the settings is refused, by an error that has
// in it what stands before them, and nothing of what is secret.
func TestSettings[S any, D destination.Destination](t *testing.T, open func(S) (D, error), wrong map[string]S, secrets ...string) {
	t.Helper()
	for want, s := range wrong {
		_, err := open(s)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one that says %s", err, want)
			continue
		}
		for _, secret := range secrets {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the error has a secret in it", want)
			}
		}
	}
}
