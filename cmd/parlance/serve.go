package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
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
		config.Log, config.Version, config.File = log, version, cmp.Or(*file.path, defaultConfig)
		g, err := gateway.Open(*config)
		if err != nil {
			return err
		}
		defer g.Close()
		switch {
		case len(config.Workspaces) > 0:
		case len(config.Sources) == 0:
			tellFirstSteps(cmd.ErrOrStderr(), log, setupAddress(config.Listen))
		case len(config.Destinations) == 0:
			log.Warn("no destination is configured: events are derived, and nobody gets them")
		}
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
		beside.Go(func() { tuneMemory(ctx, g.Watching) })
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
		tellReloaded(log, reload())
	}
}

// tellReloaded logs how reading the configuration again went: each problem on
// its own, for whoever searches logs.
func tellReloaded(log *slog.Logger, err error) {
	const kept = "configuration not reloaded; the old one stays in force"
	var wrong *gateway.ConfigError
	switch {
	case err == nil:
		log.Info("configuration reloaded")
	case errors.As(err, &wrong):
		for _, p := range wrong.Problems {
			log.Error(kept, "file", p.File, "line", p.Line, "column", p.Column, "key", p.Path, "problem", p.Text)
		}
	default:
		log.Error(kept, "error", err)
	}
}

const firstSteps = `No chat tool is configured yet. Open %s in a browser on this machine, which writes the
configuration. Or write parlance.yaml, for example:

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
func tellFirstSteps(w io.Writer, log *slog.Logger, setup string) {
	if terminal(w) {
		fmt.Fprintf(w, firstSteps+"\n", setup)
	} else {
		log.Warn("no chat tool is configured yet: open the address in a browser on this machine, or write parlance.yaml and send SIGHUP", "setup", setup)
	}
}

// setupAddress is where a gateway that listens there is set up.
func setupAddress(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "its page /setup"
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + "/setup"
}

func checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Read the configuration, and print what is wrong with it or what is in force",
		Long: `Check reads the configuration and prints every problem with its line and column; or what is in force, with
defaults filled in and secrets hidden. What it lets pass, 'parlance serve' takes as the same user on the same
machine; but whether the address is free, only the start can tell. It changes nothing.`,
		Example: "  parlance check --config parlance.yaml",
		Args:    noArgs,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		config, err := file.load()
		if err != nil {
			return err
		}
		file.tellMissing(cmd.ErrOrStderr())
		for _, name := range unsigned(*config) {
			fmt.Fprintf(cmd.ErrOrStderr(), "parlance: nothing signs the webhooks of %s: whoever knows its path can tell anything, so keep that secret\n", name)
		}
		return errors.Join(config.Print(cmd.OutOrStdout()), config.CheckData())
	}
	return ends(cmd, "something is wrong with it")
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
