// Package stdout writes calls to the standard output, one a line, as they would
// be sent: for a pipe to another program.
package stdout

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"

	"github.com/parlance-chat/parlance/destination"
)

// Settings are the settings of a destination of type stdout: there are none.
type Settings struct{}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "stdout",
		Title: "Standard output",
		Gives: destination.Gives{
			Repetition: "not recognised; a line may come twice after a crash, with the same messageId",
			Order:      "kept",
			Batch:      "taken as a whole",
			Limits:     "none",
			Retries:    "a reader that is slow holds the lines back",
		},
		Settings: func() any { return &Settings{} },
		Place:    func(any) string { return "the standard output" },
		Look: func(any) []destination.Finding {
			return []destination.Finding{{Text: "calls go to the standard output of parlance serve, for whatever reads it there"}}
		},
		Find: "in what reads the standard output of parlance serve",
		Open: func(any) (destination.Destination, error) { return open(os.Stdout), nil },
	}
}

// A Destination implements destination.Destination.
type Destination struct {
	w     io.Writer
	free  chan struct{} // holds one while nothing is being written
	lines bytes.Buffer  // is whose who took it
}

func open(w io.Writer) *Destination {
	d := &Destination{w: w, free: make(chan struct{}, 1)}
	d.free <- struct{}{}
	return d
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: 1000, Bytes: 1 << 20}
}

// Send implements destination.Destination. A reader that does not read must not
// keep the gateway from ending, so a write under way is left behind then.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) (err error) {
	defer func() { a.Told("write to the standard output", err) }()
	select {
	case <-d.free:
	case <-ctx.Done():
		return ctx.Err()
	}
	d.lines.Reset()
	for _, c := range a.Calls {
		d.lines.Write(c.JSON)
		d.lines.WriteByte('\n')
	}
	done := make(chan error, 1)
	go func() {
		_, err := d.w.Write(d.lines.Bytes())
		d.free <- struct{}{}
		done <- err
	}()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("stdout: %w", err)
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close implements destination.Destination. The output is the program's.
func (d *Destination) Close() error { return nil }
