// Package standin is a stand-in for Segment: it takes batches as strictly as
// Segment does, drops repetitions by messageId, counts, and fails on request.
package standin

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/livechat"
)

// What Segment takes in one request, and in one call.
const (
	maxBytes = 500 << 10
	maxCalls = 2500
	maxCall  = 32 << 10
)

// Options say how the stand-in behaves. The zero value takes everything.
type Options struct {
	WriteKey string // the only one that is accepted; empty accepts any
	// Fail, if set, is asked before a request is read. A status other than 0
	// is the answer.
	Fail func(*http.Request) (status int, retryAfter time.Duration)
	// Refuse, if set, is asked about each call. Like Segment, the stand-in
	// answers 400 to a batch in which one call is refused.
	Refuse func(Call) bool
	// OnCall, if set, is told of each call that was not known, in order.
	OnCall func(Call)
}

// A Call is one call.
type Call struct {
	Type        string
	Event       livechat.Kind
	UserID      string
	AnonymousID string
	MessageID   string
	Timestamp   time.Time
	SentAt      time.Time
	Properties  livechat.Properties
	JSON        json.RawMessage `json:"-"`
}

// A Report says what came.
type Report struct {
	Requests int // that were accepted
	Calls    int // that were not known
	Repeated int // that were known by messageId, and dropped
	Invalid  int // Live Chat events that break the specification
}

// A Server is an http.Handler. Its methods may be called concurrently.
type Server struct {
	o  Options
	mu sync.Mutex // guards the fields below
	// seen has the first bytes of each messageId's hash.
	seen   map[[12]byte]struct{}
	report Report
}

// New returns a stand-in that has seen nothing.
func New(o Options) *Server { return &Server{o: o, seen: map[[12]byte]struct{}{}} }

// Report says what came so far.
func (s *Server) Report() Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.report
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, err := s.serve(r)
	w.Header().Set("Content-Type", "application/json")
	if err == nil {
		_, _ = io.WriteString(w, `{"success":true}`) // the client is gone; nobody to tell
		return
	}
	var later retryAfter
	if errors.As(err, &later) && later > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(time.Duration(later).Seconds())))
	}
	w.WriteHeader(status)
	fmt.Fprintf(w, "{\"success\":false,\"message\":%q}\n", err.Error())
}

// A retryAfter is a failure on request.
type retryAfter time.Duration

func (retryAfter) Error() string { return "told to fail" }

func (s *Server) serve(r *http.Request) (status int, err error) {
	if s.o.Fail != nil {
		if status, after := s.o.Fail(r); status != 0 {
			return status, retryAfter(after)
		}
	}
	if r.Method != http.MethodPost || r.URL.Path != "/v1/batch" {
		return http.StatusNotFound, errors.New("only POST /v1/batch is here")
	}
	if key, _, _ := r.BasicAuth(); s.o.WriteKey != "" && key != s.o.WriteKey {
		return http.StatusUnauthorized, errors.New("wrong write key")
	}
	calls, err := read(r)
	if err != nil {
		return http.StatusBadRequest, err
	}
	for _, c := range calls {
		if s.o.Refuse != nil && s.o.Refuse(c) {
			return http.StatusBadRequest, errors.New("a call is refused")
		}
	}
	s.take(calls)
	return http.StatusOK, nil
}

// read reads a batch within Segment's limits.
func read(r *http.Request) ([]Call, error) {
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		in = z
	}
	b, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		return nil, err
	}
	var batch struct{ Batch []json.RawMessage }
	if len(b) > maxBytes {
		return nil, fmt.Errorf("more than %d bytes", maxBytes)
	} else if err := json.Unmarshal(b, &batch); err != nil {
		return nil, err
	} else if len(batch.Batch) > maxCalls {
		return nil, fmt.Errorf("more than %d calls", maxCalls)
	}
	calls := make([]Call, len(batch.Batch))
	for i, raw := range batch.Batch {
		if len(raw) > maxCall {
			return nil, fmt.Errorf("call %d has more than %d bytes", i, maxCall)
		}
		if err := json.Unmarshal(raw, &calls[i]); err != nil {
			return nil, fmt.Errorf("call %d: %w", i, err)
		}
		calls[i].JSON = raw
	}
	return calls, nil
}

// take counts calls, and tells of those that are new.
func (s *Server) take(calls []Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.report.Requests++
	for _, c := range calls {
		var key [12]byte
		sum := sha256.Sum256([]byte(c.MessageID))
		copy(key[:], sum[:])
		if _, known := s.seen[key]; known {
			s.report.Repeated++
			continue
		}
		s.seen[key] = struct{}{}
		s.report.Calls++
		if c.Event != "" && len(livechat.ValidateJSON(c.JSON)) > 0 {
			s.report.Invalid++
		}
		if s.o.OnCall != nil {
			s.o.OnCall(c)
		}
	}
}
