package control

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"

	"github.com/parlance-chat/parlance/internal/inside"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/recovery"
)

// Listen opens the control socket in dir, in place of one that a killed
// gateway left behind. The caller must hold dir's journal.
func Listen(dir string) (net.Listener, error) {
	path := filepath.Join(dir, SocketName)
	if err := removeSocket(path); err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("control: listen: %w (a socket's path may have about 100 characters: choose a shorter data directory)", err)
	}
	return l, restrict(path)
}

// A Client asks a gateway, or its journal.
type Client struct {
	http  http.Client
	close func() error
}

// Open returns a client for the gateway whose data directory is dir. If none
// runs, it opens the journal with open, and c is what is configured.
func Open(dir string, c Configured, open func() (journal.Journal, error)) (*Client, error) {
	path := filepath.Join(dir, SocketName)
	if conn, err := net.Dial("unix", path); err == nil {
		conn.Close()
		return client(func(ctx context.Context) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		}, func() error { return nil }), nil
	}
	j, err := open()
	if err != nil {
		return nil, err
	}
	l := &pipe{conns: make(chan net.Conn), done: make(chan struct{})}
	server := &http.Server{Handler: recovery.Handler(Handler(Target{Journal: j, Configured: func() Configured { return c }}), slog.Default())}
	var wg sync.WaitGroup
	wg.Go(func() { _ = server.Serve(l) })
	return client(l.dial, func() error {
		err := server.Close()
		wg.Wait()
		return errors.Join(err, j.Close())
	}), nil
}

func client(dial func(context.Context) (net.Conn, error), close func() error) *Client {
	t := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) }}
	return &Client{http: http.Client{Transport: t}, close: func() error {
		t.CloseIdleConnections()
		return close()
	}}
}

// Local returns a client of the API of a gateway in this process. The context of
// what it is asked is that of the request.
func Local(t Target) *Client {
	return &Client{http: http.Client{Transport: inside.Transport{Handler: Handler(t)}}, close: func() error { return nil }}
}

// Close ends the connection, and closes the journal if Open opened it.
func (c *Client) Close() error { return c.close() }

// Get asks for path with the query, and decodes the answer into reply.
func (c *Client) Get(ctx context.Context, path string, query url.Values, reply any) error {
	return c.do(ctx, http.MethodGet, path+"?"+query.Encode(), nil, reply)
}

// Post sends request to path, and decodes the answer into reply.
func (c *Client) Post(ctx context.Context, path string, request, reply any) error {
	b, err := json.Marshal(request)
	if err != nil {
		return err
	}
	return c.do(ctx, http.MethodPost, path, bytes.NewReader(b), reply)
}

func (c *Client) do(ctx context.Context, method, path string, body io.Reader, reply any) error {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(reply)
}

func (c *Client) send(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://gateway"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		msg, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
		return nil, errors.New(strings.TrimSpace(string(msg)))
	}
	return resp, nil
}

// Events calls f with every event of a workspace from now on, until ctx is
// done. If the gateway stops before, that is an error.
func (c *Client) Events(ctx context.Context, workspace string, f func(Event)) error {
	resp, err := c.send(ctx, http.MethodGet, "/events?"+url.Values{"workspace": {workspace}}.Encode(), nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	in := json.NewDecoder(bufio.NewReader(resp.Body))
	for {
		var e Event
		if err := in.Decode(&e); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return errors.New("the gateway has stopped")
			}
			return err
		}
		f(e)
	}
}

// A pipe is a listener within the process.
type pipe struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (p *pipe) dial(ctx context.Context) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case p.conns <- there:
		return here, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *pipe) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipe) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (p *pipe) Addr() net.Addr { return &net.UnixAddr{Name: "journal", Net: "pipe"} }
