package main

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

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
		before := said.Load()
		p.eventually("it takes webhooks", func() bool { return said.Load() >= before+3 })
		want := ""
		switch i % 3 {
		case 0:
			p.write("sources:\n  support: {type: nothing}\n")
			want = `"key":"sources.support.type","problem":"is unknown`
		case 1:
			if err := os.Remove(filepath.Join(p.dir, "parlance.yaml")); err != nil {
				t.Fatal(err)
			}
			want = "no such file"
		case 2:
			p.write(string(config))
			want = "configuration reloaded"
		}
		told := strings.Count(p.log(), want)
		if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		p.eventually("the log says "+want, func() bool { return strings.Count(p.log(), want) > told })
	}
	stop.Store(true)
	wg.Wait()
	p.ledger.await(t, int(said.Load())+1)
	p.stop()
	if n := strings.Count(p.log(), "configuration not reloaded"); n != 8 {
		t.Errorf("the log says %d times that it is not reloaded, want 8", n)
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
	// The gateway says when it begins to read the body.
	req.Header.Set("Expect", "100-continue")
	reads := make(chan struct{})
	req = req.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reads) }}))
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
	<-reads
	stopped := make(chan struct{})
	go func() { defer close(stopped); p.stop() }()
	p.eventually("it takes no more", func() bool {
		resp, err := http.Get(p.url + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return err != nil
	})
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
