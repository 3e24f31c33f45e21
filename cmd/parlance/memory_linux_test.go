package main

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The program runs on, with less of its file in memory.
func TestForgetStart(t *testing.T) {
	before := resident(t)
	forgetStart()
	if after := resident(t); after >= before {
		t.Errorf("got %d kB of files resident, before %d", after, before)
	}
}

func resident(t *testing.T) (kB int) {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if n, _ := fmt.Sscanf(line, "RssFile: %d kB", &kB); n == 1 {
			return kB
		}
	}
	t.Fatal("the system does not say what is resident")
	return 0
}
