package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/forget"
)

func forgetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "forget --user ID",
		Short: "Take a person out of all that is kept here",
		Long: `Forget deletes what is kept of a person: their conversations, both sides of them, and by what they are known, in the journal with
what is parked, and in the archive. ID is a userId, an anonymousId or an e-mail address. What was delivered is for the receivers to
delete. Figures of reports stay; they name nobody.

A gateway that runs does it beside its work, and overwrites what it deletes. One that does not run has its files written anew too, so
that nothing is left of what was deleted long ago.`,
		Example: "  parlance forget --user 019mr8mf4r --dry-run\n  parlance forget --user mia@example.com",
		Args:    noArgs,
	}
	l := lookFlags(cmd)
	user := cmd.Flags().String("user", "", "userId, anonymousId or e-mail address (required)")
	dry := cmd.Flags().Bool("dry-run", false, "only say what it would be")
	_ = cmd.MarkFlagRequired("user") // fails only for a flag that is not there
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		config, err := l.config()
		if err != nil {
			return err
		}
		reply, err := gateway.Forget(cmd.Context(), config, forget.Request{Workspace: *l.workspace, User: *user, DryRun: *dry})
		if err != nil {
			return err
		}
		return printForgotten(cmd.OutOrStdout(), reply, *dry)
	}
	return cmd
}

func printForgotten(w io.Writer, r forget.Reply, dry bool) error {
	verb := "forgotten"
	if dry {
		verb = "would be forgotten"
	}
	_, err := fmt.Fprintf(w, `%s: %d conversations
  known by       %d userIds, %d anonymousIds, %d e-mail addresses
  in the journal %d webhooks, %d events, %d states, %d parked
  in the archive %d events, %d identify calls
`, verb, r.Conversations, r.UserIDs, r.AnonymousIDs, r.Emails, r.Webhooks, r.Events, r.States, r.Parked, r.Archived, r.Identifies)
	if err == nil && !dry && !r.Compacted {
		_, err = fmt.Fprintln(w, "what retention deleted before may still be in free pages of the files: to overwrite those too, run this again while the gateway is stopped")
	}
	return err
}
