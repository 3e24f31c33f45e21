package main

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/parlance-chat/parlance/internal/disk/disktest"
)

// Promise 7: a full disk is a clear refusal, and nothing is lost. The disk is
// a small file system in memory, and something else fills it.
func TestDiskFull(t *testing.T) {
	disk := disktest.Small(t, "24m")
	p := newProgram(t, filepath.Join(disk, "data"))
	p.start()
	said := 0
	say := func() int {
		status := p.say(turn(1, said))
		if status == http.StatusOK {
			said++
		}
		return status
	}
	if got := say(); got != http.StatusOK {
		t.Fatalf("before: got %d, want 200", got)
	}
	ballast := filepath.Join(disk, "ballast")
	fill(t, ballast)
	refused := false
	for range 900 {
		status := say()
		if status == http.StatusServiceUnavailable {
			refused = true
			break
		}
		if status != http.StatusOK {
			t.Fatalf("on a full disk: got %d, want 503", status)
		}
	}
	if !refused {
		t.Fatal("on a full disk: no webhook was refused")
	}
	if got := p.ready(); got != http.StatusServiceUnavailable {
		t.Errorf("on a full disk: /readyz says %d, want 503", got)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.eventually("with room again, webhooks are taken", func() bool { return say() == http.StatusOK })
	if got := p.ready(); got != http.StatusOK {
		t.Errorf("with room again: /readyz says %d, want 200", got)
	}
	p.ledger.await(t, said+1)
	p.stop()
	if got, want := p.ledger.told(1), wantTurns(1, said); !slices.Equal(got, want) {
		t.Errorf("got %d events, want %d", len(got), len(want))
	}
}

// ready returns the status of /readyz.
func (p *program) ready() int {
	resp, err := http.Get(p.url + "/readyz")
	if err != nil {
		p.t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// fill writes a file until there is no room left.
func fill(t *testing.T, name string) {
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
