// Package listentest finds tests a place to listen at that stays theirs while
// nobody listens there.
package listentest

import (
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
)

// Where systems look for a port that nobody asked for: Linux from 32768 on, all
// others, and IANA, from 49152. What is below is given to who names it.
const from, to = 16384, 32768

// Listen listens on this machine, at a port that may be left and listened at
// again: unlike one that the system chose, it is not given to another test
// meanwhile.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	var err error
	for range 100 {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprint("127.0.0.1:", from+rand.IntN(to-from))); err == nil {
			return l
		}
	}
	t.Fatal(err)
	return nil
}

// Port returns such a port, at which nobody listens yet.
func Port(t testing.TB) int {
	t.Helper()
	l := Listen(t)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
