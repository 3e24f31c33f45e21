package destinationtest

import (
	"bytes"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/internal/listentest"
)

// A breach is a way in which a connection breaks.
type breach struct {
	name string
	// pass says that the receiver gets the calls; it is the answer that gets
	// lost. Without it the receiver does not get them.
	pass bool
	// end does to the client what is done in place of what answers it.
	end func(client net.Conn, answer []byte)
	// hangs means that it takes a timeout to be done with it.
	hangs bool
	// refused means that nobody listens.
	refused bool
	// unread means that connections are made and nothing is read.
	unread bool
}

var breaches = []breach{
	{name: "connection refused", refused: true},
	{name: "hang before anything is read", hangs: true, unread: true},
	{name: "hang before the calls are read", hangs: true, end: silence},
	{name: "hang after the calls are read", hangs: true, pass: true, end: silence},
	{name: "reset before the calls are read", end: reset},
	{name: "reset before the answer", pass: true, end: reset},
	{name: "reset within the answer", pass: true, end: func(c net.Conn, answer []byte) {
		_, _ = c.Write(answer[:len(answer)/2]) // the client may have gone
		reset(c, nil)
	}},
	{name: "answer cut short", pass: true, end: func(c net.Conn, answer []byte) {
		_, _ = c.Write(answer[:len(answer)/2])
		c.Close()
	}},
	{name: "slow drip of the answer", hangs: true, pass: true, end: trickle},
	{name: "malformed answer", pass: true, end: func(c net.Conn, _ []byte) {
		_, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.6\r\n\r\n\r\n")
		c.Close()
	}},
}

// silence says nothing until the client leaves.
func silence(c net.Conn, _ []byte) { _, _ = io.Copy(io.Discard, c) }

// reset ends a connection hard, as one does who crashes.
func reset(c net.Conn, _ []byte) {
	_ = c.(*net.TCPConn).SetLinger(0)
	c.Close()
}

// trickle answers a byte at a time, and never the last, until the client leaves.
func trickle(c net.Conn, answer []byte) {
	for _, b := range answer[:len(answer)-1] {
		time.Sleep(20 * time.Millisecond)
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
	}
	silence(c, nil)
}

// A Proxy stands between a destination and a receiver, and breaks connections.
// It ends with the test.
type Proxy struct {
	Address string // where it listens

	target  string
	end     chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex // guards the fields below
	breach breach
	broken bool   // it breaks what it can
	once   bool   // then only once
	stuck  func() // is called when it hangs, if it is not nil
	l      net.Listener
	open   []net.Conn
}

// NewProxy returns a proxy that has an address, and takes no connection yet.
func NewProxy(t *testing.T) *Proxy {
	t.Helper()
	l := listentest.Listen(t)
	p := &Proxy{Address: l.Addr().String(), l: l, end: make(chan struct{})}
	t.Cleanup(func() {
		close(p.end)
		p.l.Close()
		p.mu.Lock()
		for _, c := range p.open {
			c.Close()
		}
		p.mu.Unlock()
		p.running.Wait()
	})
	return p
}

// Serve takes connections for a receiver that listens at target.
func (p *Proxy) Serve(target string) {
	p.target = target
	l := p.l
	p.running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if p.keeps(c) {
				p.running.Go(func() { p.serve(c) })
			}
		}
	})
}

// breaks has the proxy break in one way, once or until it is mended.
func (p *Proxy) breaks(b breach, once bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breach, p.broken, p.once = b, true, once
	if b.refused {
		p.l.Close()
	}
}

// mend ends it.
func (p *Proxy) mend(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.broken = false
	if !p.breach.refused {
		return
	}
	l, err := net.Listen("tcp", p.Address)
	if err != nil {
		t.Fatal(err)
	}
	p.l = l
	p.Serve(p.target)
}

// keeps notes a connection that ends with the test, if it has not ended.
func (p *Proxy) keeps(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = append(p.open, c)
	select {
	case <-p.end:
		c.Close()
		return false
	default:
		return true
	}
}

// hangs has the proxy call stuck whenever it hangs.
func (p *Proxy) hangs(stuck func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stuck = stuck
}

// trips says whether it is the time to break.
func (p *Proxy) trips() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	broken := p.broken
	p.broken = broken && !p.once
	if broken && p.breach.hangs && p.stuck != nil {
		p.stuck()
	}
	return broken
}

// mark is in every call of a test, and in nothing else that is said.
var mark = []byte("00000000-0000-8000-8000-")

func (p *Proxy) serve(client net.Conn) {
	defer client.Close()
	p.mu.Lock()
	b := p.breach
	p.mu.Unlock()
	if b.unread && p.trips() {
		<-p.end
		return
	}
	server, err := net.Dial("tcp", p.target)
	if err != nil || !p.keeps(server) {
		return
	}
	var broken atomic.Bool // what answers is not passed on
	p.running.Go(func() {
		defer client.Close()
		answer := make([]byte, 64<<10)
		for {
			n, err := server.Read(answer)
			if n > 0 && broken.Load() {
				b.end(client, answer[:n])
				return
			}
			if _, werr := client.Write(answer[:n]); err != nil || werr != nil {
				return
			}
		}
	})
	defer server.Close()
	said := make([]byte, 1<<20)
	for {
		n, err := client.Read(said)
		if err != nil {
			return
		}
		if b.end != nil && bytes.Contains(said[:n], mark) && p.trips() {
			if !b.pass {
				b.end(client, nil)
				return
			}
			broken.Store(true)
		}
		if _, err := server.Write(said[:n]); err != nil {
			return
		}
	}
}
