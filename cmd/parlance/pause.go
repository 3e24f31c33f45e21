package main

import (
	"cmp"
	"fmt"
	"net/url"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/internal/control"
)

func pauseCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pause DESTINATION",
		Short: "Have a destination stand still; its events wait",
		Long: `Pause has a destination stand still until 'parlance resume', also if the gateway is started anew in between. Its events wait,
however many: nothing is lost, and nothing else is held up. An attempt under way may finish.`,
		Example: `  parlance pause warehouse --reason "migration of the tables"`,
		Args:    one("destination's name", "parlance status"),
	}
	l := lookFlags(cmd)
	reason := cmd.Flags().String("reason", "", "why, for whoever asks")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return changeDestination(cmd, l, args[0], "pause", control.PauseRequest{Workspace: *l.workspace, By: whoami(), Reason: *reason})
	}
	return cmd
}

func resumeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "resume DESTINATION",
		Short: "Have a destination go on that was paused, or that paused itself",
		Long: `Resume has a destination go on from where it stood. One that paused itself, because its key is wrong, say, is tried at once rather
than minutes later.`,
		Example: "  parlance resume warehouse",
		Args:    one("destination's name", "parlance status"),
	}
	l := lookFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		return changeDestination(cmd, l, args[0], "resume", control.PauseRequest{Workspace: *l.workspace})
	}
	return cmd
}

func changeDestination(cmd *cobra.Command, l look, name, act string, request control.PauseRequest) error {
	return l.ask(func(c *control.Client) error {
		var d control.Destination
		if err := c.Post(cmd.Context(), "/destinations/"+url.PathEscape(name)+"/"+act, request, &d); err != nil {
			return err
		}
		said := "is paused; its events wait"
		if act == "resume" {
			said = "goes on"
		}
		_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s %s (%d events before it)\n", name, said, d.LagEvents)
		return err
	})
}

// whoami is the name that this user has on this machine.
func whoami() string {
	u, err := user.Current()
	if err != nil {
		return "somebody"
	}
	return cmp.Or(u.Username, "somebody")
}
