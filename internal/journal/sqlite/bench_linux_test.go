package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/parlance-chat/parlance/internal/journal"
)

// BenchmarkFloor appends to a plain file and syncs, for whoever waits: what
// BenchmarkAppend is to be compared with.
func BenchmarkFloor(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	body := []byte(strings.Repeat("x", 2500))
	var mu sync.Mutex
	var waiting []chan struct{}
	more := make(chan struct{}, 1)
	go func() {
		for range more {
			mu.Lock()
			group := waiting
			waiting = nil
			mu.Unlock()
			buf := make([]byte, 0, len(group)*len(body))
			for range group {
				buf = append(buf, body...)
			}
			if _, err := f.Write(buf); err != nil {
				panic(err)
			}
			if err := unix.Fdatasync(int(f.Fd())); err != nil {
				panic(err)
			}
			for _, done := range group {
				close(done)
			}
		}
	}()
	b.SetParallelism(128)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			done := make(chan struct{})
			mu.Lock()
			waiting = append(waiting, done)
			mu.Unlock()
			select {
			case more <- struct{}{}:
			default:
			}
			<-done
		}
	})
	close(more)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
}

func BenchmarkAppend(b *testing.B) {
	j, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	b.SetParallelism(128)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			if err := j.Append(b.Context(), webhook(n)); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
}

// BenchmarkCommit applies 100 activities a commit, each with an event.
func BenchmarkCommit(b *testing.B) {
	j, err := Open(b.TempDir(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	call := []byte(strings.Repeat("x", 700))
	state := []byte(strings.Repeat("s", 200))
	n := 0
	b.ResetTimer()
	for b.Loop() {
		applied := make([]journal.Applied, 100)
		for i := range applied {
			n++
			c := journal.Conversation{Workspace: "default", Source: "support", ID: fmt.Sprint(n/1000*100 + n%100)}
			applied[i] = journal.Applied{Conversation: c, Activity: fmt.Sprint(n), State: state,
				Events: []journal.Event{{Workspace: "default", Source: "support", Conversation: c.ID, Name: "x", MessageID: fmt.Sprint(n), JSON: call}}}
		}
		if err := j.Commit(b.Context(), support, applied, journal.Seq(n)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "activities/s")
}
