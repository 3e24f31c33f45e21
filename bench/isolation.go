package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	gosync "sync"
	"time"
)

const (
	// isolationRate is webhooks a second: each makes a request to all that are
	// well, so that the machine is busy and not overloaded.
	isolationRate   = 10
	isolationRounds = 5
	healthy         = 25
	// isolationStart does not count: the gateway starts, and finds out who is
	// down.
	isolationStart = 5 * time.Second
)

// measureIsolation says how long events take to destinations that are well,
// alone and beside as many that are down, each in its own way. What else runs
// on the machine changes more than that, so that it is measured in turn, in
// another order each time.
func (b *bench) measureIsolation(ctx context.Context) error {
	down, closeDown, err := receiversDown()
	if err != nil {
		return err
	}
	defer closeDown()
	var runs [2][]quantiles // alone and beside
	for round := range isolationRounds {
		for i := range 2 {
			with := (i + round) % 2
			q, err := b.isolation(ctx, down[:with*len(down)])
			if err != nil {
				return err
			}
			runs[with] = append(runs[with], q)
		}
	}
	a, w := middle(runs[0]), middle(runs[1])
	fmt.Printf("%d destinations alone         p50 %v, p99 %v\n", healthy, round(a.p50), round(a.p99))
	fmt.Printf("the same beside %d down       p50 %v, p99 %v\n", len(down), round(w.p50), round(w.p99))
	fmt.Printf("beside / alone               %9.2f at p50, %.2f at p99, %.2f of processor time for each event (the middle of %d runs each)\n",
		float64(w.p50)/float64(a.p50), float64(w.p99)/float64(a.p99), float64(w.processor)/float64(a.processor), isolationRounds)
	return nil
}

// quantiles are of how long events took.
type quantiles struct {
	p50, p99  time.Duration
	processor time.Duration // of the gateway, for each event that arrived
}

// middle returns the median of each.
func middle(list []quantiles) quantiles {
	of := func(what func(quantiles) time.Duration) time.Duration {
		return time.Duration(median(list, func(q quantiles) float64 { return float64(what(q)) }))
	}
	return quantiles{
		of(func(q quantiles) time.Duration { return q.p50 }),
		of(func(q quantiles) time.Duration { return q.p99 }),
		of(func(q quantiles) time.Duration { return q.processor }),
	}
}

// isolation measures one run, with destinations at further endpoints.
func (b *bench) isolation(ctx context.Context, further []string) (quantiles, error) {
	var mu gosync.Mutex
	sent := map[int64]time.Time{}
	var took []time.Duration
	mux := http.NewServeMux()
	for n := range healthy {
		r := newReceiver()
		r.arrived = func(message int64) {
			now := time.Now()
			mu.Lock()
			defer mu.Unlock()
			if at, counts := sent[message]; counts {
				took = append(took, now.Sub(at))
			}
		}
		mux.Handle(fmt.Sprintf("/%d/", n), r)
	}
	g, err := b.serveTo(ctx, "0s", mux, func(address string) string {
		var text strings.Builder
		for n := range healthy {
			fmt.Fprintf(&text, "  well%d: {type: segment, write_key: bench, endpoint: http://%s/%d}\n", n, address, n)
		}
		for n, endpoint := range further {
			fmt.Fprintf(&text, "  down%d: {type: segment, write_key: bench, endpoint: http://%s}\n", n, endpoint)
		}
		return text.String()
	})
	if err != nil {
		return quantiles{}, err
	}
	defer g.stop()
	l := b.load(g.address, "/in/support")
	l.rate = isolationRate
	start, before := time.Now().Add(isolationStart), time.Duration(0)
	l.sent = func(message int64) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if now.Before(start) {
			return
		}
		if len(sent) == 0 {
			before = g.processor()
		}
		sent[message] = now
	}
	timed, cancel := context.WithTimeout(ctx, isolationStart+b.duration)
	defer cancel()
	_, refused, err := l.run(timed)
	if err != nil {
		return quantiles{}, err
	}
	want := len(sent) * healthy
	count := func() int { mu.Lock(); defer mu.Unlock(); return len(took) }
	for deadline := time.Now().Add(10 * time.Second); count() < want && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(took) != want || want == 0 || refused > 0 {
		return quantiles{}, fmt.Errorf("isolation: %d of %d arrived, %d webhooks refused", len(took), want, refused)
	}
	slices.Sort(took)
	q := quantiles{took[len(took)/2], took[len(took)*99/100], (g.processor() - before) / time.Duration(want)}
	fmt.Printf("  beside %2d down: p50 %v, p99 %v, processor %v\n", len(further), round(q.p50), round(q.p99), q.processor.Round(time.Microsecond))
	return q, nil
}

// receiversDown returns the addresses of as many receivers as are well, of five
// kinds: nobody listens; nobody answers; the answer comes a byte a second;
// 503; and 200 after 20 seconds.
func receiversDown() (addresses []string, done func(), err error) {
	nobody, err := free()
	if err != nil {
		return nil, nil, err
	}
	kinds := []string{nobody}
	var closers []io.Closer
	listen := func(serve func(net.Listener)) error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err == nil {
			closers, kinds = append(closers, l), append(kinds, l.Addr().String())
			go serve(l)
		}
		return err
	}
	handler := func(h http.HandlerFunc) func(net.Listener) {
		return func(l net.Listener) { _ = http.Serve(l, h) } // ends with its listener
	}
	for _, serve := range []func(net.Listener){
		accept(func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }),
		accept(drip),
		handler(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }),
		handler(func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-time.After(20 * time.Second):
			case <-r.Context().Done():
			}
		}),
	} {
		if err := listen(serve); err != nil {
			return nil, nil, err
		}
	}
	for n := range healthy {
		addresses = append(addresses, kinds[n%len(kinds)])
	}
	return addresses, func() {
		for _, c := range closers {
			c.Close()
		}
	}, nil
}

// accept takes connections.
func accept(serve func(net.Conn)) func(net.Listener) {
	return func(l net.Listener) {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serve(conn)
		}
	}
}

// drip answers a byte a second.
func drip(conn net.Conn) {
	_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nX: ")
	for err == nil {
		time.Sleep(time.Second)
		_, err = io.WriteString(conn, "x")
	}
}
