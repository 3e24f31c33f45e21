package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"

	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/engine"
	"github.com/parlance-chat/parlance/internal/recovery"
)

// drainTime bounds how long requests under way may take once the gateway is
// told to stop.
const drainTime = 10 * time.Second

// requestTime bounds one request, so that nobody holds a connection by reading
// or writing slowly.
const requestTime = time.Minute

// Run listens, applies and delivers until ctx is done. Then it takes no more
// webhooks, finishes what is under way, and returns; whatever is not delivered
// by then is on disk, and goes on at the next start.
func (g *Gateway) Run(ctx context.Context) error {
	g.draining.Store(false)
	servers := servers{log: g.log}
	if g.config.Listen != NoListener {
		l, err := net.Listen("tcp", g.config.Listen)
		if err != nil {
			return fmt.Errorf("gateway: listen: %w (another address: listen: HOST:PORT)", err)
		}
		servers.add(context.WithoutCancel(ctx), l, g.handler, requestTime)
		g.log.Info("gateway listens", "address", l.Addr().String(), "data", g.config.Data)
	}
	if l, err := control.Listen(g.config.Data); err != nil {
		g.log.Warn("other commands cannot reach this gateway while it runs", "error", err)
	} else {
		// Whoever follows events must not hold up the end.
		servers.add(ctx, l, recovery.Handler(control.Handler(g.target()), g.log), 0)
	}

	// Work goes on while the servers drain, and stops after them.
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	group, failed := errgroup.WithContext(work)
	group.Go(func() error {
		return engine.Run(failed, engine.Options{Journal: g.watched, Settle: max(g.config.Settle, 0), Source: g.origin, Log: g.log, Metrics: g.engine})
	})
	group.Go(func() error { g.loops.run(failed); return nil })
	group.Go(func() error { g.askers.run(failed); return nil })
	group.Go(func() error { g.reading.run(failed); return nil })
	group.Go(func() error { g.alerts.run(failed); return nil })
	served := make(chan error, 1)
	go func() { served <- servers.serve() }()
	var err error
	select {
	case <-ctx.Done():
	case <-failed.Done():
	case err = <-served:
	}
	g.draining.Store(true)
	g.console.Leave()
	servers.shutdown()
	stop()
	return errors.Join(err, group.Wait())
}

// servers are HTTP servers that live and end together.
type servers struct {
	log  *slog.Logger
	list []*http.Server
	on   []net.Listener
}

// add adds a server whose requests are done when base is. Each may take the
// time given, from its first byte to the last of its answer; 0 is no limit.
func (s *servers) add(base context.Context, l net.Listener, h http.Handler, limit time.Duration) {
	s.list = append(s.list, &http.Server{
		Handler:           h,
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       limit,
		WriteTimeout:      limit,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	})
	s.on = append(s.on, l)
}

// serve returns when one of them fails, or all were shut down.
func (s *servers) serve() error {
	var group errgroup.Group
	for i, server := range s.list {
		group.Go(func() error {
			err := server.Serve(s.on[i])
			if errors.Is(err, http.ErrServerClosed) {
				return nil
			}
			return err
		})
	}
	return group.Wait()
}

// shutdown lets requests under way finish, for a while.
func (s *servers) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	var group errgroup.Group
	for _, server := range s.list {
		group.Go(func() error {
			if server.Shutdown(ctx) != nil {
				return server.Close()
			}
			return nil
		})
	}
	_ = group.Wait() // what could not finish in time is cut off
}

// routes are what the gateway serves at Listen.
func (g *Gateway) routes(registry *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", g.ingest)
	pages := recovery.Handler(g.console, g.log)
	for _, pattern := range g.console.Routes() {
		mux.Handle(pattern, pages)
	}
	mux.Handle("/api/", recovery.Handler(g.api(), g.log))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", g.ready)
	mux.Handle("GET /metrics", local(promhttp.HandlerFor(registry, promhttp.HandlerOpts{})))
	return mux
}

// ready says whether the gateway takes webhooks.
func (g *Gateway) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), time.Second)
	defer cancel()
	if _, err := g.journal.End(ctx, "default"); err != nil || !g.ingest.Taking() || g.draining.Load() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

// local closes h to everybody but programs on this machine: metrics name
// workspaces and sources.
func local(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !access.Local(r) {
			http.Error(w, "metrics are open to this machine only", http.StatusForbidden)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		h.ServeHTTP(w, r)
	})
}
