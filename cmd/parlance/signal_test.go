package main

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/conversation"
)

// SIGHUP reads the configuration again without losing a request; a wrong one
// is told, and changes nothing.
func TestHangup(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	config, err := os.ReadFile(filepath.Join(p.dir, "parlance.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var stop atomic.Bool
	var said atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		for !stop.Load() {
			if status := p.say(turn(1, int(said.Load()))); status != http.StatusOK {
				t.Errorf("got %d, want 200", status)
			}
			said.Add(1)
		}
	})
	for i := range 12 {
		for before := said.Load(); said.Load() < before+3; {
			time.Sleep(time.Millisecond)
		}
		switch i % 3 {
		case 0:
			p.write("sources:\n  support: {type: nothing}\n")
		case 1:
			if err := os.Remove(filepath.Join(p.dir, "parlance.yaml")); err != nil {
				t.Fatal(err)
			}
		case 2:
			p.write(string(config))
		}
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	stop.Store(true)
	wg.Wait()
	p.ledger.await(t, int(said.Load())+1)
	p.stop()
	for _, want := range []string{"configuration reloaded", "configuration not reloaded", "type: is unknown", "no such file"} {
		if !strings.Contains(p.log.String(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}

// SIGTERM lets a request under way finish, and what it says is delivered,
// though after the next start.
func TestDrain(t *testing.T) {
	p := newProgram(t, "data")
	p.start()
	w := faker().Fake([]conversation.Activity{turn(1, 0)})[0]
	rest, body := io.Pipe()
	req, err := http.NewRequest(http.MethodPost, p.url+"/in/support", rest)
	if err != nil {
		t.Fatal(err)
	}
	req.Header, req.ContentLength = w.Header, int64(len(w.Body))
	status := make(chan int, 1)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Error(err)
			status <- 0
			return
		}
		resp.Body.Close()
		status <- resp.StatusCode
	}()
	half := len(w.Body) / 2
	if _, err := body.Write(w.Body[:half]); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond) // until the gateway has it
	stopped := make(chan struct{})
	go func() { defer close(stopped); p.stop() }()
	for range 1000 {
		if resp, err := http.Get(p.url + "/healthz"); err != nil {
			break // it takes no more
		} else {
			resp.Body.Close()
		}
		time.Sleep(5 * time.Millisecond)
	}
	if _, err := body.Write(w.Body[half:]); err != nil {
		t.Fatal(err)
	}
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request under way: got %d, want 200", got)
	}
	<-stopped
	p.start()
	p.ledger.await(t, 2)
	p.stop()
}
