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
	"github.com/parlance-chat/parlance/internal/report"
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
	began, events := time.Now(), 0
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
	fmt.Printf("built: %d conversations, %d events in %s (%.1f µs an event, the making of events included)\n", b.conversations, events, took.Round(time.Second), float64(took.Microseconds())/float64(events))
	fmt.Printf("size: %.0f MB, %.0f bytes an event\n", float64(info.Size())/1e6, float64(info.Size())/float64(events))
	return nil
}

// A page is what somebody opens.
type page struct {
	name string
	open func() (int, error)
}

// pages measures what the console asks for: the first time, and the median and
// the slowest of more.
func (b *bench) pages(ctx context.Context, a *archive.Archive) error {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		return err
	}
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, berlin)
	var agent int64
	err = a.View(ctx, func(r *archive.Reader) error {
		list, err := r.Agents("default")
		if err == nil && len(list) > 10 {
			agent = list[10].Key
		}
		return err
	})
	if err != nil {
		return err
	}
	list := func(q archive.Query) func() (int, error) {
		q.Workspace = "default"
		return func() (int, error) {
			p, err := a.Conversations(ctx, q)
			return len(p.Conversations), err
		}
	}
	overview := func(q report.Query) func() (int, error) {
		q.Workspace, q.Zone = "default", berlin
		return func() (int, error) {
			o, err := report.Read(ctx, a, q)
			return int(o.Figures.Started), err
		}
	}
	since := func(days int) time.Time { return end.AddDate(0, 0, -days) }
	half, err := a.Conversations(ctx, archive.Query{Workspace: "default", Until: since(180)})
	if err != nil || len(half.Conversations) == 0 {
		return errors.Join(err, errors.New("the archive is empty"))
	}
	for _, p := range []page{
		{"conversations, newest first", list(archive.Query{})},
		{"conversations, last active first", list(archive.Query{Sort: archive.Recent})},
		{"conversations, a page in the middle", list(archive.Query{After: half.Next})},
		{"conversations, open, of one source", list(archive.Query{Only: archive.OnlyOpen, Sources: []string{"shop"}})},
		{"conversations, unanswered", list(archive.Query{Only: archive.OnlyUnanswered})},
		{"conversations of an agent", list(archive.Query{Agent: agent})},
		{"conversations of an agent, a day", list(archive.Query{Agent: agent, Since: since(100), Until: since(99)})},
		{"conversations of a customer", list(archive.Query{User: "user-17"})},
		{"conversations with a word that is everywhere", list(archive.Query{Text: "invoice"})},
		{"conversations with a text that is nowhere", list(archive.Query{Text: "nowhere"})},
		{"one conversation", func() (int, error) {
			t, err := a.Conversation(ctx, half.Conversations[0].ID)
			return len(t.Items), err
		}},
		{"report: a day by hour", overview(report.Query{Since: since(1), Until: end, By: report.Hour})},
		{"report: 30 days by day", overview(report.Query{Since: since(30), Until: end, By: report.Day})},
		{"report: 30 days by hour", overview(report.Query{Since: since(30), Until: end, By: report.Hour})},
		{"report: 90 days by week, one source", overview(report.Query{Since: since(90), Until: end, By: report.Week, Sources: []string{"shop"}})},
		{"report: a year by day", overview(report.Query{Since: since(365), Until: end, By: report.Day})},
		{"report: a year by month", overview(report.Query{Since: since(365), Until: end, By: report.Month})},
		{"report: a year by day, one agent", overview(report.Query{Since: since(365), Until: end, By: report.Day, Agents: []int64{agent}})},
		{"agents: 30 days", func() (int, error) {
			l, err := report.Agents(ctx, a, report.Query{Workspace: "default", Zone: berlin, Since: since(30), Until: end})
			return len(l), err
		}},
		{"agents: a year", func() (int, error) {
			l, err := report.Agents(ctx, a, report.Query{Workspace: "default", Zone: berlin, Since: since(365), Until: end})
			return len(l), err
		}},
	} {
		if err := p.measure(10); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	fmt.Printf("memory: %.0f MB resident at most\n", peakMB())
	return nil
}

func (p page) measure(times int) error {
	var took []time.Duration
	n := 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		began := time.Now()
		var err error
		if n, err = p.open(); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	runtime.ReadMemStats(&after)
	first := took[0]
	slices.Sort(took)
	fmt.Printf("%-47s first %7.1f ms, median %7.1f ms, slowest %7.1f ms, %6.1f MB allocated each   (%d)\n", p.name, ms(first), ms(took[len(took)/2]), ms(took[len(took)-1]), float64(after.TotalAlloc-before.TotalAlloc)/1e6/float64(times), n)
	return nil
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
