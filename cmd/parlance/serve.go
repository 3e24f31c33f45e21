package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
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
		Args:    noArgs,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		hangup := make(chan os.Signal, 1)
		signal.Notify(hangup, syscall.SIGHUP) // before all else: without it, a hangup would be the end
		defer signal.Stop(hangup)
		signal.Ignore(syscall.SIGPIPE) // whoever reads the standard output may go; only a destination of that type minds
		config, err := file.load()
		if err != nil {
			return err
		}
		log := newLog(cmd.ErrOrStderr())
		switch {
		case len(config.Workspaces) > 0:
		case len(config.Sources) == 0:
			tellFirstSteps(cmd.ErrOrStderr(), log)
		case len(config.Destinations) == 0:
			log.Warn("no destination is configured: events are derived, and nobody gets them")
		}
		config.Log, config.Version, config.File = log, version, cmp.Or(*file.path, defaultConfig)
		g, err := gateway.Open(*config)
		if err != nil {
			return err
		}
		defer g.Close()
		ctx, cancel := context.WithCancel(cmd.Context())
		var beside sync.WaitGroup
		beside.Go(func() {
			reloadOn(ctx, hangup, log, func() error {
				config, err := file.load()
				if err != nil {
					return err
				}
				return g.Reload(*config)
			})
		})
		forgetStart()
		beside.Go(func() { tuneMemory(ctx) })
		err = g.Run(ctx)
		cancel()
		beside.Wait()
		return err
	}
	return cmd
}

// reloadOn has the configuration read again at every signal until ctx is done.
func reloadOn(ctx context.Context, hangup <-chan os.Signal, log *slog.Logger, reload func() error) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-hangup:
		}
		err := reload()
		if err != nil {
			log.Error("configuration not reloaded; the old one stays in force", "error", err)
			continue
		}
		log.Info("configuration reloaded")
	}
}

const firstSteps = `No chat tool is configured yet. Open the gateway's address in a browser on this machine, http://127.0.0.1:8080
unless listen says otherwise: its page Setup writes the configuration. Or write parlance.yaml, for example:

  sources:
    support: {type: chatwoot, secret: "${CHATWOOT_SECRET}"}      # its webhooks come to POST /in/support
  destinations:
    segment: {type: segment, write_key: "${SEGMENT_KEY}"}
    log:     {type: file, path: ./events.jsonl}                  # the easiest way to look

Then 'parlance check' says whether it is right, and 'parlance serve' runs it.
'parlance demo' shows simulated chats at once, without any configuration.
`

// tellFirstSteps says what to do with a gateway that has nothing to do. Where
// logs are JSON, this is a line of them.
func tellFirstSteps(w io.Writer, log *slog.Logger) {
	if terminal(w) {
		fmt.Fprint(w, firstSteps+"\n")
	} else {
		log.Warn("no chat tool is configured yet", "next", firstSteps)
	}
}

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read the configuration, and print what is wrong with it or what is in force",
		Long: `Check reads the configuration and prints every problem with its line and column, and then ends with
status 1; or what is in force, with defaults filled in and secrets hidden. It changes nothing.`,
		Example: "  parlance check --config parlance.yaml",
		Args:    noArgs,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		config, err := file.load()
		if err != nil {
			return err
		}
		if !file.was {
			fmt.Fprintf(cmd.ErrOrStderr(), "parlance: there is no %s here; without it, this is in force:\n", defaultConfig)
		}
		for _, name := range unsigned(*config) {
			fmt.Fprintf(cmd.ErrOrStderr(), "parlance: nothing signs the webhooks of %s: whoever knows its path can tell anything, so keep that secret\n", name)
		}
		return config.Print(cmd.OutOrStdout())
	}
	return cmd
}

// unsigned names the chat tools of which only a path says that they are it.
func unsigned(config gateway.Config) (names []string) {
	resolved, err := config.Resolve()
	if err != nil {
		return nil
	}
	for _, s := range resolved.Sources {
		if s.Connector != nil && len(s.Secrets) == 0 {
			names = append(names, strings.TrimPrefix(s.Workspace+"/"+s.Name, "default/"))
		}
	}
	return names
}
