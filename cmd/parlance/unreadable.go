package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/internal/control"
)

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
