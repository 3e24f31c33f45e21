// Command archive measures the archive: how long it takes to build, how large
// it is, and how fast its pages are. See ../README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/parlance-chat/parlance/internal/archive"
)

func main() {
	conversations := flag.Int("conversations", 50_000, "of about 20 messages each, spread over a year")
	dir := flag.String("dir", "", "where the archive is made, and kept for the next run; a temporary directory without it")
	pages := flag.Bool("pages", false, "measure the pages alone, of the archive in -dir")
	compare := flag.Bool("postgres", false, "ask the same of the raw events in a PostgreSQL that is started for it")
	profile := flag.String("profile", "", "file for a CPU profile")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	b := bench{conversations: *conversations, dir: *dir, pagesOnly: *pages, compare: *compare, profile: *profile}
	if err := b.run(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "archive: "+err.Error())
		os.Exit(1)
	}
}

// A bench is one run.
type bench struct {
	conversations int
	dir           string
	pagesOnly     bool
	compare       bool
	profile       string
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir == "" {
		if b.dir, err = os.MkdirTemp("", "parlance-archive-"); err != nil {
			return err
		}
		defer os.RemoveAll(b.dir)
	}
	if b.profile != "" {
		f, err := os.Create(b.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	if !b.pagesOnly {
		if err := b.build(ctx); err != nil {
			return err
		}
	}
	a, err := archive.Open(b.dir, archive.Options{})
	if err != nil {
		return err
	}
	if err := errors.Join(b.pages(ctx, a), a.Close()); err != nil || !b.compare {
		return err
	}
	return b.postgres(ctx)
}

// build makes the archive from the log of a made-up history.
func (b *bench) build(ctx context.Context) error {
	if err := archive.Remove(b.dir); err != nil {
		return err
	}
	a, err := archive.Open(b.dir, archive.Options{})
	if err != nil {
		return err
	}
	began, busy, events := time.Now(), processorTime(), 0
	h := newHistory(b.conversations)
	err = a.CatchUp(ctx, h, "default", func(n int) {
		if n/500_000 > events/500_000 {
			fmt.Printf("  %d events after %s\n", n, time.Since(began).Round(time.Second))
		}
		events = n
	})
	if err = errors.Join(err, a.Close()); err != nil {
		return err
	}
	took := time.Since(began)
	info, err := os.Stat(filepath.Join(b.dir, archive.FileName))
	if err != nil {
		return err
	}
	each := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(events) }
	fmt.Printf("built: %d conversations, %d events in %s (%.1f µs an event, %.1f of the processor, the making of events included)\n", b.conversations, events, took.Round(time.Second), each(took), each(processorTime()-busy))
	fmt.Printf("size: %.0f MB, %.0f bytes an event\n", float64(info.Size())/1e6, float64(info.Size())/float64(events))
	return nil
}

// A page is what somebody opens.
type page struct {
	name string
	open func() (int, error)

	took      []time.Duration
	processor time.Duration // of each time
	allocated float64       // MB, of each time
	n         int
}

// measure opens the page some times, and tells how long that took.
func (p page) measure(times int) error {
	err := p.time(times)
	if err == nil {
		p.print()
	}
	return err
}

func (p *page) time(times int) (err error) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	busy := processorTime()
	for range times {
		began := time.Now()
		if p.n, err = p.open(); err != nil {
			return err
		}
		p.took = append(p.took, time.Since(began))
	}
	p.processor = (processorTime() - busy) / time.Duration(times)
	runtime.ReadMemStats(&after)
	p.allocated = float64(after.TotalAlloc-before.TotalAlloc) / 1e6 / float64(times)
	return nil
}

func (p *page) median() time.Duration { return slices.Sorted(slices.Values(p.took))[len(p.took)/2] }

func (p *page) print() {
	fmt.Printf("%-47s first %7.1f ms, median %7.1f ms, slowest %7.1f ms, processor %7.1f ms, %6.1f MB allocated each   (%d)\n", p.name, ms(p.took[0]), ms(p.median()), ms(slices.Max(p.took)), ms(p.processor), p.allocated, p.n)
}

// processorTime is what this process has used, of all processors. Unlike what a
// clock says it is about the same however busy the machine is.
func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// peakMB returns the largest resident set, where the system tells it.
func peakMB() float64 {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		var kb float64
		if n, _ := fmt.Sscanf(line, "VmHWM: %f kB", &kb); n == 1 {
			return kb * 1024 / 1e6
		}
	}
	return 0
}
