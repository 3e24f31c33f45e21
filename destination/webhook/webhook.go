// Package webhook delivers by POST to any URL, signed as Standard Webhooks has
// it.
//
// Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"code.dny.dev/ssrf"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/tracking"
)

const (
	// maxList and maxBytes bound one request.
	maxList  = 1000
	maxBytes = 1 << 20
	// inFlight is how many requests are under way at once: most receivers are
	// slow rather than busy.
	inFlight = 4
	// maxSaid is how much of an answer is read.
	maxSaid = 4 << 10
)

// Type is the entry in the list.
func Type() destination.Type {
	return destination.Type{
		Name:  "webhook",
		Title: "Webhook",
		Gives: destination.Gives{
			Repetition: "the receiver's affair: webhook-id is the messageId, the same at each repetition",
			Order:      "kept within a conversation; with `in_flight: 1`, of everything",
			Batch:      "one call a request, or a list with `list`; refused as a whole",
			Limits:     "1 call, or as many as `list` says; 1 MiB",
			Retries:    "Retry-After and X-RateLimit-Reset, up to 5 minutes",
		},
		Settings: func() any { return &Settings{List: 1} },
		Open:     func(settings any) (destination.Destination, error) { return Open(*settings.(*Settings)) },
	}
}

// A Destination implements destination.Destination.
type Destination struct {
	s      Settings
	keys   [][]byte
	client *tracking.Client
}

// Open returns a destination. It makes no request.
func Open(s Settings) (*Destination, error) {
	if err := s.Check(); err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	d := &Destination{s: s, client: newClient(s.AllowPrivate)}
	for _, secret := range s.Secrets {
		k, _ := key(secret) // it was checked
		d.keys = append(d.keys, k)
	}
	return d, nil
}

// Limits implements destination.Destination.
func (d *Destination) Limits() destination.Limits {
	return destination.Limits{Calls: d.s.List, Bytes: maxBytes, InFlight: inFlight}
}

// Close implements destination.Destination.
func (d *Destination) Close() error {
	d.client.CloseIdleConnections()
	return nil
}

// Send implements destination.Destination.
func (d *Destination) Send(ctx context.Context, a destination.Attempt) error {
	if d.s.List > 1 {
		return d.post(ctx, batchID(a.Calls), list(a.Calls), a)
	}
	for _, c := range a.Calls {
		if err := d.post(ctx, id(c.MessageID), c.JSON, a); err != nil {
			return err
		}
	}
	return nil
}

// list returns the body of a request with several calls.
func list(calls []destination.Call) []byte {
	size := len("[]")
	for _, c := range calls {
		size += len(c.JSON) + len(",")
	}
	body := append(make([]byte, 0, size), '[')
	for i, c := range calls {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, c.JSON...)
	}
	return append(body, ']')
}

// id returns a messageId as it can stand in a header: one that an SDK made up
// may have any characters.
func id(messageID string) string {
	plain := func(r rune) bool { return r > ' ' && r < 0x7f }
	if messageID != "" && len(messageID) <= 256 && strings.IndexFunc(messageID, func(r rune) bool { return !plain(r) }) < 0 {
		return messageID
	}
	h := sha256.Sum256([]byte(messageID))
	return "msg_" + hex.EncodeToString(h[:16])
}

// batchID returns the id of a request: the same calls have the same.
func batchID(calls []destination.Call) string {
	h := sha256.New()
	var b []byte
	for _, c := range calls {
		b = append(append(strconv.AppendInt(b[:0], int64(len(c.MessageID)), 10), ':'), c.MessageID...)
		h.Write(b)
	}
	return "batch_" + hex.EncodeToString(h.Sum(nil)[:16])
}

// post makes one request, and says what its answer means.
func (d *Destination) post(ctx context.Context, id string, body []byte, a destination.Attempt) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, string(d.s.URL), bytes.NewReader(body))
	if err != nil {
		return errors.New("webhook: BUG: a URL that was checked is none")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "parlance")
	if d.s.Authorization != "" {
		req.Header.Set("Authorization", string(d.s.Authorization))
	}
	if a.Retry > 0 {
		req.Header.Set("X-Retry-Count", strconv.Itoa(a.Retry))
	}
	d.sign(req.Header, id, a.SentAt, body)
	asked := destination.Exchange{Request: d.asked(req, a)}
	if a.Tell != nil {
		defer func() { a.Tell(asked) }()
	}
	resp, err := d.client.Do(req)
	if err != nil {
		d.client.CloseIdleConnections()
		return noAnswer(err)
	}
	defer resp.Body.Close()
	// The status counts, even if what it says besides gets lost.
	said, _ := io.ReadAll(io.LimitReader(resp.Body, maxSaid))
	said = d.hide(said)
	asked.Status, asked.Response = resp.StatusCode, tracking.Clean(said)
	if resp.StatusCode >= 200 && resp.StatusCode <= 299 {
		return nil
	}
	d.client.CloseIdleConnections()
	return judge(resp, said)
}

// asked describes a request without the path, which may be all that it takes to
// send to the receiver.
func (d *Destination) asked(req *http.Request, a destination.Attempt) string {
	calls := 1
	if d.s.List > 1 {
		calls = len(a.Calls)
	}
	return tracking.Asked(req.Method, &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host, Path: "/…"}, calls, int(req.ContentLength))
}

// sign sets the headers of Standard Webhooks, with one signature for each
// secret.
func (d *Destination) sign(h http.Header, id string, at time.Time, body []byte) {
	if len(d.keys) == 0 {
		return
	}
	timestamp := strconv.FormatInt(at.Unix(), 10)
	signatures := make([]string, len(d.keys))
	for i, k := range d.keys {
		mac := hmac.New(sha256.New, k)
		fmt.Fprintf(mac, "%s.%s.", id, timestamp)
		mac.Write(body)
		signatures[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", timestamp)
	h.Set("webhook-signature", strings.Join(signatures, " "))
}

// judge says what an answer other than 2xx means.
func judge(resp *http.Response, said []byte) error {
	means := "is the url right?"
	switch resp.StatusCode {
	case http.StatusGone: // Standard Webhooks' way to say: no more
		means = "the receiver wants no more; remove the destination, or write another url"
	case http.StatusUnauthorized, http.StatusForbidden:
		means = "does the receiver know the secret, and want an authorization?"
	default:
		if resp.StatusCode >= 300 && resp.StatusCode <= 399 {
			means = "redirects are not followed; write where it leads as url"
		}
		err := tracking.Judge(resp.StatusCode, resp.Header, said)
		if !errors.As(err, new(*destination.Pause)) {
			return err
		}
	}
	status := fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode))
	return &destination.Pause{Reason: strings.TrimSpace(status) + ": " + tracking.Clean(said) + "; " + means}
}

// noAnswer keeps the URL out of an error.
func noAnswer(err error) error {
	if errors.Is(err, ssrf.ErrProhibitedIP) {
		return &destination.Pause{Reason: "the name in url leads to a private or special address; if that is meant, write allow_private: true"}
	}
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("no answer: %w", err)
}

// hide takes what is secret out of what a receiver said: some repeat it.
func (d *Destination) hide(said []byte) []byte {
	_, token, _ := strings.Cut(string(d.s.Authorization), " ")
	for _, s := range []string{string(d.s.URL), string(d.s.Authorization), token} {
		if s != "" {
			said = bytes.ReplaceAll(said, []byte(s), []byte("…"))
		}
	}
	return said
}
