package main

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	gosync "sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"

	"github.com/parlance-chat/parlance/livechat"
)

// A receiver takes batches as Segment does, and counts. It looks for a few
// fields only: package standin is the strict one, this one is cheap.
type receiver struct {
	arrived func(message int64) // called for each Sent or Received, if set

	messages, outOfOrder, repeated atomic.Int64

	mu   gosync.Mutex
	last map[int64]int64 // the last message of a conversation
	seen []uint64        // one bit a message
	gzip *gzip.Reader
	buf  bytes.Buffer
}

func newReceiver() *receiver { return &receiver{last: map[int64]int64{}} }

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.read(req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for calls := r.buf.Bytes(); ; {
		kind, rest, ok := field(calls, `"event":"`)
		if !ok {
			break
		}
		conversation, rest, _ := field(rest, `"conversation_id":"`)
		message, rest, _ := field(rest, `"message_id":"`)
		if k := livechat.Kind(kind); k == livechat.Sent || k == livechat.Received {
			r.count(number(conversation), number(message))
		}
		calls = rest
	}
	_, _ = io.WriteString(w, `{"success":true}`) // the client is gone; nobody to tell
}

func (r *receiver) read(req *http.Request) (err error) {
	if r.gzip == nil {
		r.gzip, err = gzip.NewReader(req.Body)
	} else {
		err = r.gzip.Reset(req.Body)
	}
	if err != nil {
		return err
	}
	r.buf.Reset()
	_, err = r.buf.ReadFrom(r.gzip)
	return err
}

func (r *receiver) count(conversation, message int64) {
	n := message - messageMark
	for int(n/64) >= len(r.seen) {
		r.seen = append(r.seen, make([]uint64, 1<<16)...)
	}
	if r.seen[n/64]&(1<<(n%64)) != 0 {
		r.repeated.Add(1)
		return
	}
	r.seen[n/64] |= 1 << (n % 64)
	if message < r.last[conversation] {
		r.outOfOrder.Add(1)
	}
	r.last[conversation] = message
	if r.arrived != nil {
		r.arrived(message)
	}
	r.messages.Add(1)
}

// field returns the string that follows mark, and what follows it.
func field(b []byte, mark string) (value, rest []byte, ok bool) {
	_, after, ok := bytes.Cut(b, []byte(mark))
	if !ok {
		return nil, nil, false
	}
	return bytes.Cut(after, []byte(`"`))
}

func number(b []byte) int64 {
	n, _ := strconv.ParseInt(string(b), 10, 64) // 0 shows as out of order
	return n
}
