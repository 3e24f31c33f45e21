// Package ingest takes webhooks, activities and tracking calls in over HTTP.
//
// Whatever comes is bounded, checked, read and journaled, in this order, and
// answered with 200 once it is safe.
package ingest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A Validation says what becomes of Live Chat events of a tracking source
// that break the specification.
type Validation string

// Values of Validation; the zero value is Strict.
const (
	Strict Validation = "strict" // they are kept back as unreadable
	Report Validation = "report" // they pass, and are counted and logged
	Off    Validation = "off"    // nobody looks
)

// A Source is something that tells us about conversations.
type Source struct {
	Workspace, Name string
	Type            string              // as in the configuration: "chatwoot", "api", "tracking"
	Path            string              // of a chat tool, below /in/; empty means Name
	Connector       connector.Connector // of a chat tool
	Answer          string              // of a chat tool that wants one of its own
	JSON            bool                // of a chat tool that calls its webhooks nothing else
	Pending         func()              // of a chat tool whose API may have to be asked: called when there is another pending webhook
	Tokens          []string            // of type api
	WriteKeys       []string            // of type tracking
	Validate        Validation          // of type tracking
}

// Limits of what one request may hold, and all of them together.
const (
	maxWebhook  = 4 << 20 // bytes of a webhook, inflated
	maxInFlight = 64 << 20
	readTime    = 20 * time.Second
	keepBuffer  = 64 << 10 // bytes of a buffer that is used again
)

// Options are what a Handler needs. All fields but PublicURL and Keys are required.
type Options struct {
	Journal    journal.Inbox
	Log        *slog.Logger
	Registerer prometheus.Registerer
	PublicURL  string // how the world calls us, without a path; empty takes each request's word
	Keys       Keys   // nil gets none
	// Pages answers browsers where nothing is; nil has them told what programs
	// are.
	Pages http.Handler
}

// Keys gets what chat tools publish at addresses of their own.
type Keys interface {
	// Get returns what is at an address, and keeps it.
	Get(ctx context.Context, address string) ([]byte, error)
	// Visit calls an address once.
	Visit(ctx context.Context, address string) ([]byte, error)
}

// A Handler is the way in. Its methods may be called concurrently.
type Handler struct {
	journal    journal.Inbox
	log        *slog.Logger
	metrics    *metrics
	refusals   refusals
	publicURL  string
	keys       Keys
	inFlight   atomic.Int64 // bytes that requests under way hold
	complained atomic.Int64 // when the journal was last complained of
	full       atomic.Int64 // when the journal last took nothing; 0 once it has taken something
	buffers    sync.Pool    // of *bytes.Buffer, for bodies
	routes     atomic.Pointer[routes]
	mux        *http.ServeMux
}

// New returns a handler without sources.
func New(o Options) *Handler {
	h := &Handler{journal: o.Journal, log: o.Log, publicURL: strings.TrimRight(o.PublicURL, "/"), keys: o.Keys, mux: http.NewServeMux()}
	h.metrics = newMetrics(o.Registerer, func() float64 { return float64(h.inFlight.Load()) })
	h.routes.Store(&routes{})
	h.mux.HandleFunc("/in/{source}", h.webhook)
	h.mux.HandleFunc("/w/{workspace}/in/{source}", h.webhook)
	h.mux.HandleFunc("/v1/activities", h.activities)
	h.mux.HandleFunc("GET /v1/projects/{key}/settings", h.settings)
	h.mux.HandleFunc("/v1/{call}", h.track)
	h.mux.HandleFunc("/v1/{call}/{$}", h.track)
	h.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if o.Pages != nil && r.Method == http.MethodGet && strings.Contains(r.Header.Get("Accept"), "text/html") {
			o.Pages.ServeHTTP(w, r)
			return
		}
		fail(w, http.StatusNotFound, "there is nothing here")
	})
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	// The server reads to its end also the body of a request that is refused
	// for its address alone. Where there are no deadlines, as in tests, that
	// is as good.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(readTime))
	h.mux.ServeHTTP(w, r)
}

// routes find the source of a request.
type routes struct {
	paths  map[path]*Source
	tokens map[[sha256.Size]byte]*Source // by hash, so that a search tells nothing of a secret
	keys   map[[sha256.Size]byte]*Source
	names  map[path]*Source
}

// A path is a workspace and what follows /in/ in it.
type path struct{ workspace, name string }

// SetSources puts other sources in place of those there are. Requests under
// way end with the source with which they began.
func (h *Handler) SetSources(sources []Source) error {
	r := &routes{paths: map[path]*Source{}, tokens: map[[sha256.Size]byte]*Source{}, keys: map[[sha256.Size]byte]*Source{}, names: map[path]*Source{}}
	for i := range sources {
		s := &sources[i]
		r.names[path{s.Workspace, s.Name}] = s
		if s.Connector != nil {
			p := path{s.Workspace, s.Path}
			if p.name == "" {
				p.name = s.Name
			}
			if other := r.paths[p]; other != nil {
				return fmt.Errorf("ingest: sources %s and %s have the same path", other.Name, s.Name)
			}
			r.paths[p] = s
		}
		if err := errors.Join(enter(r.tokens, s, s.Tokens, "token"), enter(r.keys, s, s.WriteKeys, "write key")); err != nil {
			return err
		}
	}
	for i := range sources {
		h.metrics.know(&sources[i])
	}
	h.routes.Store(r)
	return nil
}

func enter(m map[[sha256.Size]byte]*Source, s *Source, secrets []string, what string) error {
	for _, secret := range secrets {
		sum := sha256.Sum256([]byte(secret))
		if other := m[sum]; other != nil && other != s {
			return fmt.Errorf("ingest: sources %s and %s have the same %s", other.Name, s.Name, what)
		}
		m[sum] = s
	}
	return nil
}

// A refusal is an answer other than 200.
type refusal struct {
	status int
	reason string // for metrics
	text   string // for the sender
}

func (e *refusal) Error() string { return e.text }

// refuse answers with an error and counts it.
func (h *Handler) refuse(w http.ResponseWriter, s *Source, err error) {
	var no *refusal
	if !errors.As(err, &no) {
		no = &refusal{http.StatusServiceUnavailable, "journal", "cannot store it now; try again"}
		h.complain(err)
	}
	if no.status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "2")
	}
	h.metrics.refuse(s, no.reason)
	if s != nil {
		h.refusals.add(s, no)
	}
	fail(w, no.status, no.text)
}

// complain logs why the journal takes nothing: once a second, for all of a
// full disk's refusals say the same.
func (h *Handler) complain(err error) {
	now, last := time.Now().UnixNano(), h.complained.Load()
	if errors.Is(err, context.Canceled) || now-last < int64(time.Second) || !h.complained.CompareAndSwap(last, now) {
		return // or the sender has hung up
	}
	h.log.Error("requests are refused: the journal cannot take them", "error", err)
}

// fail answers with an error in the shape that SDKs of Segment understand.
func fail(w http.ResponseWriter, status int, text string, problems ...Problem) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct { // the client is gone; nobody to tell
		Error    string   `json:"error"`
		Code     int      `json:"code"`
		Message  string   `json:"message"`
		Problems Problems `json:"problems,omitempty"`
	}{text, status, text, problems})
}

func answer(w http.ResponseWriter, body string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, body) // the client is gone; nobody to tell
}

// body reads a request's body, inflated and bounded. The returned function
// must be called when it is not used any more.
func (h *Handler) body(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, func(), error) {
	encoding := strings.ToLower(r.Header.Get("Content-Encoding"))
	if encoding != "" && encoding != "identity" && encoding != "gzip" {
		return nil, nil, &refusal{http.StatusUnsupportedMediaType, "encoding", "send it with Content-Encoding gzip or none"}
	}
	if r.ContentLength > limit {
		return nil, nil, tooLarge(limit)
	}
	buf, _ := h.buffers.Get().(*bytes.Buffer)
	if buf == nil {
		buf = new(bytes.Buffer)
	}
	m := &metered{inFlight: &h.inFlight}
	release := func() {
		h.inFlight.Add(-m.held)
		if buf.Cap() <= keepBuffer {
			buf.Reset()
			h.buffers.Put(buf)
		}
	}
	m.Reader = http.MaxBytesReader(w, r.Body, limit)
	if err := m.readAll(buf, encoding == "gzip", limit); err != nil {
		release()
		return nil, nil, err
	}
	return buf.Bytes(), release, nil
}

// metered counts the bytes that a request holds as they come: who sends
// slowly, or says that much will come, takes nothing from the others.
type metered struct {
	io.Reader
	inFlight *atomic.Int64
	held     int64
}

var errBusy = &refusal{http.StatusServiceUnavailable, "busy", "too many requests under way; try again"}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.held += int64(n)
	if m.inFlight.Add(int64(n)) > maxInFlight {
		return n, errBusy
	}
	return n, err
}

// readAll reads to the end, inflated and within the limit.
func (m *metered) readAll(b *bytes.Buffer, inflate bool, limit int64) error {
	if inflate {
		z, err := gzip.NewReader(m.Reader)
		if err != nil {
			return unreadableBody(err, limit)
		}
		defer z.Close()
		m.Reader = io.LimitReader(z, limit+1)
	}
	if _, err := b.ReadFrom(m); err != nil {
		return unreadableBody(err, limit)
	}
	if int64(b.Len()) > limit {
		return tooLarge(limit)
	}
	return nil
}

func tooLarge(limit int64) error {
	return &refusal{http.StatusRequestEntityTooLarge, "too_large", fmt.Sprintf("the body is larger than %d bytes", limit)}
}

func unreadableBody(err error, limit int64) error {
	var no *refusal
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &no):
		return no
	case errors.As(err, &large):
		return tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded): // which, unlike 400, SDKs try again
		return &refusal{http.StatusRequestTimeout, "slow", fmt.Sprintf("the body did not come within %v; send it again", readTime)}
	}
	return &refusal{http.StatusBadRequest, "body", "the body could not be read to its end"}
}

// credentials returns what a request says of itself in an authorization scheme.
func credentials(r *http.Request, scheme string) (text string, ok bool) {
	name, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(text), strings.EqualFold(name, scheme)
}

// post allows POST alone.
func post(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodPost {
		return true
	}
	w.Header().Set("Allow", http.MethodPost)
	fail(w, http.StatusMethodNotAllowed, "use POST")
	return false
}

// store journals a webhook. Who hangs up meanwhile has had it stored or not.
func (h *Handler) store(ctx context.Context, s *Source, w *journal.Webhook) error {
	w.Workspace, w.Source = s.Workspace, s.Name
	if err := h.put(ctx, w); err != nil {
		return err
	}
	h.metrics.receive(s, w)
	return nil
}

// put journals webhooks, all or none, and remembers whether it could.
func (h *Handler) put(ctx context.Context, hooks ...*journal.Webhook) error {
	err := h.journal.Append(ctx, hooks...)
	switch {
	case err == nil:
		h.full.Store(0)
	case ctx.Err() == nil: // else the sender has hung up
		h.full.Store(time.Now().UnixNano())
	}
	return err
}

// fullTime is how long a full journal counts as full where nobody tries it
// again. Whoever sends nothing because we are not ready would never learn that
// we are.
const fullTime = 5 * time.Second

// Taking reports whether the journal takes what is sent, as far as the last
// requests tell.
func (h *Handler) Taking() bool {
	at := h.full.Load()
	return at == 0 || time.Since(time.Unix(0, at)) > fullTime
}
