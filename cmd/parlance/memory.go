package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// smallMemory is what Go may use before it collects garbage in earnest.
	// With what SQLite and the program itself take, it stays under 100 MB.
	smallMemory = 56 << 20
	// watcherMemory is what it may use besides for each browser that watches.
	watcherMemory = 96 << 10
	// liveHeap is what the last collection left.
	liveHeap = "/gc/heap/live:bytes"
)

// tuneMemory collects garbage seldom while little memory is used, and as usual
// where much is: a gateway of thousands of workspaces needs more than a small
// one. GOGC and GOMEMLIMIT in the environment have the last word.
func tuneMemory(ctx context.Context, watching func() int) {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetGCPercent(300)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for last := int64(0); ; {
		live := []metrics.Sample{{Name: liveHeap}}
		metrics.Read(live)
		limit := max(smallMemory, 3*int64(live[0].Value.Uint64())/2) + watcherMemory*int64(watching())
		if limit != last { // to set it stops all for a moment
			debug.SetMemoryLimit(limit)
			last = limit
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
