// Package gateway runs a whole gateway: webhooks in, events out.
//
// It is the library's front door, and the only package that knows all parts.
// A program that wants nothing but a gateway calls [Run]; one that has chats
// of its own to tell about calls [Open], and [Gateway.Record] while
// [Gateway.Run] runs.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/alert"
	"github.com/parlance-chat/parlance/internal/console"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/disk"
	"github.com/parlance-chat/parlance/internal/engine"
	"github.com/parlance-chat/parlance/internal/ingest"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/internal/live"
	"github.com/parlance-chat/parlance/internal/lookup"
	"github.com/parlance-chat/parlance/livechat"
)

// A Gateway takes webhooks in and delivers events. Its methods may be called
// concurrently.
type Gateway struct {
	log      *slog.Logger
	config   Config // as it was opened; what a reload may change is in the fields below
	journal  *sqlite.Journal
	watched  live.Watched // the journal, telling the console what it takes
	guard    *access.Guard
	console  *console.Console
	reading  reading
	ingest   *ingest.Handler
	engine   *engine.Metrics
	loops    loops
	askers   askers
	alerts   alerts
	origins  atomic.Pointer[map[sourceKey]engine.Source]
	inForce  atomic.Pointer[Resolved]
	latest   atomic.Pointer[Config] // that inForce comes from
	handler  http.Handler
	draining atomic.Bool
	reload   sync.Mutex // held while a configuration is put in force: all of one, or none
}

type sourceKey struct{ workspace, source string }

// Run runs a gateway until ctx is done.
func Run(ctx context.Context, c Config) error {
	g, err := Open(c)
	if err != nil {
		return err
	}
	return errors.Join(g.Run(ctx), g.Close())
}

// Open checks the configuration and opens the data directory. Nothing is
// delivered before Run.
func Open(c Config) (*Gateway, error) {
	resolved, err := c.Resolve()
	if err != nil {
		return nil, err
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	j, err := openJournal(c, c.Log)
	if err != nil {
		return nil, err
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	hub := &live.Hub{}
	watched := live.Watched{Journal: j, Hub: hub}
	var g *Gateway
	in := ingest.New(ingest.Options{Journal: watched, Log: c.Log, Registerer: registry, PublicURL: c.PublicURL, Keys: lookup.NewKeys(),
		Pages: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { g.console.ServeHTTP(w, r) })})
	g = &Gateway{
		log:     c.Log,
		config:  c,
		journal: j,
		ingest:  in,
		engine:  engine.NewMetrics(registry),
		watched: watched,
		askers:  askers{journal: watched, done: in.Answered, log: c.Log, metrics: lookup.NewMetrics(registry)},
		loops:   loops{journal: j, log: c.Log, metrics: deliver.NewMetrics(registry), told: tellAttempt(hub), running: map[destinationKey]*loop{}},
	}
	if g.guard, err = access.Open(access.Options{Dir: c.Data, PublicURL: c.PublicURL, Log: c.Log}); err != nil {
		return nil, errors.Join(err, j.Close())
	}
	g.openReading(registry)
	g.alerts = alerts{log: c.Log, status: func(ctx context.Context, workspace string) (control.Status, error) {
		s, err := g.target().Status(ctx, workspace)
		for i := range s.Destinations {
			if d := &s.Destinations[i]; d.Trouble != "" {
				d.Trouble = g.loops.meaning(d.Workspace, d.Name)
			}
		}
		return s, err
	}}
	if g.alerts.store, err = alert.OpenStore(filepath.Join(c.Data, storeName)); err != nil {
		c.Log.Warn("what alerts were told is not known; what still holds is told again", "error", err)
	}
	g.console = g.newConsole(hub)
	registry.MustRegister(&g.loops)
	g.handler = g.routes(registry)
	if err := g.forget(resolved); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	if err := g.apply(resolved); err != nil {
		return nil, errors.Join(err, g.Close())
	}
	g.latest.Store(&c)
	return g, nil
}

func openJournal(c Config, log *slog.Logger) (*sqlite.Journal, error) {
	j, err := sqlite.Open(c.Data, sqlite.Options{Webhooks: c.Retention.Webhooks, Events: c.Retention.Events, Log: log})
	return j, explainData(err)
}

// explainData says what to do about a data directory that cannot be used.
func explainData(err error) error {
	if errors.As(err, new(*fs.PathError)) {
		return fmt.Errorf("%w (run this as the gateway's user, or choose another directory: data: DIRECTORY)", err)
	}
	return err
}

// CheckData says why nothing could be kept in the data directory, as far as
// that can be known without writing there.
func (c *Config) CheckData() error {
	dir, err := disk.Above(sqlite.Path(c.Data))
	if err == nil {
		if err = disk.Writable(dir); err != nil {
			err = &fs.PathError{Op: "write to", Path: dir, Err: err}
		}
	}
	return explainData(err)
}

// forget forgets destinations that are configured no more: their cursors would
// have the log kept for ever.
func (g *Gateway) forget(r *Resolved) error {
	ctx := context.Background()
	cursors, err := g.journal.Cursors(ctx)
	if err != nil {
		return err
	}
	for _, c := range cursors {
		if slices.ContainsFunc(r.Destinations, func(d ResolvedDestination) bool {
			return d.Workspace == c.Workspace && d.Name == c.Destination
		}) {
			continue
		}
		lag, err := g.journal.Lag(ctx, c.Workspace, c.Destination)
		if err == nil {
			err = g.journal.Forget(ctx, c.Workspace, c.Destination)
		}
		if err != nil {
			return err
		}
		g.log.Warn("destination is configured no more and starts anew if it comes back; what it has not got: parlance replay",
			"workspace", c.Workspace, "destination", c.Destination, "events", lag.Events, "since", lag.Oldest)
	}
	return nil
}

var errNothingKept = errors.New("no gateway has kept anything")

// Control returns a client for the gateway that c describes: for the running
// one, else for its data directory.
func Control(c *Config) (*control.Client, error) {
	c.setDefaults()
	resolved, _ := newResolver().resolve(c) // whatever is wrong with it, it names things
	return control.Open(c.Data, configured(resolved), func() (journal.Journal, error) {
		if !sqlite.Exists(c.Data) { // to look must not make one
			return nil, noGateway(c.Data)
		}
		return openJournal(*c, slog.New(slog.DiscardHandler))
	})
}

func noGateway(dir string) error {
	return fmt.Errorf("%w in %s: run 'parlance serve', or name its configuration with --config", errNothingKept, dir)
}

// Close closes the destinations and the data directory. Run must have returned.
func (g *Gateway) Close() error {
	return errors.Join(g.loops.close(), g.guard.Close(), g.reading.close(), g.journal.Close())
}

// Record takes activities in, all or none, as if a chat tool had reported
// them to the source, which must be of type api. When it returns nil they are
// on disk. An activity that was recorded before changes nothing.
func (g *Gateway) Record(ctx context.Context, workspace, source string, activities ...conversation.Activity) error {
	return g.ingest.Record(ctx, workspace, source, activities...)
}

// Handler returns what Run serves at Listen, for a program that has a server
// of its own.
func (g *Gateway) Handler() http.Handler { return g.handler }

// Reload puts another configuration in force without losing a request. If it
// returns an error, the old one stays. Data, Listen, Settle, Retention, Archive,
// Log and Version count only at Open.
func (g *Gateway) Reload(c Config) error {
	resolved, err := c.Resolve()
	if err != nil {
		return err
	}
	c.setDefaults()
	if c.Data != g.config.Data || c.Listen != g.config.Listen || c.Settle != g.config.Settle || c.Retention != g.config.Retention || c.Archive != g.config.Archive {
		g.log.Warn("data, listen, settle, retention and archive change only at the next start")
	}
	g.reload.Lock()
	defer g.reload.Unlock()
	if err := g.apply(resolved); err != nil {
		return err
	}
	c.Data, c.Listen = g.config.Data, g.config.Listen
	g.latest.Store(&c)
	return nil
}

// apply puts sources and destinations in force.
func (g *Gateway) apply(r *Resolved) error {
	asking := g.askers.plan(r.Sources)
	sources := make([]ingest.Source, len(r.Sources))
	origins := map[sourceKey]engine.Source{}
	if old := g.origins.Load(); old != nil {
		for k, o := range *old {
			origins[k] = o // what a removed source took in is still told as before
		}
	}
	for i, s := range r.Sources {
		sources[i] = s.Source
		if s.Type != typeTracking {
			g.engine.Know(s.Workspace, s.Name)
		}
		origins[sourceKey{s.Workspace, s.Name}] = engine.Source{
			Origin: s.origin(g.config.Version),
			Rules:  s.Rules,
			Agents: s.Agents,
		}
	}
	// What can fail comes first, so that it changes nothing. Then the rules: no
	// webhook may be applied without its own.
	if err := g.loops.set(r.Destinations); err != nil {
		return err
	}
	g.origins.Store(&origins)
	g.inForce.Store(r)
	g.reading.add(g.workspaces()...)
	g.guard.Set(r.Console)
	g.askers.set(asking)
	if err := g.alerts.set(r.Alerts); err != nil {
		g.log.Error("what alerts were told cannot be kept", "error", err)
	}
	return g.ingest.SetSources(sources)
}

// origin is where the source's conversations take place.
func (s *ResolvedSource) origin(version string) conversation.Origin {
	return conversation.Origin{
		Namespace: s.Namespace,
		Workspace: s.Workspace,
		Source:    s.Name,
		Tool:      s.Type,
		Library:   livechat.Library{Name: "parlance", Version: version},
	}
}

// origin tells the engine how a source's conversations are told.
func (g *Gateway) origin(workspace, source string) engine.Source {
	if o, ok := (*g.origins.Load())[sourceKey{workspace, source}]; ok {
		return o
	}
	return engine.Source{Origin: conversation.Origin{Workspace: workspace, Source: source, Library: livechat.Library{Name: "parlance", Version: g.config.Version}}}
}
