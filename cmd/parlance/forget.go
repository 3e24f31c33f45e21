package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/forget"
	"github.com/parlance-chat/parlance/internal/phrase"
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
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *user == "" {
			return usage(cmd, "name a person with --user: their userId, anonymousId or e-mail address")
		}
		config, err := l.config()
		if err != nil {
			return err
		}
		reply, err := gateway.Forget(cmd.Context(), config, forget.Request{Workspace: *l.workspace, User: *user, DryRun: *dry})
		if err != nil {
			return err
		}
		if reply.Unknown() {
			fmt.Fprintf(cmd.ErrOrStderr(), "parlance: nobody is known by that ID in workspace %s, and nothing was deleted; another workspace: -w\n", *l.workspace)
			return exit(1)
		}
		return printForgotten(cmd.OutOrStdout(), reply, *dry)
	}
	return ends(cmd, "nobody is known by the ID, which may be mistyped")
}

func printForgotten(w io.Writer, r forget.Reply, dry bool) error {
	verb := "forgotten"
	if dry {
		verb = "would be forgotten"
	}
	emails := "e-mail addresses"
	if r.Emails == 1 {
		emails = "e-mail address"
	}
	count := func(n int, what string) string { return phrase.Count(int64(n), what) }
	_, err := fmt.Fprintf(w, `%s: %s
  known by       %s, %s, %d %s
  in the journal %s, %s, %s, %d parked
  in the archive %s, %s
`, verb, count(r.Conversations, "conversation"), count(r.UserIDs, "userId"), count(r.AnonymousIDs, "anonymousId"), r.Emails, emails,
		count(r.Webhooks, "webhook"), count(r.Events, "event"), count(r.States, "state"), r.Parked, count(r.Archived, "event"), count(r.Identifies, "identify call"))
	if err == nil && !dry {
		_, err = fmt.Fprintln(w, "what was delivered is the receivers' to delete, and so are files of destinations")
	}
	if err == nil && !dry && !r.Compacted {
		_, err = fmt.Fprintln(w, "what retention deleted before may still be in free pages of the files: to overwrite those too, run this again while the gateway is stopped")
	}
	return err
}
