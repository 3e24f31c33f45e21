package destinationtest

import (
	"testing"

	"github.com/parlance-chat/parlance/destination"
)

// A StreamHarness is a destination that speaks a protocol of its own over TCP,
// and its receiver.
type StreamHarness struct {
	// Serve runs a receiver that tells clients to come to an address, and
	// returns where it listens.
	Serve func(t *testing.T, address string) string
	// Open returns a destination that sends to a receiver at an address.
	Open func(t *testing.T, address string) destination.Destination
	// Received returns the calls that the receiver at an address has, those of
	// each conversation in their order.
	Received func(t *testing.T, address string) []string
	// Heals says that the destination gets over one broken connection by
	// itself, without a repetition. Without it the fault lasts until an attempt
	// has failed.
	Heals bool
	// Once says that the receiver knows what comes again.
	Once bool
	// Secret is what the destination authorizes itself with.
	Secret string
	// Cases are faults that only this receiver has.
	Cases []Case
}

// TestStreamFaults breaks the connection to a receiver in every way that we
// know of, between the calls and their answer. See TestCases.
func TestStreamFaults(t *testing.T, h StreamHarness) {
	var cases []Case
	for _, b := range breaches {
		cases = append(cases, h.breached(b))
	}
	cases = append(append(cases, h.unknown()), h.Cases...)
	for i := range cases {
		cases[i].Secret = h.Secret
		if h.Heals && !cases[i].Hangs {
			cases[i].Class, cases[i].Happened = "", false
		}
		cases[i].Happened = cases[i].Happened && !h.Once
	}
	TestCases(t, cases)
}

// breached is the case of a connection that breaks in one way.
func (h StreamHarness) breached(b breach) Case {
	var p *Proxy
	c := Case{Name: b.name, Class: "again", Happened: b.pass, Hangs: b.hangs}
	c.Open = func(t *testing.T) destination.Destination {
		p = h.proxy(t, b)
		return h.Open(t, p.Address)
	}
	if !h.Heals || b.hangs || b.refused {
		c.Mend = func(t *testing.T) { p.mend(t) }
	}
	c.Received = func(t *testing.T) []string { return h.Received(t, p.Address) }
	c.stuck = func(hangs func()) { p.hangs(hangs) } // once there is one
	return c
}

func (h StreamHarness) proxy(t *testing.T, b breach) *Proxy {
	p := NewProxy(t)
	p.Serve(h.Serve(t, p.Address))
	p.breaks(b, h.Heals)
	return p
}

// unknown is the case of a name that is nobody's.
func (h StreamHarness) unknown() Case {
	var p *Proxy
	return Case{
		Name: "DNS failure", Class: "again",
		Open: func(t *testing.T) destination.Destination { return h.Open(t, "parlance.invalid:9") },
		Reopen: func(t *testing.T) destination.Destination {
			p = h.proxy(t, breach{})
			return h.Open(t, p.Address)
		},
		Received: func(t *testing.T) []string { return h.Received(t, p.Address) },
	}
}
