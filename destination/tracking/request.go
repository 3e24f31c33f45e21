package tracking

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/destination"
)

// How much of an answer is read: of one that only its status counts of, and of
// one that tells what became of each call.
const (
	maxSaid  = 4 << 10
	maxTells = 1 << 20
)

// brief bounds how long the rest of an answer is read whose status says all.
const brief = 200 * time.Millisecond

// request sends a batch, and says what the answer means.
func (d *Destination) request(ctx context.Context, a destination.Attempt, b batch) error {
	f := d.p.frame(a, b)
	body, err := f.body(b.calls)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("BUG: a URL that was checked is none")
	}
	req.Header.Set("Content-Type", "application/json")
	if !f.Plain {
		req.Header.Set("Content-Encoding", "gzip")
	}
	req.Header.Set("User-Agent", "parlance")
	for name, value := range d.p.Header {
		req.Header.Set(name, value)
	}
	if a.Retry > 0 {
		req.Header.Set("X-Retry-Count", strconv.Itoa(a.Retry))
	}
	if err := d.p.authorize(req); err != nil {
		return err
	}
	return d.do(req, a, b)
}

func (p *Profile) authorize(req *http.Request) error {
	switch {
	case p.Authorizer != nil:
		return p.Authorizer.Authorize(req)
	case p.KeyHeader != "":
		req.Header.Set(p.KeyHeader, p.Key)
	case p.KeyMember != "", p.NoHeader: // it is there already
	default:
		req.SetBasicAuth(p.Key, "")
	}
	return nil
}

// do sends a request, and says what its answer means.
func (d *Destination) do(req *http.Request, a destination.Attempt, b batch) (err error) {
	asked := destination.Exchange{Request: string(d.p.hide([]byte(Asked(req.Method, req.URL, len(b.calls), int(req.ContentLength)))))}
	if a.Tell != nil {
		defer func() { a.Tell(asked) }()
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return NoAnswer(err)
	}
	defer resp.Body.Close()
	said, err := d.read(resp)
	asked.Status, asked.Response = resp.StatusCode, Clean(said)
	ok := resp.StatusCode >= 200 && resp.StatusCode <= 299
	switch {
	case ok && d.p.Failures != nil && err != nil:
		return NoAnswer(err)
	case ok && d.p.Failures != nil:
		return d.partly(b, said)
	case ok:
		return nil // the status counts, even if what it says besides gets lost
	}
	if d.p.Tells != nil {
		if failures := d.p.Tells(resp.StatusCode, len(b.calls), said); len(failures) > 0 {
			return d.heed(b, failures)
		}
	}
	return d.p.judge(req, resp, said)
}

// read reads what an answer says, without our secrets.
func (d *Destination) read(resp *http.Response) ([]byte, error) {
	most, ok := int64(maxSaid), resp.StatusCode >= 200 && resp.StatusCode <= 299
	if ok && d.p.Failures != nil || !ok && d.p.Tells != nil {
		most = maxTells
	}
	if ok && d.p.Failures == nil { // what matters is known; who drips is not waited for
		defer time.AfterFunc(brief, func() { resp.Body.Close() }).Stop()
	}
	said, err := io.ReadAll(io.LimitReader(resp.Body, most))
	return d.p.hide(said), err
}

// judge says what an answer other than 2xx means.
func (p *Profile) judge(req *http.Request, resp *http.Response, said []byte) error {
	if p.Authorizer != nil && p.Authorizer.Refused(req, resp.StatusCode) {
		return fmt.Errorf("answered %s", reason(resp.StatusCode, said))
	}
	err := Judge(resp.StatusCode, resp.Header, said)
	if means := p.Pauses[resp.StatusCode]; means != "" && errors.As(err, new(*destination.Pause)) {
		return &destination.Pause{Reason: reason(resp.StatusCode, said) + "; " + means}
	}
	return err
}

// compressors are shared, for each takes 0.8 MB, and a vendor has thousands of
// destinations, few of which send at the same moment.
var compressors = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // fails only for an unknown level
	return z
}}

// Compress returns what write writes as gzip. Its memory is not used again: a
// client may read from it even after the answer.
func Compress(write func(io.Writer) error) ([]byte, error) {
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	var out bytes.Buffer
	z.Reset(&out)
	if err := write(z); err != nil {
		return nil, err
	}
	err := z.Close()
	return out.Bytes(), err
}

// body returns the calls of a batch as they are sent.
func (f *Frame) body(calls []call) ([]byte, error) {
	if f.Plain {
		var out bytes.Buffer
		err := f.write(&out, calls)
		return out.Bytes(), err
	}
	return Compress(func(w io.Writer) error { return f.write(w, calls) })
}

// envelope returns what stands beside the calls of a batch and sentAt.
func (p *Profile) envelope(b batch) (members []byte) {
	add := func(key string, value []byte) {
		if len(value) > 0 {
			members = append(append(append(members, `,"`+key+`"`...), ':'), value...)
		}
	}
	add("context", b.context)
	add("integrations", b.integrations)
	if p.BatchID {
		add("messageId", appendQuote(nil, b.id()))
	}
	if p.WriteKey {
		add("writeKey", appendQuote(nil, p.Key))
	}
	if p.KeyMember != "" {
		add(p.KeyMember, appendQuote(nil, p.Key))
	}
	return members
}

// id returns a messageId for the batch: the same calls have the same.
func (b batch) id() string {
	var ids []byte
	for _, c := range b.calls {
		ids = fmt.Appendf(ids, "%d:%s", len(c.id), c.id)
	}
	return derived(ids)
}
