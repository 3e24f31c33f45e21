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
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

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
//     encoding/csv make CSV of, and then \copy of all. Whoever writes that with
//     encoding/json waits longer. "of-JSON-to-copy" is the ratio to it.
func BenchmarkSend(b *testing.B) {
	ways := []struct {
		name string
		run  func(b *testing.B, d *Destination, address string) time.Duration
	}{
		{"send-1", func(b *testing.B, d *Destination, _ string) time.Duration { return sendAll(b, d, 1) }},
		{"send-2", func(b *testing.B, d *Destination, _ string) time.Duration { return sendAll(b, d, inFlight) }},
		{"copy-parts", func(b *testing.B, _ *Destination, address string) time.Duration {
			script, _ := copyScript(b, maxCalls)
			return psql(b, address, script)
		}},
		{"copy", func(b *testing.B, _ *Destination, address string) time.Duration {
			script, _ := copyScript(b, benchmarked)
			return psql(b, address, script)
		}},
		{"JSON-to-copy", func(b *testing.B, _ *Destination, address string) time.Duration {
			script, took := copyScript(b, benchmarked)
			return took + psql(b, address, script)
		}},
	}
	took := make(map[string][]time.Duration)
	for b.Loop() {
		for _, w := range ways {
			address, db := database(b)
			d := open(b, address)
			warehousetest.Send(b, d, `{"type":"page"}`) // which makes the tables
			runtime.GC()
			took[w.name] = append(took[w.name], w.run(b, d, address))
			if got := query(b, db, tracksAndSent); got != "100000|100000" {
				b.Fatalf("%s: got %s rows", w.name, got)
			}
			query(b, db, "checkpoint; select 1") // whose cost is not the next one's
		}
	}
	middle := func(name string) float64 {
		slices.Sort(took[name])
		return took[name][len(took[name])/2].Seconds()
	}
	for _, w := range ways {
		b.ReportMetric(benchmarked/middle(w.name), w.name+"-events/s")
	}
	for _, name := range []string{"copy", "JSON-to-copy"} {
		b.ReportMetric(middle(name)/middle("send-1"), "send-1-of-"+name)
		b.ReportMetric(middle(name)/middle("send-2"), "send-2-of-"+name)
	}
}

// sendAll sends the events in full attempts, some at once.
func sendAll(b *testing.B, d *Destination, lanes int) time.Duration {
	b.Helper()
	var attempts []destination.Attempt
	for from := 0; from < benchmarked; from += maxCalls {
		attempts = append(attempts, warehousetest.Numbered(from, maxCalls))
	}
	begun := time.Now()
	next := make(chan destination.Attempt)
	var group errgroup.Group
	for range lanes {
		group.Go(func() error {
			for a := range next {
				if err := d.Send(b.Context(), a); err != nil {
					return err
				}
			}
			return nil
		})
	}
	for _, a := range attempts {
		next <- a
	}
	close(next)
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	return time.Since(begun)
}

// psql runs a file of commands.
func psql(b *testing.B, address, script string) time.Duration {
	b.Helper()
	begun := time.Now()
	out, err := exec.Command(filepath.Join(binaries(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-f", script).CombinedOutput()
	if err != nil {
		b.Fatalf("psql: %v: %s", err, out)
	}
	return time.Since(begun)
}

// copyScript writes the rows of the events as CSV, and the commands that copy
// them, size rows in a transaction. It returns how long it took to make rows of
// the calls and write these.
func copyScript(b *testing.B, size int) (path string, took time.Duration) {
	b.Helper()
	dir := b.TempDir()
	var script strings.Builder
	l := newLayout("live_chat")
	for from := 0; from < benchmarked; from += size {
		a := warehousetest.Numbered(from, size)
		begun := time.Now()
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
		took += time.Since(begun)
		script.WriteString("commit;\n")
	}
	path = filepath.Join(dir, "script.sql")
	if err := os.WriteFile(path, []byte(script.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	return path, took
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
