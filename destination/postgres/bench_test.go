//go:build unix

package postgres

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
	"github.com/parlance-chat/parlance/livechat"
)

const benchmarked = 100_000

// BenchmarkSend brings 100,000 events into a new database, each on disk when it
// is done, in all of these ways in turn, and tells the middle of each and its
// ratio to two of them:
//
//   - Send, one attempt after the other, and as many at once as there may be,
//     each a full one: from calls in JSON, rows that are there already being no
//     error.
//   - \copy by psql, of all rows in one transaction and of as many at once as
//     an attempt has: from CSV that is there already, in which a row that is
//     there already fails all. "of-copy" is the ratio to the first.
//   - JSON to \copy: from calls in JSON as in Send, which our own Rows and
//     encoding/csv make CSV of, and only then \copy of all. "of-JSON-to-copy" is
//     the ratio to it.
//
// Processor time is that of all that take part: this program, psql, the server.
func BenchmarkSend(b *testing.B) {
	ways := []struct {
		name string
		run  func(b *testing.B, d *Destination, address string) cost
	}{
		{"send-1", func(b *testing.B, d *Destination, _ string) cost { return sendAll(b, d, 1) }},
		{"send-2", func(b *testing.B, d *Destination, _ string) cost { return sendAll(b, d, inFlight) }},
		{"copy-parts", func(b *testing.B, _ *Destination, address string) cost {
			script, _ := copyScript(b, maxCalls)
			return psql(b, address, script)
		}},
		{"copy", func(b *testing.B, _ *Destination, address string) cost {
			script, _ := copyScript(b, benchmarked)
			return psql(b, address, script)
		}},
		{"JSON-to-copy", func(b *testing.B, _ *Destination, address string) cost {
			script, made := copyScript(b, benchmarked)
			copied := psql(b, address, script)
			return cost{made.wall + copied.wall, made.processor + copied.processor}
		}},
	}
	wall, processor := make(map[string][]time.Duration), make(map[string][]time.Duration)
	for b.Loop() {
		for _, w := range ways {
			address, db := database(b)
			d := open(b, address)
			warehousetest.Send(b, d, `{"type":"page"}`) // which makes the tables
			runtime.GC()
			c := w.run(b, d, address)
			wall[w.name] = append(wall[w.name], c.wall)
			processor[w.name] = append(processor[w.name], c.processor)
			if got := query(b, db, tracksAndSent); got != "100000|100000" {
				b.Fatalf("%s: got %s rows", w.name, got)
			}
			query(b, db, "checkpoint; select 1") // whose cost is not the next one's
			_ = d.Close()
			_ = db.Close(b.Context())
		}
	}
	for _, w := range ways {
		b.ReportMetric(benchmarked/middle(wall[w.name]), w.name+"-events/s")
		b.ReportMetric(middle(processor[w.name])*1e6/benchmarked, w.name+"-processor-µs/event")
	}
	for _, name := range []string{"copy", "JSON-to-copy"} {
		b.ReportMetric(middle(wall[name])/middle(wall["send-1"]), "send-1-of-"+name)
		b.ReportMetric(middle(wall[name])/middle(wall["send-2"]), "send-2-of-"+name)
	}
}

// middle returns the median in seconds.
func middle(all []time.Duration) float64 {
	slices.Sort(all)
	return all[len(all)/2].Seconds()
}

// A cost is how long something took, and the time of all processors that it had.
type cost struct{ wall, processor time.Duration }

// measure tells what do costs.
func measure(b *testing.B, do func()) cost {
	b.Helper()
	begun, used := time.Now(), processorTime(b)
	do()
	return cost{time.Since(begun), processorTime(b) - used}
}

// processorTime is what this program, those that it ran and the server have
// used; of the server only where there is /proc.
func processorTime(b *testing.B) (used time.Duration) {
	b.Helper()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			b.Fatal(err)
		}
		used += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	server, _ := os.ReadFile(filepath.Join(shared.data(), "postmaster.pid"))
	pid, _, _ := strings.Cut(string(server), "\n")
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		stat, _ := os.ReadFile(path) // of a process that may have ended
		_, rest, _ := strings.Cut(string(stat), ") ")
		f := strings.Fields(rest)
		if len(f) < 15 || f[1] != pid && filepath.Base(filepath.Dir(path)) != pid {
			continue
		}
		for _, ticks := range f[11:15] { // its own, and those of its processes that have ended
			n, _ := strconv.ParseInt(ticks, 10, 64)
			used += time.Duration(n) * 10 * time.Millisecond
		}
	}
	return used
}

// sendAll sends the events in full attempts, some at once.
func sendAll(b *testing.B, d *Destination, lanes int) cost {
	b.Helper()
	var attempts []destination.Attempt
	for from := 0; from < benchmarked; from += maxCalls {
		attempts = append(attempts, warehousetest.Numbered(from, maxCalls))
	}
	return measure(b, func() {
		next := make(chan destination.Attempt)
		var group sync.WaitGroup
		for range lanes {
			group.Go(func() {
				for a := range next {
					if err := d.Send(b.Context(), a); err != nil {
						b.Error(err)
					}
				}
			})
		}
		for _, a := range attempts {
			next <- a
		}
		close(next)
		group.Wait()
	})
}

// psql runs a file of commands.
func psql(b *testing.B, address, script string) cost {
	b.Helper()
	return measure(b, func() {
		out, err := exec.Command(filepath.Join(binaries(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-f", script).CombinedOutput()
		if err != nil {
			b.Fatalf("psql: %v: %s", err, out)
		}
	})
}

// copyScript writes the rows of the events as CSV, and the commands that copy
// them, size rows in a transaction. It returns how long it took to make rows of
// the calls and write these.
func copyScript(b *testing.B, size int) (path string, made cost) {
	b.Helper()
	dir := b.TempDir()
	var script strings.Builder
	l := newLayout("live_chat")
	for from := 0; from < benchmarked; from += size {
		a := warehousetest.Numbered(from, size)
		c := measure(b, func() {
			rows, err := l.Rows(a)
			if err != nil {
				b.Fatal(err)
			}
			script.WriteString("begin;\n")
			for i, t := range l.tables {
				if len(rows[i]) == 0 {
					continue
				}
				path := filepath.Join(dir, fmt.Sprintf("%s.%d", t.Name, from))
				writeCSV(b, path, rows[i])
				to, _, _ := strings.Cut(strings.TrimPrefix(t.copy, "copy "), " from ")
				fmt.Fprintf(&script, "\\copy %s from '%s' csv\n", to, path)
			}
			script.WriteString("commit;\n")
		})
		made = cost{made.wall + c.wall, made.processor + c.processor}
	}
	path = filepath.Join(dir, "script.sql")
	if err := os.WriteFile(path, []byte(script.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	return path, made
}

func writeCSV(b *testing.B, path string, rows [][]any) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := csv.NewWriter(f)
	line := make([]string, len(rows[0]))
	for _, row := range rows {
		for i, v := range row {
			switch v := v.(type) {
			case nil:
				line[i] = ""
			case string:
				line[i] = v
			case int64:
				line[i] = strconv.FormatInt(v, 10)
			case time.Time:
				line[i] = livechat.FormatTime(v)
			case []byte:
				line[i] = string(v)
			}
		}
		if err := w.Write(line); err != nil {
			b.Fatal(err)
		}
	}
	if w.Flush(); w.Error() != nil {
		b.Fatal(w.Error())
	}
}
