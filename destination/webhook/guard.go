package webhook

import (
	"net/netip"

	"code.dny.dev/ssrf"

	"github.com/parlance-chat/parlance/destination/tracking"
)

// guard refuses addresses that are not of the public Internet: whoever may
// write a URL is not to reach what only this machine can reach. Azure answers
// about the machine on a public address.
var guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")))

// newClient returns a client that is guarded unless private addresses are
// allowed: the guard sees the address that is dialed, whatever a name meant a
// moment ago.
func newClient(allowPrivate bool) *tracking.Client {
	if allowPrivate {
		return tracking.NewClient()
	}
	return tracking.NewGuardedClient(guard.Safe)
}
