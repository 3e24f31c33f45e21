package stdout

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

func TestDestination(t *testing.T) {
	var out bytes.Buffer
	typ := Type()
	typ.Open = func(any) (destination.Destination, error) { return open(&out), nil }
	destinationtest.Test(t, destinationtest.Harness{
		Type:     typ,
		Settings: func(*testing.T) any { return &Settings{} },
		Received: func(*testing.T) []string { return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") },
	})
}

// A reader that does not read holds back lines, but not the end.
func TestStalledReader(t *testing.T) {
	r, w := io.Pipe()
	d := open(w)
	a := destination.Attempt{Calls: []destination.Call{{JSON: []byte(`{"n":1}`)}}}
	for range 2 {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := d.Send(ctx, a); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that time ran out", err)
		}
		cancel()
	}
	go io.Copy(io.Discard, r)
	if err := d.Send(t.Context(), a); err != nil {
		t.Errorf("once it reads: got %v", err)
	}
	r.Close()
	if err := d.Send(t.Context(), a); err == nil {
		t.Error("once it is gone: got no error")
	}
}
