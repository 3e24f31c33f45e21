package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
)

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: `Serve runs the gateway until it is interrupted. SIGHUP reads the configuration again without
losing a request; what is wrong with it is logged, and the old one stays in force.`,
		Example: "  parlance serve --config parlance.yaml",
		Args:    cobra.NoArgs,
	}
	load := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		config, err := load()
		if err != nil {
			return err
		}
		log := newLog(cmd.ErrOrStderr())
		if len(config.Sources) == 0 && len(config.Workspaces) == 0 {
			firstSteps(cmd.ErrOrStderr())
		}
		config.Log, config.Version = log, version
		g, err := gateway.Open(*config)
		if err != nil {
			return err
		}
		defer g.Close()
		ctx, cancel := context.WithCancel(cmd.Context())
		var beside sync.WaitGroup
		beside.Go(func() { reloadOnHangup(ctx, g, load, log) })
		beside.Go(func() { tuneMemory(ctx) })
		err = g.Run(ctx)
		cancel()
		beside.Wait()
		return err
	}
	return cmd
}

// reloadOnHangup reads the configuration again at every SIGHUP until ctx is
// done.
func reloadOnHangup(ctx context.Context, g *gateway.Gateway, load func() (*gateway.Config, error), log *slog.Logger) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		config, err := load()
		if err == nil {
			err = g.Reload(*config)
		}
		if err != nil {
			log.Error("configuration not reloaded; the old one stays in force", "error", err)
			continue
		}
		log.Info("configuration reloaded")
	}
}

// firstSteps says what to do with a gateway that has nothing to do.
func firstSteps(w io.Writer) {
	fmt.Fprint(w, `No chat tool is configured yet. Write parlance.yaml, for example:

  sources:
    support: {type: chatwoot, secret: "${CHATWOOT_SECRET}"}      # its webhooks come to POST /in/support
  destinations:
    segment: {type: segment, write_key: "${SEGMENT_KEY}"}
    log:     {type: file, path: ./events.jsonl}                  # the easiest way to look

Then 'parlance check' says whether it is right, and 'parlance serve' runs it.
'parlance demo' shows simulated chats at once, without any configuration.

`)
}

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read the configuration, and print what is wrong with it or what is in force",
		Args:  cobra.NoArgs,
	}
	load := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		config, err := load()
		if err != nil {
			return err
		}
		return config.Print(cmd.OutOrStdout())
	}
	return cmd
}
