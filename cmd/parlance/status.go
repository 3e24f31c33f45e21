package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/internal/control"
)

func statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Tell how sources and destinations are doing",
		Long: `Status tells of each destination whether it takes events, how many wait and for how long, what is parked, what is wrong, who paused it,
and how far a replay has got; and of each source when its last webhook came, and how many could not be read.`,
		Example: "  parlance status\n  parlance status --json | jq '.destinations[] | {name, state, lag_events}'",
		Args:    noArgs,
	}
	l := look{file: configFlag(cmd), workspace: cmd.Flags().StringP("workspace", "w", "", "only of this workspace")}
	asJSON := cmd.Flags().Bool("json", false, "print one JSON object")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		var s control.Status
		err := l.ask(func(c *control.Client) error { return c.Get(cmd.Context(), "/status", l.query(), &s) })
		if err != nil {
			return err
		}
		if *asJSON {
			err = printObjects(cmd.OutOrStdout(), []control.Status{s})
		} else {
			err = printStatus(cmd.OutOrStdout(), s, time.Now())
		}
		if err == nil && s.Troubled() {
			err = exit(1)
		}
		return err
	}
	return ends(cmd, `a person is needed: the gateway is not running, a destination has paused itself, or something is parked
or unreadable. What somebody paused, and what is only being tried again, is no such thing`)
}

// printObjects prints JSON objects, one a line.
func printObjects[T any](w io.Writer, list []T) error {
	e := json.NewEncoder(w)
	for _, one := range list {
		if err := e.Encode(one); err != nil {
			return err
		}
	}
	return nil
}

func printStatus(w io.Writer, s control.Status, now time.Time) error {
	if !s.Running {
		fmt.Fprint(w, "The gateway is not running: 'parlance serve' runs it. This is what it has kept.\n\n")
	}
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "SOURCE\tTYPE\tLAST WEBHOOK\tUNREADABLE")
	for _, src := range s.Sources {
		last := "none"
		if !src.LastWebhook.IsZero() {
			last = stamp(src.LastWebhook) + " (" + ago(now.Sub(src.LastWebhook)) + " ago)"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%d\n", full(src.Workspace, src.Name), known(src.Type), last, src.Unreadable)
	}
	fmt.Fprintln(out, "\nDESTINATION\tTYPE\tSTATE\tWAITING\tPARKED")
	var more strings.Builder
	for _, d := range s.Destinations {
		waiting := fmt.Sprint(d.LagEvents, " events")
		if d.LagEvents > 0 {
			waiting += ", the oldest for " + ago(time.Duration(d.LagSeconds*float64(time.Second)))
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%d\n", full(d.Workspace, d.Name), known(d.Type), d.State, waiting, d.Parked)
		explain(&more, d)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(w, more.String())
	return err
}

// explain says what a table has no room for.
func explain(w io.Writer, d control.Destination) {
	name := full(d.Workspace, d.Name)
	if d.Paused != nil {
		fmt.Fprintf(w, "\n%s: paused by %s since %s", name, printable(d.Paused.By, ""), stamp(d.Paused.Since))
		if d.Paused.Reason != "" {
			fmt.Fprintf(w, ": %s", printable(d.Paused.Reason, ""))
		}
		fmt.Fprintln(w)
	}
	if d.Trouble != "" {
		fmt.Fprintf(w, "\n%s: %s\n", name, printable(d.Trouble, ""))
	}
	for _, r := range d.Replays {
		fmt.Fprintf(w, "\n%s: replay %d has delivered %d of %d events\n", name, r.ID, r.Done, r.Events)
	}
	if d.Parked > 0 {
		fmt.Fprintf(w, "\n%s: 'parlance parked -d %s%s' shows what is parked\n", name, d.Name, of(d.Workspace))
	}
}

// full is a name with its workspace, if that is not the default one.
func full(workspace, name string) string { return strings.TrimPrefix(workspace+"/"+name, "default/") }

// of is the flag that names a workspace, if one is needed.
func of(workspace string) string {
	if workspace == "default" {
		return ""
	}
	return " -w " + workspace
}

// known is a type, or that there is none any more.
func known(t string) string {
	if t == "" {
		return "(configured no more)"
	}
	return t
}

// ago tells roughly how long something takes.
func ago(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= time.Hour:
		return d.Truncate(time.Minute).String()[:len(d.Truncate(time.Minute).String())-2]
	}
	return d.Truncate(time.Second).String()
}
