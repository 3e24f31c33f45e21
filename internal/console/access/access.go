// Package access says who may see and do what in the console.
package access

import (
	"context"
	"net"
	"net/http"
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
	name := r.Host
	if h, _, err := net.SplitHostPort(name); err == nil {
		name = h
	}
	// A proxy that says nothing of itself speaks HTTP/1.0, as nginx does
	// unless it is told otherwise; no browser does.
	return loopback(strings.Trim(name, "[]")) && r.ProtoAtLeast(1, 1)
}

func loopback(host string) bool {
	return strings.EqualFold(host, "localhost") || net.ParseIP(host).IsLoopback()
}
