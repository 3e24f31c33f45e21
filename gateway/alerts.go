package gateway

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/webhook"
	"github.com/parlance-chat/parlance/internal/alert"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// lateAfter is how long an event may wait where nothing is configured.
const lateAfter = 15 * time.Minute

// A ResolvedAlert is a receiver of alerts with everything that holds for it.
type ResolvedAlert struct {
	Workspace string // whose destinations and sources it hears of; "" is all
	Name      string
	Webhook   webhook.Settings
	Limit     alert.Limit
	Repeat    time.Duration
	TextOnly  bool
}

// alerts resolves those who are told of a workspace, or of all.
func (r *resolver) alerts(path, workspace string, list []Alert) {
	seen := map[string]bool{}
	for _, a := range list {
		at := strictyaml.Join(strictyaml.Join(path, "alerts"), a.Name)
		r.name(at, a.Name, seen)
		s := webhook.Settings{URL: a.URL, Secrets: a.Secrets, Unsigned: true, AllowPrivate: a.AllowPrivate, List: 1}
		r.settings(at, &s)
		lag := strictyaml.Join(at, "lag")
		if a.Lag.Events < 0 {
			r.tell(strictyaml.Join(lag, "events"), "is negative")
		}
		if a.Repeat < 0 || a.Repeat > 0 && a.Repeat < time.Minute {
			r.tell(strictyaml.Join(at, "repeat"), "must be at least 1m")
		}
		r.out.Alerts = append(r.out.Alerts, ResolvedAlert{workspace, a.Name, s, alert.Limit{Events: a.Lag.Events, Age: max(cmp.Or(a.Lag.Age, lateAfter), 0)}, a.Repeat, a.TextOnly})
	}
}

// inForce returns alerts with their defaults filled in.
func inForce(list []Alert) (out []Alert) {
	for _, a := range list {
		a.Lag.Age = cmp.Or(a.Lag.Age, lateAfter)
		out = append(out, a)
	}
	return out
}

// alerts tell people's tools how things are, one for each receiver.
type alerts struct {
	crew
	log    *slog.Logger
	store  *alert.Store
	status func(ctx context.Context, workspace string) (control.Status, error)
}

// storeName is the file in the data directory that has what receivers of alerts
// were told.
const storeName = "alerts.json"

// set has those of list be told, and nobody else.
func (a *alerts) set(list []ResolvedAlert) error {
	names := map[string]bool{}
	var loops []func(context.Context)
	for _, r := range list {
		d, err := webhook.Open(r.Webhook)
		if err != nil {
			return fmt.Errorf("gateway: alert %s: %w", r.Name, err)
		}
		name := r.Workspace + "/" + r.Name
		names[name] = true
		o := alert.Options{Status: a.status, Store: a.store, Log: a.log, Hook: alert.Hook{
			Name: name, Workspace: r.Workspace, Limit: r.Limit, Repeat: r.Repeat, TextOnly: r.TextOnly, Receiver: d}}
		loops = append(loops, func(ctx context.Context) {
			alert.Run(ctx, o)
			_ = d.Close() // which only lets go of connections
		})
	}
	a.crew.set(loops)
	return a.store.Keep(names)
}

// A Tested is a receiver of alerts that was tested, and what came of it.
type Tested struct {
	Name string
	Err  error
}

// TestAlerts sends a test to the receivers of alerts that hear of a workspace:
// to those of the names, or to all.
func (c *Config) TestAlerts(ctx context.Context, workspace string, names ...string) (list []Tested, err error) {
	resolved, err := c.Resolve()
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, r := range resolved.Alerts {
		if r.Workspace != "" && r.Workspace != workspace {
			continue
		}
		there[r.Name] = true
		if len(names) == 0 || slices.Contains(names, r.Name) {
			list = append(list, Tested{r.Name, r.test(ctx)})
		}
	}
	for _, name := range names {
		if !there[name] {
			return list, fmt.Errorf("no alert %q is configured", name)
		}
	}
	if len(list) == 0 {
		return nil, errors.New("no alerts are configured: see alerts in docs/config.md")
	}
	return list, nil
}

func (r *ResolvedAlert) test(ctx context.Context) error {
	d, err := webhook.Open(r.Webhook)
	if err != nil {
		return err
	}
	a := alert.NewTest(time.Now())
	body, err := a.Body(r.TextOnly)
	if err == nil {
		err = d.Send(ctx, destination.Attempt{SentAt: time.Now(), Calls: []destination.Call{{MessageID: a.ID, JSON: body}}})
	}
	return errors.Join(err, d.Close())
}
