//go:build unix

package postgres

import (
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/warehouse/warehousetest"
)

const benchmarked = 100_000

// BenchmarkSend writes 100,000 events in full attempts, one after the other and
// as many at once as there may be: each is one transaction that is on disk when
// Send returns.
func BenchmarkSend(b *testing.B) {
	for _, lanes := range []int{1, inFlight} {
		b.Run(fmt.Sprintf("%d in flight", lanes), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				address, db := database(b)
				d := open(b, address)
				warehousetest.Send(b, d, `{"type":"page"}`) // which makes the tables
				var attempts []destination.Attempt
				for from := 0; from < benchmarked; from += maxCalls {
					attempts = append(attempts, warehousetest.Numbered(from, maxCalls))
				}
				b.StartTimer()
				sendAll(b, d, attempts, lanes)
				b.StopTimer()
				if got := query(b, db, tracksAndSent); got != "100000|100000" {
					b.Fatalf("got %s rows", got)
				}
				b.StartTimer()
			}
			b.ReportMetric(benchmarked*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func sendAll(b *testing.B, d *Destination, attempts []destination.Attempt, lanes int) {
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
}

// BenchmarkCopy brings the same rows into the same tables with psql's COPY: all
// of them at once, and 5,000 at a time with a commit each. Neither survives a
// repetition, which COPY refuses.
func BenchmarkCopy(b *testing.B) {
	for name, size := range map[string]int{"at once": benchmarked, "5000 at a time": maxCalls} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				address, db := database(b)
				warehousetest.Send(b, open(b, address), `{"type":"page"}`)
				script := copyScript(b, size)
				b.StartTimer()
				psql(b, address, script)
				b.StopTimer()
				if got := query(b, db, tracksAndSent); got != "100000|100000" {
					b.Fatalf("got %s rows", got)
				}
				b.StartTimer()
			}
			b.ReportMetric(benchmarked*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// psql runs a file of commands.
func psql(b *testing.B, address, script string) {
	b.Helper()
	out, err := exec.Command(filepath.Join(binaries(), "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address, "-f", script).CombinedOutput()
	if err != nil {
		b.Fatalf("psql: %v: %s", err, out)
	}
}

// copyScript writes the rows of the events as CSV, and the commands that copy
// them, size rows in a transaction.
func copyScript(b *testing.B, size int) string {
	b.Helper()
	dir := b.TempDir()
	var script strings.Builder
	l := newLayout("live_chat")
	for from := 0; from < benchmarked; from += size {
		rows, err := l.Rows(warehousetest.Numbered(from, size))
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
			fmt.Fprintf(&script, "\\copy %s (%s) from '%s' csv\n", pgx.Identifier{"live_chat", t.Name}.Sanitize(), `"`+strings.Join(t.names, `","`)+`"`, path)
		}
		script.WriteString("commit;\n")
	}
	path := filepath.Join(dir, "script.sql")
	if err := os.WriteFile(path, []byte(script.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	return path
}

func writeCSV(b *testing.B, path string, rows [][]any) {
	b.Helper()
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	w := csv.NewWriter(f)
	for _, row := range rows {
		line := make([]string, len(row))
		for i, v := range row {
			if v != nil {
				line[i] = fmt.Sprint(v)
			}
			if t, ok := v.(interface{ Format(string) string }); ok {
				line[i] = t.Format("2006-01-02T15:04:05.000Z07:00")
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
