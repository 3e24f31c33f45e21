package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/internal/control"
)

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
