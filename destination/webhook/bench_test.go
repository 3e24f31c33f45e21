package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// BenchmarkSend compares Send, as many at once as the gateway makes and one
// after the other, with a plain loop over net/http, which posts the same
// bodies, signed the same way, one after the other. The receiver answers at
// once, or after a while.
func BenchmarkSend(b *testing.B) {
	for _, x := range []struct {
		name        string
		calls, list int
		after       time.Duration
	}{
		{"a call a request", 1000, 1, 0},
		{"a call a request, 20 ms", 40, 1, 20 * time.Millisecond},
		{"lists of 100", 10_000, 100, 0},
	} {
		b.Run(x.name, func(b *testing.B) {
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body) // who sends sees if it fails
				time.Sleep(x.after)
			}))
			defer server.Close()
			d, err := Open(settings(server.URL, func(s *Settings) { s.List = x.list }))
			if err != nil {
				b.Fatal(err)
			}
			defer d.Close()
			k, _ := key(secret)
			destinationtest.Race(b, x.calls,
				destinationtest.Racer{Name: "Send", Send: func(ctx context.Context, a destination.Attempt) error {
					group, ctx := errgroup.WithContext(ctx)
					group.SetLimit(inFlight)
					for calls := range slices.Chunk(a.Calls, x.list) {
						group.Go(func() error { return send(ctx, d, calls) })
					}
					return group.Wait()
				}},
				destinationtest.Racer{Name: "one", Send: func(ctx context.Context, a destination.Attempt) error { return send(ctx, d, a.Calls) }},
				destinationtest.Racer{Name: "loop", Send: func(ctx context.Context, a destination.Attempt) error {
					for calls := range slices.Chunk(a.Calls, x.list) {
						body := calls[0].JSON
						if x.list > 1 {
							body = list(calls)
						}
						if err := post(ctx, server.URL, k, calls[0].MessageID, body); err != nil {
							return err
						}
					}
					return nil
				}},
			)
		})
	}
}

// send makes full attempts, one after the other.
func send(ctx context.Context, d *Destination, calls []destination.Call) error {
	for calls := range slices.Chunk(calls, d.s.List) {
		if err := d.Send(ctx, destination.Attempt{Calls: calls, SentAt: time.Now()}); err != nil {
			return err
		}
	}
	return nil
}

func post(ctx context.Context, url string, key []byte, id string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	now := fmt.Sprint(time.Now().Unix())
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, now, body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("webhook-id", id)
	req.Header.Set("webhook-timestamp", now)
	req.Header.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s (%w)", resp.Status, err)
	}
	return nil
}
