package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"os"
)

// floor serves the least that a durable receiver of signed webhooks can do:
// check the signature, append the bytes to a file, answer once they are synced.
// Whoever waits shares one sync.
func floor(ctx context.Context, listen, path, secret string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	appends := make(chan appending, 1024)
	go appender(f, appends)
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil || !signed(secret, r.Header, body) {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		done := make(chan error, 1)
		appends <- appending{body, done}
		if <-done != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, `{"ok":true}`) // the client is gone; nobody to tell
	})}
	context.AfterFunc(ctx, func() { server.Close() })
	if err := server.Serve(l); err != http.ErrServerClosed {
		return err
	}
	return nil
}

func signed(secret string, h http.Header, body []byte) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	io.WriteString(mac, h.Get("X-Chatwoot-Timestamp")+".")
	mac.Write(body)
	return hmac.Equal([]byte("sha256="+hex.EncodeToString(mac.Sum(nil))), []byte(h.Get("X-Chatwoot-Signature")))
}

type appending struct {
	body []byte
	done chan error
}

// appender writes whatever waits, then syncs once.
func appender(f *os.File, appends <-chan appending) {
	w := bufio.NewWriterSize(f, 1<<20)
	var waiting []chan error
	for a := range appends {
		waiting = append(waiting[:0], a.done)
		_, err := w.Write(a.body)
		for more := true; more; {
			select {
			case a := <-appends:
				_, err = w.Write(a.body) // a bufio.Writer keeps its first error
				waiting = append(waiting, a.done)
			default:
				more = false
			}
		}
		if err == nil {
			err = w.Flush()
		}
		if err == nil {
			err = sync(f)
		}
		for _, done := range waiting {
			done <- err
		}
	}
}
