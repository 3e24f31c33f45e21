package webhook

import (
	"net"
	"net/http"
	"net/netip"
	"time"

	"code.dny.dev/ssrf"
)

// guard refuses addresses that are not of the public Internet: whoever may
// write a URL is not to reach what only this machine can reach. Azure answers
// about the machine on a public address.
var guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(netip.MustParsePrefix("168.63.129.16/32")))

// newClient returns a client that follows no redirect: its target would get
// what is meant for the receiver.
func newClient(allowPrivate bool) *http.Client {
	dialer := newDialer(allowPrivate)
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: dialTimeout,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second,
	}
	if allowPrivate {
		transport.Proxy = http.ProxyFromEnvironment
	}
	return &http.Client{
		Timeout: timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func newDialer(allowPrivate bool) *net.Dialer {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 15 * time.Second}
	if !allowPrivate {
		// It sees the address that is dialed, whatever a name meant a moment ago.
		dialer.Control = guard.Safe
	}
	return dialer
}
