// Package access says who may see and do what in the console.
package access

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// A Role is what somebody may do.
type Role string

// The roles. An operator may do all that a viewer may.
const (
	Viewer   Role = "viewer"   // look
	Operator Role = "operator" // pause, resend, replay, drop, set up
)

// May reports whether r allows what needs role.
func (r Role) May(role Role) bool { return r == role || r == Operator && role == Viewer }

// A User is who makes a request.
type User struct {
	Name   string // "" is nobody
	Role   Role
	Bodies bool // may see what people wrote in chats
	// Logout says that it came by a session, which it can end.
	Logout bool
}

// ThisMachine is the name of all who come in without a login, where the console
// is open to this machine.
const ThisMachine = "local"

type key struct{}

// With returns a context for a request of u.
func With(ctx context.Context, u User) context.Context { return context.WithValue(ctx, key{}, u) }

// Of returns who makes a request; the zero User if nobody is known.
func Of(ctx context.Context) User {
	u, _ := ctx.Value(key{}).(User)
	return u
}

// Local reports whether a request comes from a program on this machine that
// means this machine, and not through a proxy, nor from a page elsewhere whose
// name was made to lead here.
func Local(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !loopback(host) {
		return false
	}
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via", "Cf-Connecting-Ip"} {
		if r.Header.Get(h) != "" {
			return false
		}
	}
	// A proxy that says nothing of itself may speak HTTP/1.0, as nginx did
	// before 1.29.7 unless it was told otherwise; no browser does. Or it hands on
	// what a browser says of the page that the request is from.
	if page, err := url.Parse(r.Referer()); r.Header.Get("Sec-Fetch-Site") == "same-origin" && (err != nil || page.Host != "" && !loopback(page.Host)) {
		return false
	}
	return loopback(r.Host) && r.ProtoAtLeast(1, 1)
}

// loopback reports whether a host, which may have a port, is this machine.
func loopback(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.Trim(host, "[]")
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}

// elsewhere reports whether a public_url names another machine than this: then
// a proxy leads here, and it may leave no trace of itself.
func elsewhere(publicURL string) bool {
	u, err := url.Parse(publicURL)
	return publicURL != "" && (err != nil || !loopback(u.Host))
}

// client returns the address that a request comes from: as the proxy says that
// is nearest to us, if one of this machine or network is. Whoever can reach us
// from there may claim any: nothing but a limit of many must follow from it.
func client(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr := from.Addr().Unmap()
	if addr.IsLoopback() || addr.IsPrivate() {
		list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if said, err := netip.ParseAddr(strings.TrimSpace(list[len(list)-1])); err == nil {
			return said.Unmap().WithZone("")
		}
	}
	return addr
}
