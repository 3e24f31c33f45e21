// Command bench measures the whole gateway against a floor program in the
// same run: net/http, HMAC and a group-committed append to a file, nothing
// else. See README.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	gosync "sync"
	"syscall"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/chatwoot"
)

const secret = "bench-secret"

func main() {
	duration := flag.Duration("duration", 20*time.Second, "of each measurement under load")
	sustained := flag.Duration("sustained", 0, "of one more measurement of the gateway, such as 10m")
	connections := flag.Int("connections", 64, "of the load")
	raw := flag.Bool("raw", false, "make the load speak HTTP by hand, which costs less than net/http's client")
	archive := flag.String("archive", "on", "whether the gateway writes its archive: on or off")
	isolated := flag.Bool("isolation", false, "measure only whether destinations that are down delay others")
	idle := flag.Duration("idle", 20*time.Second, "of the idle measurement")
	watchers := flag.Int("watchers", 0, "measure only what it costs that so many browsers watch")
	profile := flag.String("profile", "", "file for a CPU profile of the gateway under load, such as cmd/parlance/default.pgo")
	asFloor := flag.String("floor", "", "be the floor program at this address")
	file := flag.String("file", "", "the floor program's file")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *asFloor != "" {
		err = floor(ctx, *asFloor, *file, secret)
	} else {
		b := bench{duration: *duration, sustained: *sustained, connections: *connections, idle: *idle, profile: *profile, raw: *raw, archive: *archive, watchers: *watchers, isolated: *isolated}
		err = b.run(ctx)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "bench: "+err.Error())
		os.Exit(1)
	}
}

// A bench is one run.
type bench struct {
	duration, sustained, idle time.Duration
	connections, watchers     int
	profile                   string
	raw, isolated             bool
	archive                   string
	dir, parlance             string
	templates                 []template
}

func (b *bench) run(ctx context.Context) (err error) {
	if b.dir, err = os.MkdirTemp("", "parlance-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	faker, ok := chatwoot.Type().New(connector.Options{Secrets: []string{secret}}).(connector.Faker)
	if !ok {
		return errors.New("BUG: the connector is no Faker")
	}
	b.templates = templates(faker)
	b.parlance = filepath.Join(b.dir, "parlance")
	build := exec.CommandContext(ctx, "go", "build", "-tags", "disable_grpc_modules", "-trimpath", "-ldflags", "-s -w", "-o", b.parlance, "github.com/parlance-chat/parlance/cmd/parlance")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	switch {
	case b.watchers > 0:
		return b.measureWatched(ctx)
	case b.isolated:
		return b.measureIsolation(ctx)
	}
	floorRate, err := b.measureFloor(ctx)
	if err != nil {
		return err
	}
	ours, err := b.measureGateway(ctx, b.duration)
	if err != nil {
		return err
	}
	fmt.Printf("gateway / floor              %9.2f\n", ours/floorRate)
	if b.sustained > 0 {
		long, err := b.measureGateway(ctx, b.sustained)
		if err != nil {
			return err
		}
		fmt.Printf("sustained / floor            %9.2f\n", long/floorRate)
	}
	return b.measureLatency(ctx)
}

// measureFloor returns the webhooks a second that the floor program takes.
func (b *bench) measureFloor(ctx context.Context) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	address, err := free()
	if err != nil {
		return 0, err
	}
	p, err := start(ctx, address, exec.Command(self, "-floor", address, "-file", filepath.Join(b.dir, "floor.log")))
	if err != nil {
		return 0, err
	}
	defer p.stop()
	l := b.load(address, "/")
	timed, cancel := context.WithTimeout(ctx, b.duration)
	defer cancel()
	began := time.Now()
	accepted, refused, err := l.run(timed)
	rate := float64(accepted) / time.Since(began).Seconds()
	fmt.Printf("floor: durable webhooks/s    %9.0f   (%d refused)\n", rate, refused)
	fmt.Printf("floor: processor time        %9.1f   µs a webhook\n", float64(p.processor().Microseconds())/float64(accepted))
	return rate, err
}

func (b *bench) load(address, path string) *load {
	return &load{address: address, path: path, secret: secret, templates: b.templates, connections: b.connections, raw: b.raw, turns: 10}
}

// measureGateway returns the webhooks a second whose events were delivered.
// The clock stops when the last of them has arrived.
func (b *bench) measureGateway(ctx context.Context, d time.Duration) (float64, error) {
	g, err := b.serve(ctx, "2s")
	if err != nil {
		return 0, err
	}
	defer g.stop()
	l := b.load(g.address, "/in/support")
	timed, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	profiled := make(chan error, 1)
	go func() { profiled <- g.saveProfile(timed, b.profile, d/2) }()
	began := time.Now()
	accepted, refused, err := l.run(timed)
	if err = errors.Join(err, <-profiled); err != nil {
		return 0, err
	}
	took := time.Since(began)
	for g.receiver.messages.Load() < accepted {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if time.Since(began) > 3*d+time.Minute {
			return 0, fmt.Errorf("of %d webhooks only %d were delivered", accepted, g.receiver.messages.Load())
		}
	}
	rate := float64(accepted) / time.Since(began).Seconds()
	fmt.Printf("gateway: durable webhooks/s  %9.0f   (%d refused)\n", float64(accepted)/took.Seconds(), refused)
	fmt.Printf("gateway: delivered, all in   %9.0f   webhooks/s in %s; %d repeated, %d out of order\n",
		rate, time.Since(began).Round(time.Second), g.receiver.repeated.Load(), g.receiver.outOfOrder.Load())
	fmt.Printf("gateway: processor time      %9.1f   µs a webhook\n", float64(g.processor().Microseconds())/float64(accepted))
	fmt.Printf("gateway: peak memory         %9.1f   MB resident\n", g.peakMB())
	return rate, nil
}

// measureLatency sends at a fixed rate with settle 0, then nothing at all.
func (b *bench) measureLatency(ctx context.Context) error {
	g, err := b.serve(ctx, "0s")
	if err != nil {
		return err
	}
	defer g.stop()
	var mu gosync.Mutex
	sent := map[int64]time.Time{}
	var took []time.Duration
	g.receiver.arrived = func(message int64) {
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(sent[message]))
		delete(sent, message)
	}
	l := b.load(g.address, "/in/support")
	l.rate = 300
	l.sent = func(message int64) {
		mu.Lock()
		defer mu.Unlock()
		sent[message] = time.Now()
	}
	timed, cancel := context.WithTimeout(ctx, b.duration)
	defer cancel()
	accepted, refused, err := l.run(timed)
	if err != nil {
		return err
	}
	for deadline := time.Now().Add(10 * time.Second); g.receiver.messages.Load() < accepted && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	mu.Lock()
	slices.Sort(took)
	if len(took) == 0 {
		return errors.New("nothing arrived")
	}
	fmt.Printf("latency at 300/s, settle 0   p50 %s, p99 %s, max %s   (%d sent, %d arrived, %d refused, %d out of order)\n",
		round(took[len(took)/2]), round(took[len(took)*99/100]), round(took[len(took)-1]), accepted, len(took), refused, g.receiver.outOfOrder.Load())
	mu.Unlock()
	fmt.Printf("memory after that            %9.1f   MB resident at most\n", g.peakMB())

	time.Sleep(2 * time.Second)
	before := g.processor()
	time.Sleep(b.idle)
	fmt.Printf("idle processor time          %9.2f   %% of one core\n", 100*(g.processor()-before).Seconds()/b.idle.Seconds())
	return nil
}

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// A gatewayProcess is a gateway with a receiver for its events.
type gatewayProcess struct {
	*process
	address  string
	data     string
	receiver *receiver
	server   *http.Server
}

// saveProfile has the gateway watch itself for a while, and writes what it
// says to a file, if one is named.
func (g *gatewayProcess) saveProfile(ctx context.Context, path string, d time.Duration) error {
	if path == "" {
		return nil
	}
	client := http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(g.data, "control.sock"))
	}}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://gateway/debug/pprof/profile?seconds=%d", int(d.Seconds())), nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	return os.WriteFile(path, b, 0o644)
}

func (g *gatewayProcess) stop() {
	g.process.stop()
	g.server.Close()
}

// serve starts the real program with one Chatwoot source and one Segment
// destination, everything on.
func (b *bench) serve(ctx context.Context, settle string) (*gatewayProcess, error) {
	r := newReceiver()
	g, err := b.serveTo(ctx, settle, r, func(address string) string {
		return fmt.Sprintf("  segment: {type: segment, write_key: bench, endpoint: http://%s}\n", address)
	})
	if err == nil {
		g.receiver = r
	}
	return g, err
}

// serveTo starts the real program with one Chatwoot source. The destinations
// are the configuration's of receivers that h serves at an address.
func (b *bench) serveTo(ctx context.Context, settle string, h http.Handler, destinations func(address string) string) (*gatewayProcess, error) {
	address, err := free()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	server := &http.Server{Handler: h}
	go server.Serve(l)
	dir, err := os.MkdirTemp(b.dir, "gateway-")
	if err != nil {
		return nil, err
	}
	config, data := filepath.Join(dir, "parlance.yaml"), filepath.Join(dir, "data")
	text := fmt.Sprintf("data: %s\nlisten: %s\nsettle: %s\narchive: {enabled: %s}\nsources:\n  support: {type: chatwoot, secret: %s}\ndestinations:\n%s",
		data, address, settle, b.archive, secret, destinations(l.Addr().String()))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	p, err := start(ctx, address, exec.Command(b.parlance, "serve", "--config", config))
	if err != nil {
		return nil, err
	}
	return &gatewayProcess{process: p, address: address, data: data, server: server}, nil
}
