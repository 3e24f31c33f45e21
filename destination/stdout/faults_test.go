package stdout

import (
	"bufio"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// A reader reads lines from a pipe.
type reader struct {
	in    *io.PipeReader
	out   *io.PipeWriter
	all   sync.WaitGroup
	lines []string
}

func newReader(t *testing.T) *reader {
	r := &reader{}
	r.in, r.out = io.Pipe()
	t.Cleanup(func() { r.in.Close() })
	return r
}

// reads reads until the pipe ends, with a pause after each line.
func (r *reader) reads(pause time.Duration) {
	r.all.Go(func() {
		for in := bufio.NewScanner(r.in); in.Scan(); time.Sleep(pause) {
			r.lines = append(r.lines, in.Text())
		}
	})
}

// received returns the lines once all have been read.
func (r *reader) received(*testing.T) []string {
	r.out.Close()
	r.all.Wait()
	return r.lines
}

func TestFaults(t *testing.T) {
	broken, after, stalled, slow := newReader(t), newReader(t), newReader(t), newReader(t)
	destinationtest.TestCases(t, []destinationtest.Case{
		{
			Name: "broken pipe", Class: "again", Happened: true,
			Open: func(*testing.T) destination.Destination {
				go func() {
					_, _ = io.CopyN(io.Discard, broken.in, 100) // less than a line
					broken.in.Close()
				}()
				return open(broken.out)
			},
			Reopen: func(*testing.T) destination.Destination { // the gateway begins anew then
				after.reads(0)
				return open(after.out)
			},
			Received: after.received,
		},
		{
			Name: "reader that does not read", Class: "again", Happened: true, Hangs: true,
			Open:     func(*testing.T) destination.Destination { return open(stalled.out) },
			Mend:     func(*testing.T) { stalled.reads(0) },
			Received: stalled.received,
		},
		{
			Name: "slow reader", Class: "ok",
			Open: func(*testing.T) destination.Destination {
				slow.reads(20 * time.Millisecond)
				return open(slow.out)
			},
			Received: slow.received,
		},
	})
}
