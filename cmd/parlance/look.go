package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/control"
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

// ask calls f with a client of the gateway whose configuration is named.
func (l look) ask(f func(c *control.Client) error) error {
	config, err := l.file.read(gateway.Peek)
	if err != nil {
		return err
	}
	names := []string{"default"}
	for _, w := range config.Workspaces {
		names = append(names, w.Name)
	}
	if !slices.Contains(names, *l.workspace) {
		return fmt.Errorf("no workspace %q; there are %q", *l.workspace, names)
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

func unreadableCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "unreadable",
		Short:   "List webhooks that were signed but could not be read",
		Long:    "Unreadable lists webhooks that were signed but could not be read, newest first. They are kept as long as any other.",
		Example: "  parlance unreadable --limit 5 --body",
		Args:    noArgs,
	}
	l := lookFlags(cmd)
	limit := cmd.Flags().Int("limit", 20, "at most so many")
	body := cmd.Flags().Bool("body", false, "print the bodies too, which hold what people wrote")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var list []control.Unreadable
		err := l.ask(func(c *control.Client) error {
			return c.Get(cmd.Context(), "/unreadable", l.query("limit", strconv.Itoa(*limit)), &list)
		})
		if err != nil {
			return err
		}
		return printUnreadable(cmd.OutOrStdout(), list, *body)
	}
	return cmd
}

func printUnreadable(w io.Writer, list []control.Unreadable, body bool) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "nothing unreadable")
		return err
	}
	for _, u := range list {
		if _, err := fmt.Fprintf(w, "%s  %-20s %6d bytes  %s\n", stamp(u.ReceivedAt), u.Source, len(u.Body), u.Reason); err != nil {
			return err
		}
		if body {
			text := string(u.Body)
			if terminal(w) {
				text = printable(text, "\n\t")
			}
			if _, err := fmt.Fprintf(w, "%s\n\n", text); err != nil {
				return err
			}
		}
	}
	return nil
}

func stamp(t time.Time) string { return t.Local().Format("2006-01-02 15:04:05") }

func parkedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "parked",
		Short: "List what a destination refused for good; resend or drop it",
		Long: `Parked lists calls that a destination refused for good, newest first, with the reason. They are kept
until they are resent or dropped.`,
		Example: "  parlance parked --destination segment\n  parlance parked resend --all",
		Args:    noArgs,
	}
	l := lookFlags(cmd)
	destination := cmd.Flags().StringP("destination", "d", "", "only of this destination")
	limit := cmd.Flags().Int("limit", 20, "at most so many")
	full := cmd.Flags().Bool("json", false, "print the calls too, one JSON object a line; they hold what people wrote")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var list []control.Parked
		err := l.ask(func(c *control.Client) error {
			return c.Get(cmd.Context(), "/parked", l.query("destination", *destination, "limit", strconv.Itoa(*limit)), &list)
		})
		if err != nil {
			return err
		}
		return printParked(cmd.OutOrStdout(), list, *full)
	}
	cmd.AddCommand(parkedAct("resend", "Try again to deliver parked calls; what arrives is parked no more"),
		parkedAct("drop", "Remove parked calls for good"))
	return cmd
}

func printParked(w io.Writer, list []control.Parked, full bool) error {
	if full {
		e := json.NewEncoder(w)
		for _, p := range list {
			if err := e.Encode(p); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "nothing parked")
		return err
	}
	for _, p := range list {
		if _, err := fmt.Fprintf(w, "%6d  %s  %-20s %s\n", p.ID, stamp(p.At), p.Destination, printable(p.Reason, "")); err != nil {
			return err
		}
	}
	return nil
}

// parkedAct is a command that does something with parked calls.
func parkedAct(act, short string) *cobra.Command {
	cmd := &cobra.Command{
		Use:     act + " (ID… | --all)",
		Short:   short,
		Example: "  parlance parked " + act + " 17 18\n  parlance parked " + act + " --all --destination segment",
	}
	l := lookFlags(cmd)
	destination := cmd.Flags().StringP("destination", "d", "", "only of this destination")
	all := cmd.Flags().Bool("all", false, "all of them")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		request := control.ParkedRequest{Workspace: *l.workspace, Destination: *destination}
		for _, arg := range args {
			id, err := strconv.ParseInt(arg, 10, 64)
			if err != nil {
				return fmt.Errorf("%q is not an ID: 'parlance parked' lists them", arg)
			}
			request.IDs = append(request.IDs, id)
		}
		if (len(args) == 0) != *all {
			return errors.New("name IDs ('parlance parked' lists them), or say --all")
		}
		var reply control.ParkedReply
		err := l.ask(func(c *control.Client) error {
			return c.Post(cmd.Context(), "/parked/"+act, request, &reply)
		})
		if err != nil {
			return err
		}
		for _, p := range reply.Problems {
			fmt.Fprintln(cmd.ErrOrStderr(), p)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "%s: %d done, %d not\n", act, reply.Done, len(reply.Problems))
		if len(reply.Problems) > 0 {
			return exit(1)
		}
		return nil
	}
	return cmd
}

func replayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay --destination D --since T",
		Short: "Deliver again what was committed since a time, by moving the destination's cursor back",
		Long: `Replay moves a destination's cursor back. Everything since then is delivered again with the
same messageId, so that a receiver which knows it already drops it. Delivered events are kept
for 30 days unless the configuration says otherwise.`,
		Example: "  parlance replay --destination segment --since 2026-03-02T09:00:00Z\n  parlance replay -d segment --since 24h --dry-run",
		Args:    noArgs,
	}
	l := lookFlags(cmd)
	destination := cmd.Flags().StringP("destination", "d", "", "the destination (required)")
	since := cmd.Flags().String("since", "", "a time (RFC 3339), a date, or how long ago (90m, 24h) (required)")
	dry := cmd.Flags().Bool("dry-run", false, "only say how many events it would be")
	_ = cmd.MarkFlagRequired("destination") // fails only for a flag that is not there
	_ = cmd.MarkFlagRequired("since")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		t, err := parseSince(*since, time.Now())
		if err != nil {
			return err
		}
		request := control.ReplayRequest{Workspace: *l.workspace, Destination: *destination, Since: t, DryRun: *dry}
		var reply control.ReplayReply
		err = l.ask(func(c *control.Client) error { return c.Post(cmd.Context(), "/replay", request, &reply) })
		if err != nil {
			return err
		}
		verb := "will be delivered (again)"
		if *dry {
			verb = "would be delivered (again)"
		}
		_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s: %d events since %s %s\n", *destination, reply.Events, t.Format(time.RFC3339), verb)
		return err
	}
	return cmd
}

func parseSince(s string, now time.Time) (time.Time, error) {
	if d, err := time.ParseDuration(s); err == nil && d >= 0 {
		return now.Add(-d), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %q: write a time like 2026-03-02T09:00:00Z, a date like 2026-03-02, or how long ago like 24h", s)
}

func tailCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "tail",
		Short: "Follow events as they are derived",
		Long: `Tail shows events as a running gateway derives them from now on, one a line and in colour on a
terminal, without what anybody wrote. Destinations may get them later.`,
		Example: "  parlance tail\n  parlance tail --json | jq .properties",
		Args:    noArgs,
	}
	l := lookFlags(cmd)
	full := cmd.Flags().Bool("json", false, "print whole calls, one JSON object a line; they hold what people wrote")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		w := cmd.OutOrStdout()
		paint := newPainter(w)
		return l.ask(func(c *control.Client) error {
			return follow(cmd.Context(), c, *l.workspace, func(e control.Event) {
				if *full {
					fmt.Fprintf(w, "%s\n", e.Call)
				} else {
					fmt.Fprintln(w, line(paint, e.Source, e.Call))
				}
			})
		})
	}
	return cmd
}

func follow(ctx context.Context, c *control.Client, workspace string, f func(control.Event)) error {
	err := c.Events(ctx, workspace, f)
	if ctx.Err() != nil {
		return nil
	}
	return err
}
