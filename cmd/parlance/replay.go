package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/journal"
)

func replayCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay --destination D (--since T | FILTER)",
		Short: "Deliver again what a destination has got: since a time, or of a conversation, source, event or user",
		Long: `Replay delivers events again, each with the messageId that it had, so that a receiver which knows it already drops it.

With nothing but --since, the destination's cursor is moved back: everything since then comes again in order, and what is new comes
after it. Anything else runs beside the delivery and does not hold up what is new: a receiver may get an old event of a conversation
after a newer one, which it had before. What a destination has not got yet is on its way, and no part of a replay.

Delivered events are kept for 30 days unless the configuration says otherwise. Interrupting this command does not end the replay, which
goes on in the gateway; 'parlance replay cancel' does. If the gateway is not running, it begins when that is started.`,
		Example: `  parlance replay -d segment --since 2026-03-02T09:00:00Z
  parlance replay -d segment --conversation 4711 --dry-run
  parlance replay -d warehouse --source support --event Ended --since 7d --until 1d`,
		Args: noArgs,
	}
	l, f := lookFlags(cmd), filterFlags(cmd, "committed")
	destination := cmd.Flags().StringP("destination", "d", "", "the destination (required)")
	dry := cmd.Flags().Bool("dry-run", false, "only say how many events it would be")
	background := cmd.Flags().Bool("no-wait", false, "do not wait until it is done")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		request := control.ReplayRequest{Workspace: *l.workspace, Destination: *destination, Filter: f.events(), DryRun: *dry}
		var err error
		if request.Since, request.Until, err = f.times(time.Now()); err != nil {
			return err
		}
		if *destination == "" {
			return usage(cmd, "name a destination with --destination; 'parlance status' lists them")
		}
		if *f.since == "" && *f.until == "" && request.Filter == (journal.Filter{}) {
			return usage(cmd, "say what to replay: --since, --until, --conversation, --source, --event or --user")
		}
		return l.ask(func(c *control.Client) error { return replay(cmd, c, request, !*background) })
	}
	cmd.AddCommand(replayListCommand(), replayCancelCommand())
	return cmd
}

// replay asks for a replay, and waits until it is done if it is to.
func replay(cmd *cobra.Command, c *control.Client, request control.ReplayRequest, wait bool) error {
	var reply control.ReplayReply
	if err := c.Post(cmd.Context(), "/replay", request, &reply); err != nil {
		return err
	}
	out, verb := cmd.OutOrStdout(), "will be delivered (again)"
	if request.DryRun {
		verb = "would be delivered (again)"
	}
	what := ""
	if !request.Since.IsZero() {
		what = " since " + request.Since.Format(time.RFC3339)
	}
	if reply.ID != 0 {
		what += fmt.Sprintf(", as replay %d,", reply.ID)
	}
	if _, err := fmt.Fprintf(out, "%s: %d events%s %s\n", request.Destination, reply.Events, what, verb); err != nil {
		return err
	}
	if reply.Events == 0 || request.DryRun {
		return nil
	}
	if reply.Waits != "" {
		_, err := fmt.Fprintln(out, reply.Waits)
		return err
	}
	if !wait {
		return nil
	}
	return followReplay(cmd, c, request, reply)
}

// followReplay shows how far a replay has got until it is done.
func followReplay(cmd *cobra.Command, c *control.Client, request control.ReplayRequest, reply control.ReplayReply) error {
	bar := newBar(cmd.ErrOrStderr())
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	for {
		done, state, err := howFar(cmd.Context(), c, request, reply)
		interrupted := cmd.Context().Err() != nil
		switch {
		case interrupted, err != nil, state != "":
			bar.end()
		default:
			bar.show(int(done), int(reply.Events))
		}
		switch {
		case interrupted:
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "the replay goes on in the gateway; 'parlance status' and 'parlance replay list' show it")
			return err
		case err != nil:
			return fmt.Errorf("the gateway does not answer any more (%w); the replay goes on when it runs", err)
		case state != "":
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", request.Destination, state)
			return err
		}
		select {
		case <-cmd.Context().Done():
		case <-tick.C:
		}
	}
}

// howFar says how many events of a replay are done, and, once it has ended, how
// it did.
func howFar(ctx context.Context, c *control.Client, request control.ReplayRequest, reply control.ReplayReply) (done int64, ended string, err error) {
	if reply.ID == 0 {
		var left control.Left
		q := look{workspace: &request.Workspace}.query("up_to", strconv.FormatInt(int64(reply.UpTo), 10))
		if err := c.Get(ctx, "/destinations/"+request.Destination+"/left", q, &left); err != nil {
			return 0, "", err
		}
		if left.Events == 0 {
			ended = "done"
		}
		return reply.Events - left.Events, ended, nil
	}
	list, err := replays(ctx, c, request.Workspace)
	for _, r := range list {
		if r.ID == reply.ID && r.State == control.UnderWay {
			return r.Done, "", nil
		}
		if r.ID == reply.ID {
			return r.Done, r.State, nil
		}
	}
	return 0, "gone: the destination is configured no more", err
}

func replays(ctx context.Context, c *control.Client, workspace string) (list []control.Replay, err error) {
	err = c.Get(ctx, "/replay", look{workspace: &workspace}.query(), &list)
	return list, err
}

func replayListCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List replays beside deliveries, the newest first: those under way, and the last that ended",
		Example: "  parlance replay list",
		Args:    noArgs,
	}
	l := lookFlags(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print an object for each, one a line")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return l.ask(func(c *control.Client) error {
			list, err := replays(cmd.Context(), c, *l.workspace)
			if err != nil {
				return err
			}
			if *asJSON {
				return printObjects(cmd.OutOrStdout(), list)
			}
			return printReplays(cmd.OutOrStdout(), list)
		})
	}
	return cmd
}

func printReplays(w io.Writer, list []control.Replay) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no replay")
		return err
	}
	for _, r := range list {
		if _, err := fmt.Fprintf(w, "%6d  %s  %-20s %-9s  %d of %d events%s\n", r.ID, stamp(r.Started), r.Destination, r.State, r.Done, r.Events, named(r.Filter)); err != nil {
			return err
		}
	}
	return nil
}

// named tells a filter in words.
func named(f journal.Filter) string {
	var b strings.Builder
	for _, row := range [][2]string{{"source", f.Source}, {"event", f.Name}, {"conversation", f.Conversation}, {"user", f.User}} {
		if row[1] != "" {
			b.WriteString("  " + row[0] + ": " + printable(row[1], ""))
		}
	}
	return b.String()
}

func replayCancelCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "cancel ID",
		Short:   "End a replay beside a delivery; what it has delivered stays",
		Example: "  parlance replay cancel 3",
		Args:    one("ID", "parlance replay list"),
	}
	l := lookFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := strconv.ParseInt(args[0], 10, 64); err != nil {
			return usage(cmd, "%q is not an ID; 'parlance replay list' lists them", args[0])
		}
		return l.ask(func(c *control.Client) error {
			var r control.Replay
			if err := c.Post(cmd.Context(), "/replay/"+args[0]+"/cancel", map[string]string{"workspace": *l.workspace}, &r); err != nil {
				return err
			}
			return printReplays(cmd.OutOrStdout(), []control.Replay{r})
		})
	}
	return cmd
}
