package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// A reading is the archive with what keeps it up to date, or neither.
type reading struct {
	*archive.Archive
	follower *archive.Follower
}

func openArchive(c Config, log *slog.Logger, m *archive.Metrics) (*archive.Archive, error) {
	return archive.Open(c.Data, archive.Options{Keep: max(c.Archive.Keep, 0), Bodies: c.Archive.Bodies, Log: log, Metrics: m})
}

// openReading opens the archive, if there is to be one. Events are derived and
// delivered all the same where it cannot be opened.
func (g *Gateway) openReading(r prometheus.Registerer) {
	if g.config.Archive.Enabled == Off {
		return
	}
	a, err := openArchive(g.config, g.log, archive.NewMetrics(r))
	if err != nil {
		g.log.Error("archive is not written: what the console and reports show ends here", "error", err)
		return
	}
	g.reading = reading{a, a.Follow(g.journal)}
}

// run keeps the archive up to date until ctx is done.
func (r reading) run(ctx context.Context) {
	if r.follower != nil {
		r.follower.Run(ctx)
	}
}

// add has further workspaces archived.
func (r reading) add(workspaces ...string) {
	if r.follower != nil {
		r.follower.Add(workspaces...)
	}
}

func (r reading) close() error {
	if r.Archive == nil {
		return nil
	}
	return r.Archive.Close()
}

// A Rebuild says how an archive is made anew.
type Rebuild struct {
	// Force makes it anew even if the log no longer has all that it was made of.
	Force bool
	// Progress, if not nil, is told how many events of a workspace are in it.
	Progress func(workspace string, events int)
}

// RebuildArchive makes the archive of the gateway that c describes anew from
// the log. The gateway must not be running.
func RebuildArchive(ctx context.Context, c *Config, r Rebuild) (err error) {
	c.setDefaults()
	if !sqlite.Exists(c.Data) {
		return noGateway(c.Data)
	}
	j, err := openJournal(*c, slog.New(slog.DiscardHandler))
	if errors.Is(err, sqlite.ErrInUse) {
		return fmt.Errorf("the gateway is running: stop it, make the archive anew, and start it again (%w)", err)
	} else if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, j.Close()) }()
	workspaces := []string{defaultWorkspace}
	for _, w := range c.Workspaces {
		workspaces = append(workspaces, w.Name)
	}
	if !r.Force {
		if err := complete(ctx, c, j, workspaces); err != nil {
			return err
		}
	}
	if err := archive.Remove(c.Data); err != nil {
		return err
	}
	a, err := openArchive(*c, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	for _, w := range workspaces {
		err := a.CatchUp(ctx, j, w, func(n int) {
			if r.Progress != nil {
				r.Progress(w, n)
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// complete reports an archive that has more than the log can give it again.
func complete(ctx context.Context, c *Config, j *sqlite.Journal, workspaces []string) error {
	a, err := openArchive(*c, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		return nil // nothing can be read of it anyway
	}
	defer a.Close()
	for _, w := range workspaces {
		since, err := a.Since(ctx, w)
		if err != nil || since.IsZero() {
			continue
		}
		begins := time.Now()
		if at, err := j.End(ctx, w); err != nil {
			return err
		} else if at > 0 {
			first, err := j.Events(ctx, w, 0, 1)
			if err != nil {
				return err
			}
			begins = first[0].At.Truncate(time.Millisecond)
		}
		if since.Before(begins) {
			return fmt.Errorf("the archive has what was told since %s of workspace %s, and the log no more than since %s: what lies between would be lost, and reports would begin there; say --force if that is right",
				since.Format(time.DateTime), w, begins.Format(time.DateTime))
		}
	}
	return nil
}
