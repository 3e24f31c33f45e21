package lookup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	keyTime    = 5 * time.Second
	keyBytes   = 64 << 10
	keepKey    = 24 * time.Hour
	keepNoKey  = 30 * time.Second // a key that could not be had
	keysAtMost = 100
)

// Keys gets what tools publish at addresses of their own: keys to verify with,
// and handshakes to end. It may be used concurrently.
type Keys struct {
	client *http.Client
	mu     sync.Mutex // guards kept
	kept   map[string]*key
}

// A key is what an address said.
type key struct {
	mu    sync.Mutex // guards the rest, and is held while it is got: many may wait for the same
	body  []byte
	err   error
	until time.Time
}

// NewKeys returns an empty Keys.
func NewKeys() *Keys {
	return &Keys{kept: map[string]*key{}, client: &http.Client{
		Timeout:       keyTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Get returns what is at an address, which must be https. It is kept.
func (k *Keys) Get(ctx context.Context, address string) ([]byte, error) {
	have := k.key(address)
	have.mu.Lock()
	defer have.mu.Unlock()
	if time.Now().Before(have.until) {
		return have.body, have.err
	}
	body, err := k.Visit(ctx, address)
	if ctx.Err() != nil {
		return body, err // whoever asked has gone, which says nothing of the address
	}
	have.body, have.err, have.until = body, err, time.Now().Add(keepKey)
	if err != nil {
		have.until = time.Now().Add(keepNoKey)
	}
	return body, err
}

// key returns what is kept of an address. Webhooks that nobody has verified yet
// name them, so that there may be many of which nothing can be had: they make
// room first.
func (k *Keys) key(address string) *key {
	k.mu.Lock()
	defer k.mu.Unlock()
	if have := k.kept[address]; have != nil {
		return have
	}
	if len(k.kept) >= keysAtMost {
		for other, have := range k.kept {
			if !have.mu.TryLock() {
				continue
			}
			if have.body == nil {
				delete(k.kept, other)
			}
			have.mu.Unlock()
		}
	}
	if len(k.kept) >= keysAtMost {
		clear(k.kept)
	}
	have := &key{}
	k.kept[address] = have
	return have
}

// Visit calls an address once, which must be https.
func (k *Keys) Visit(ctx context.Context, address string) ([]byte, error) {
	if !strings.HasPrefix(address, "https://") {
		return nil, errors.New("lookup: the address is not https")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("lookup: not an address")
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, errors.New("lookup: no answer")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("lookup: the tool answered %d", resp.StatusCode)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, keyBytes+1))
	if err != nil || len(b) > keyBytes {
		return nil, errors.New("lookup: the answer is too long, or breaks off")
	}
	return b, nil
}
