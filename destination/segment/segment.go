// Package segment delivers to Segment, and to whatever speaks its HTTP
// Tracking API.
//
// Source: https://segment.com/docs/connections/sources/catalog/libraries/server/http-api/
package segment

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/strictyaml"
	"github.com/parlance-chat/parlance/livechat"
)

// What Segment takes in one request: "500 KB" before compression, of which its
// own SDKs use 475,000 bytes, and 2,500 calls, of which 1,000 keep a refusal
// small. A call may have "32 KB", which its SDKs read as 32,768; our own stay
// below 32,000, and it is for the receiver to say what it makes of others.
const (
	maxBytes = 475_000
	maxCalls = 1_000
	maxCall  = 32 << 10
)

const (
	// timeout bounds one attempt.
	timeout = 30 * time.Second
	// maxAge bounds how long one connection is used. Segment's addresses
	// change, and it asks to look them up again at least once a day.
	maxAge = time.Hour
)

// endpoints are Segment's own, by region.
var endpoints = map[string]string{
	"us": "https://api.segment.io",
	"eu": "https://events.eu1.segmentapis.com",
}

// Settings are the settings of a destination of type segment.
type Settings struct {
	// Write key of the source in Segment that receives the events. Required.
	WriteKey strictyaml.Secret `yaml:"write_key"`
	// Region of the Segment workspace: us or eu.
	Region string `yaml:"region"`
	// URL of another receiver that speaks Segment's API, with or without /v1/batch. It takes the place of region.
	Endpoint string `yaml:"endpoint"`
}

// Check says what is wrong with the settings.
func (s *Settings) Check() error {
	var errs []error
	if s.WriteKey == "" {
		errs = append(errs, errors.New("write_key: is missing; copy it from the source's API keys in Segment"))
	}
	if _, ok := endpoints[s.Region]; !ok {
		errs = append(errs, fmt.Errorf("region: %q is not one of us, eu", s.Region))
	}
	switch u, err := url.Parse(s.Endpoint); {
	case s.Endpoint == "":
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		errs = append(errs, errors.New("endpoint: write a URL such as https://example.com"))
	case u.User != nil || u.RawQuery != "":
		errs = append(errs, errors.New("endpoint: holds a user, password or query; the write_key alone is sent"))
	}
	return errors.Join(errs...)
}

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "segment",
		Title: "Segment",
		Gives: destination.Gives{
			Repetition: "by messageId, for at least 24 hours",
			Order:      "sent in order; Segment promises none",
			Batch:      "refused as a whole; a call that breaks Segment's rules is dropped later, unseen",
			Limits:     "1,000 calls, 475,000 bytes; 32 KB a call",
			Retries:    "Retry-After and X-RateLimit-Reset, up to 5 minutes",
		},
		Segment:  true,
		Settings: func() any { return &Settings{Region: "us"} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	return &Destination{
		url: s.url(),
		key: string(s.WriteKey),
		client: &http.Client{
			Timeout:       timeout,
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 1, IdleConnTimeout: 90 * time.Second},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// url returns where batches go. What people are told to configure has /v1 in
// some SDKs and not in others.
func (s *Settings) url() string {
	base := endpoints[s.Region]
	if s.Endpoint != "" {
		base = s.Endpoint
	}
	u, err := url.Parse(base)
	if err != nil {
		panic("BUG: " + err.Error()) // Check has parsed it
	}
	path := strings.TrimSuffix(strings.TrimRight(u.Path, "/"), "/v1/batch")
	u.Path, u.RawPath = strings.TrimSuffix(path, "/v1")+"/v1/batch", ""
	return u.String()
}

// A Destination sends batches to one source. It implements
// destination.Destination.
type Destination struct {
	url, key string
	client   *http.Client
	since    time.Time // when the connection in use may have been made
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: maxCalls, Bytes: maxBytes, CallBytes: maxCall}
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	d.client.CloseIdleConnections()
	return nil
}

// Send implements destination.Destination.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) error {
	body, err := compressed(a)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(d.key, "")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "gzip")
	req.Header.Set("User-Agent", "parlance")
	if a.Retry > 0 {
		req.Header.Set("X-Retry-Count", strconv.Itoa(a.Retry))
	}
	if err := d.do(req); err != nil {
		// Not again on a connection that may be dead, or to an address that
		// may be out of service.
		d.client.CloseIdleConnections()
		return err
	}
	return nil
}

// do sends a request, and says what its answer means.
func (d *Destination) do(req *http.Request) error {
	if time.Since(d.since) > maxAge {
		d.client.CloseIdleConnections()
		d.since = time.Now()
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return noAnswer(err)
	}
	defer resp.Body.Close()
	// The status counts, even if what it says besides gets lost.
	said, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return nil
	}
	return Judge(resp.StatusCode, resp.Header, said)
}

// noAnswer keeps the address out of an error: it may hold a key.
func noAnswer(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("no answer: %w", err)
}

// compressors are shared, for each takes 0.8 MB, and a vendor has thousands of
// destinations, few of which send at the same moment.
var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails only for an unknown level
	return z
}}

// compressed returns the batch as it is sent. Its memory is not used again: the client
// may read from it even after the answer.
func compressed(a destination.Attempt) ([]byte, error) {
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	var out bytes.Buffer
	z.Reset(&out)
	_, err := io.WriteString(z, `{"batch":[`)
	for i, c := range a.Calls {
		if i > 0 && err == nil {
			_, err = io.WriteString(z, ",")
		}
		if err == nil {
			_, err = z.Write(c.JSON)
		}
	}
	if err == nil {
		_, err = io.WriteString(z, `],"sentAt":"`+livechat.FormatTime(a.SentAt)+`"}`)
	}
	if err == nil {
		err = z.Close()
	}
	return out.Bytes(), err
}
