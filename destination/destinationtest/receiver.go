package destinationtest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/internal/listentest"
)

// A fault is a way in which a receiver fails.
type fault struct {
	name  string
	class string // of the error
	// happened means that the receiver has the calls all the same.
	happened bool
	// poison means that only requests with one call fail, and always.
	poison bool
	// answer plays the fault.
	answer http.HandlerFunc
	// hangs means that it takes a timeout to be done with it.
	hangs bool
	// unread means that connections are made and nothing is read.
	unread bool
	// refused means that nobody listens.
	refused bool
	// elsewhere, if set, returns a URL that reaches no receiver.
	elsewhere func(*testing.T) string
}

// quiet is where servers write what clients do to them.
var quiet = log.New(io.Discard, "", 0)

// A receiver fails in one way, and then takes everything. It is a
// net.Listener, so that it can fail before a request is read.
type receiver struct {
	url string
	net.Listener
	fault fault
	says  string
	aside func(http.ResponseWriter, *http.Request) bool
	serve func()

	platform http.Handler // or nil
	received func() []string
	picks    func(*http.Request) bool // which requests to it may fail

	mu     sync.Mutex // guards the fields below
	stuck  func()     // is called when it hangs, if it is not nil
	failed bool
	got    [][]string // messageIds by request
	unread []net.Conn
}

// listen starts a receiver. It ends with the test.
func listen(t *testing.T, h HTTPHarness, f fault) *receiver {
	t.Helper()
	l := listentest.Listen(t)
	r := &receiver{url: "http://" + l.Addr().String(), Listener: l, fault: f, says: h.Answer, aside: h.Aside, picks: h.Fails}
	if h.Platform != nil {
		r.platform, r.received = h.Platform(t)
	}
	server := &http.Server{Handler: r, ErrorLog: quiet}
	var serving sync.WaitGroup
	r.serve = func() { serving.Go(func() { _ = server.Serve(r) }) } // until it is closed
	if f.refused {
		l.Close()
	} else {
		r.serve()
	}
	t.Cleanup(func() {
		server.Close()
		serving.Wait()
		for _, c := range r.unread {
			c.Close()
		}
	})
	return r
}

// open has somebody listen again.
func (r *receiver) open(t *testing.T) {
	l, err := net.Listen("tcp", strings.TrimPrefix(r.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	r.Listener = l
	r.serve()
}

// Accept implements net.Listener.
func (r *receiver) Accept() (net.Conn, error) {
	for {
		c, err := r.Listener.Accept()
		if err != nil || !r.fault.unread || !r.fails() {
			return c, err
		}
		r.mu.Lock()
		r.unread = append(r.unread, c)
		r.mu.Unlock()
	}
}

// hangs has the receiver call stuck when it hangs.
func (r *receiver) hangs(stuck func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stuck = stuck
}

// fails says whether it is the time to fail, which comes once.
func (r *receiver) fails() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed {
		return false
	}
	if r.failed = true; r.fault.hangs && r.stuck != nil {
		r.stuck()
	}
	return true
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	if r.aside != nil && r.aside(w, q) {
		return
	}
	f := r.fault
	if r.platform != nil {
		r.pass(w, q)
		return
	}
	var ids []string
	fails := f.answer != nil
	if ids = read(q); f.poison {
		fails = slices.Contains(ids, poison)
	} else if fails {
		fails = r.fails()
	}
	if !fails || f.happened {
		r.mu.Lock()
		r.got = append(r.got, ids)
		r.mu.Unlock()
	}
	if fails {
		f.answer(w, q)
		return
	}
	_, _ = io.WriteString(w, r.says) // the client is gone; nobody to tell
}

// pass has the platform answer, but for the request that fails.
func (r *receiver) pass(w http.ResponseWriter, q *http.Request) {
	if r.fault.answer == nil || r.picks != nil && !r.picks(q) || !r.fails() {
		r.platform.ServeHTTP(w, q)
		return
	}
	body, err := io.ReadAll(q.Body)
	if q.Body = io.NopCloser(bytes.NewReader(body)); err == nil && r.fault.happened {
		r.platform.ServeHTTP(httptest.NewRecorder(), q)
	}
	r.fault.answer(w, q)
}

// taken returns the messageIds that the receiver has, by request.
func (r *receiver) taken() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([][]string(nil), r.got...)
}

var ids = regexp.MustCompile(`00000000-0000-8000-8000-\d{12}`)

// read returns the messageIds of a request, whatever its format.
func read(q *http.Request) (list []string) {
	body, err := io.ReadAll(q.Body)
	if err == nil && q.Header.Get("Content-Encoding") == "gzip" {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(z)
		}
	}
	if err != nil {
		return nil // as good as not sent
	}
	return ids.FindAllString(string(body), -1)
}

// raw answers with bytes that need not be HTTP, then leaves: hard, as one does
// who crashes, if reset.
func raw(answer string, reset bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		_, _ = buf.WriteString(answer) // the client may have gone
		_ = buf.Flush()
		if tcp, ok := conn.(*net.TCPConn); ok && reset {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// drip answers, then goes on a byte at a time until the client leaves.
func drip(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, err = io.WriteString(conn, answer)
		for n := 0; err == nil && n < 1000; n++ {
			time.Sleep(10 * time.Millisecond)
			_, err = io.WriteString(conn, "x")
		}
	}
}

// hang answers nothing until the client leaves.
func hang(_ http.ResponseWriter, q *http.Request) {
	select {
	case <-q.Context().Done():
	case <-time.After(20 * time.Second): // it never leaves
	}
}

// status answers with a status, a header such as "Retry-After: 1", and a text.
func status(code int, says, header string, value func() string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if header != "" {
			w.Header().Set(header, value())
		}
		w.WriteHeader(code)
		fmt.Fprint(w, says)
	}
}
