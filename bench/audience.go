package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	gosync "sync"
	"sync/atomic"
	"time"
)

// healthEvery is how often a browser that shows Live asks whether all is well.
const healthEvery = 5 * time.Second

// An audience is browsers that show Live. Each opens the page, follows its
// stream, and asks how all is; that costs it less than a browser, for this
// machine is under load.
type audience struct {
	ctx  context.Context
	url  string
	http http.Client
	rows atomic.Int64 // that they were told of

	group gosync.WaitGroup
	mu    gosync.Mutex // guards the field below
	err   error
}

// gather returns n browsers once all of them follow. They do until ctx is done.
func gather(ctx context.Context, url string, n int) (*audience, error) {
	a := &audience{ctx: ctx, url: url, http: http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: n}}}
	var there gosync.WaitGroup
	there.Add(n)
	for i := range n {
		follows := gosync.OnceFunc(there.Done)
		a.group.Go(func() {
			defer follows()
			a.note(a.follow(follows))
		})
		a.group.Go(func() { a.note(a.ask(healthEvery * time.Duration(i) / time.Duration(n))) })
	}
	there.Wait()
	a.mu.Lock()
	defer a.mu.Unlock()
	return a, a.err
}

// leave waits until all have gone, and returns what went wrong.
func (a *audience) leave() error {
	a.group.Wait()
	a.http.CloseIdleConnections()
	return a.err
}

func (a *audience) note(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ctx.Err() == nil {
		a.err = errors.Join(a.err, err)
	}
}

// follow reads the stream, and calls follows when it does.
func (a *audience) follow(follows func()) error {
	var page struct {
		After uint64 `json:"after"`
	}
	body, err := a.get("/index.json?workspace=default")
	if err != nil {
		return err
	}
	err = json.NewDecoder(body).Decode(&page)
	if err = errors.Join(err, body.Close()); err != nil {
		return err
	}
	if body, err = a.get(fmt.Sprintf("/live/stream?workspace=default&after=%d", page.After)); err != nil {
		return err
	}
	defer body.Close()
	follows()
	lines := bufio.NewReader(body)
	for {
		line, err := lines.ReadSlice('\n')
		if err != nil {
			return fmt.Errorf("the stream ended: %w", err)
		}
		if bytes.HasPrefix(line, []byte("data: <tr")) {
			a.rows.Add(1)
		}
	}
}

// ask asks how all is, the first time after a while.
func (a *audience) ask(after time.Duration) error {
	for ; ; after = healthEvery {
		select {
		case <-a.ctx.Done():
			return nil
		case <-time.After(after):
		}
		body, err := a.get("/health?workspace=default")
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, body)
		if err = errors.Join(err, body.Close()); err != nil {
			return err
		}
	}
}

func (a *audience) get(path string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(a.ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		resp.Body.Close()
		return nil, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return resp.Body, nil
}
