package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A look is what the commands that look into a gateway share.
type look struct {
	file      *configFile
	workspace *string
}

func lookFlags(cmd *cobra.Command) look {
	return look{
		file:      configFlag(cmd),
		workspace: cmd.Flags().StringP("workspace", "w", "default", "workspace"),
	}
}

// config returns the configuration that is named, if it has the workspace.
func (l look) config() (*gateway.Config, error) {
	config, err := l.file.read(gateway.Peek)
	if err != nil {
		return nil, err
	}
	names := []string{"default"}
	for _, w := range config.Workspaces {
		names = append(names, w.Name)
	}
	if *l.workspace != "" && !slices.Contains(names, *l.workspace) {
		return nil, fmt.Errorf("no workspace %q; there are %q", *l.workspace, names)
	}
	return config, nil
}

// ask calls f with a client of the gateway whose configuration is named.
func (l look) ask(f func(c *control.Client) error) error {
	config, err := l.config()
	if err != nil {
		return err
	}
	c, err := gateway.Control(config)
	if err != nil {
		return err
	}
	return errors.Join(f(c), c.Close())
}

func (l look) query(more ...string) url.Values {
	q := url.Values{"workspace": {*l.workspace}}
	for i := 0; i+1 < len(more); i += 2 {
		q.Set(more[i], more[i+1])
	}
	return q
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

// parseTime reads a point in time that a flag names.
func parseTime(flag, s string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--%s %q: write a time like 2026-03-02T09:00:00Z, a date like 2026-03-02, or how long ago like 24h", flag, s)
}

// A filter is the flags that name events.
type filter struct {
	source, event, conversation, user *string
	since, until                      *string
}

// filterFlags adds them to cmd. The verb is what since and until are about.
func filterFlags(cmd *cobra.Command, verb string) filter {
	const how = ": a time (RFC 3339), a date, or how long ago (90m, 24h)"
	f := cmd.Flags()
	return filter{
		source:       f.String("source", "", "only from this source"),
		event:        f.String("event", "", "only this event: Started, Sent, Received, Ended, a full name, or a type of call such as identify"),
		conversation: f.String("conversation", "", "only of this conversation"),
		user:         f.String("user", "", "only of the customer with this userId or anonymousId"),
		since:        f.String("since", "", "only what was "+verb+" since then"+how),
		until:        f.String("until", "", "only what was "+verb+" before then"),
	}
}

func (f filter) events() journal.Filter {
	return journal.Filter{Source: *f.source, Name: *f.event, Conversation: *f.conversation, User: *f.user}
}

// times returns since and until; zero where they are not given.
func (f filter) times(now time.Time) (since, until time.Time, err error) {
	if *f.since != "" {
		since, err = parseTime("since", *f.since, now)
	}
	if err == nil && *f.until != "" {
		until, err = parseTime("until", *f.until, now)
	}
	return since, until, err
}
