package tracking

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync"
	"syscall"
	"time"

	"github.com/parlance-chat/parlance/internal/phrase"
)

// phases bound each part of a request.
type phases struct {
	dial, tls time.Duration
	write     time.Duration // until all of the request is written
	header    time.Duration // from then on until the answer's header is read
	body      time.Duration // from then on until the rest is
	whole     time.Duration
	age       time.Duration // how long a connection is used
}

// Segment's addresses change, and it asks to look them up again at least once
// a day.
var patience = phases{dial: 10 * time.Second, tls: 10 * time.Second, write: 15 * time.Second, header: 25 * time.Second, body: 10 * time.Second,
	whole: 30 * time.Second, age: time.Hour}

// A Client makes requests to one receiver. It bounds each phase of one, uses
// connections again, though none for ever, and follows nobody elsewhere. Its
// methods may be called concurrently.
type Client struct {
	phases phases
	// control, if not nil, may refuse an address that is about to be dialed.
	control func(network, address string, c syscall.RawConn) error

	mu    sync.Mutex // guards the fields below
	http  *http.Client
	since time.Time // when it was made
}

// NewClient returns a client. It makes no request.
func NewClient() *Client { return &Client{phases: patience} }

// NewGuardedClient returns a client that asks control about each address that
// is about to be dialed. It uses no proxy, which would decide on its own.
func NewGuardedClient(control func(network, address string, c syscall.RawConn) error) *Client {
	return &Client{phases: patience, control: control}
}

// client returns the one whose connections are young enough. What is under way
// on those of the one before may finish, and they are not used again.
func (c *Client) client() *http.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.http != nil && time.Since(c.since) <= c.phases.age {
		return c.http
	}
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
	dialer := net.Dialer{Timeout: c.phases.dial, KeepAlive: 15 * time.Second, Control: c.control}
	transport := &http.Transport{
		DialContext: dialer.DialContext, TLSHandshakeTimeout: c.phases.tls,
		ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second,
	}
	if c.control == nil {
		transport.Proxy = http.ProxyFromEnvironment
	}
	c.since = time.Now()
	c.http = &http.Client{
		Timeout: c.phases.whole, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c.http
}

// Transport returns what connects just now, for whoever examines the way to the
// receiver.
func (c *Client) Transport() *http.Transport { return c.client().Transport.(*http.Transport) }

// CloseIdleConnections has the next request make a new connection.
func (c *Client) CloseIdleConnections() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
}

// Do makes a request. The body of what it returns has to be closed.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	w := &watch{cancel: cancel}
	resp, err := c.client().Do(req.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) { w.phase("the request was not read", c.phases.write, false) },
		WroteRequest: func(httptrace.WroteRequestInfo) {
			w.phase("the answer did not begin", c.phases.header, false)
		},
	})))
	if err != nil {
		w.end()
		return nil, late(ctx, err)
	}
	w.phase("the answer did not end", c.phases.body, true)
	resp.Body = &watchedBody{resp.Body, w, ctx}
	return resp, nil
}

// A watch ends a request that stays in a phase for too long.
type watch struct {
	cancel context.CancelCauseFunc

	mu       sync.Mutex // guards the fields below
	timer    *time.Timer
	answered bool
}

// phase begins one. Once there is an answer, it does not count that more of the
// request is written.
func (w *watch) phase(problem string, d time.Duration, answer bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.answered {
		return
	}
	w.answered = answer
	if w.timer != nil {
		w.timer.Stop()
	}
	w.timer = time.AfterFunc(d, func() { w.cancel(&lateError{problem, d}) })
}

func (w *watch) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answered = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.cancel(nil)
}

type lateError struct {
	problem string
	after   time.Duration
}

func (e *lateError) Error() string { return fmt.Sprintf("%s within %v", e.problem, e.after) }

// late returns what a request failed by, be it a phase that took too long.
func late(ctx context.Context, err error) error {
	var late *lateError
	if errors.As(context.Cause(ctx), &late) {
		return late
	}
	return err
}

// A watchedBody is the body of an answer, until it is closed.
type watchedBody struct {
	io.ReadCloser
	w   *watch
	ctx context.Context
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = late(b.ctx, err)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	err := b.ReadCloser.Close()
	b.w.end()
	return err
}

// NoAnswer keeps the address out of an error: it may hold a key.
func NoAnswer(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("no answer: %w", err)
}

// Asked describes a request for people: where it goes, without what may be
// secret, and how much it carries.
func Asked(method string, u *url.URL, calls, bytes int) string {
	return fmt.Sprintf("%s %s://%s%s, %s, %d bytes", method, u.Scheme, u.Host, u.Path, phrase.Count(int64(calls), "call"), bytes)
}
