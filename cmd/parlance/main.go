// Command parlance turns what happens in live chats into the four Live Chat
// events of Segment's specification, and delivers them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
)

// version is set by the linker.
var version = "devel"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	var code exit
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case err != nil:
		fmt.Fprintln(os.Stderr, "parlance: "+err.Error())
		os.Exit(1)
	}
}

// An exit ends the program with a status after everything has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "parlance",
		Short:         "From any live chat tool to the four Live Chat events of Segment's spec, exactly once, in order",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	root.AddCommand(serveCommand(), demoCommand(), checkCommand(), lintCommand(), exportCommand(), simulateCommand(),
		tailCommand(), replayCommand(), unreadableCommand(), parkedCommand(), versionCommand())
	return root
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "parlance", version)
			return err
		},
	}
}

// defaultConfig is the file that is read where none is named, if it exists.
const defaultConfig = "parlance.yaml"

// configFlag adds --config to cmd. The function it returns reads the file.
func configFlag(cmd *cobra.Command) func() (*gateway.Config, error) {
	path := cmd.Flags().StringP("config", "c", "", "configuration file (default "+defaultConfig+", if it exists)")
	return func() (*gateway.Config, error) {
		if *path != "" {
			return gateway.Load(*path)
		}
		c, err := gateway.Load(defaultConfig)
		if errors.Is(err, fs.ErrNotExist) {
			c = gateway.Default()
			return c, nil
		}
		return c, err
	}
}

// newLog logs as text to a terminal, and as JSON otherwise.
func newLog(w io.Writer) *slog.Logger {
	if terminal(w) {
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.NewJSONHandler(w, nil))
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}

// A painter colours text, unless nobody would see it.
type painter bool

func newPainter(w io.Writer) painter { return painter(terminal(w) && os.Getenv("NO_COLOR") == "") }

// ANSI colours.
const (
	dim    = "2"
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	blue   = "34"
	cyan   = "36"
)

func (p painter) paint(colour, s string) string {
	if !p {
		return s
	}
	return "\x1b[" + colour + "m" + s + "\x1b[0m"
}
