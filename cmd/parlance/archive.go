package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
)

func archiveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "archive",
		Short: "Make the archive anew: the conversations and figures that the console shows",
	}
	cmd.AddCommand(rebuildCommand())
	return group(cmd)
}

func rebuildCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Make the archive anew from the log of events",
		Long: `Rebuild deletes the archive and makes it anew from the events that are kept (retention.events, 30 days unless the configuration
says otherwise). The gateway must not be running. If the archive goes further back than the log, it says so and changes nothing,
unless --force is given.`,
		Example: "  parlance archive rebuild",
		Args:    noArgs,
	}
	file := configFlag(cmd)
	force := cmd.Flags().Bool("force", false, "also if what the log no longer has would be lost")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		config, err := file.read(gateway.Peek)
		if err != nil {
			return err
		}
		p := progress{w: cmd.OutOrStdout(), events: map[string]int{}}
		if err := gateway.RebuildArchive(cmd.Context(), config, gateway.Rebuild{Force: *force, Progress: p.tell}); err != nil {
			return err
		}
		return p.done()
	}
	return cmd
}

// A progress tells how far a long work has got.
type progress struct {
	w      io.Writer
	events map[string]int
	told   time.Time
}

func (p *progress) tell(workspace string, events int) {
	p.events[workspace] = events
	if now := time.Now(); now.Sub(p.told) > 5*time.Second {
		if !p.told.IsZero() {
			fmt.Fprintf(p.w, "%s: %d events so far\n", workspace, events)
		}
		p.told = now
	}
}

func (p *progress) done() error {
	n := 0
	for _, events := range p.events {
		n += events
	}
	_, err := fmt.Fprintf(p.w, "the archive is made of %d events\n", n)
	return err
}
