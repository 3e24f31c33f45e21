// Command parlance turns what happens in live chats into the four Live Chat
// events of Segment's specification, and delivers them.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/gateway"
)

// version is set by the linker, or else what go install knows.
var version = "devel"

func main() {
	if b, ok := debug.ReadBuildInfo(); ok && version == "devel" && strings.HasPrefix(b.Main.Version, "v") {
		version = b.Main.Version
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	var code exit
	switch {
	case errors.As(err, &code):
		os.Exit(int(code))
	case errors.As(err, new(usageError)):
		fmt.Fprintln(os.Stderr, "parlance: "+err.Error())
		os.Exit(2)
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
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%v", err) })
	root.AddCommand(serveCommand(), demoCommand(), checkCommand(), doctorCommand(), alertCommand(), connectorsCommand(), destinationsCommand(), mapCommand(), importCommand(), captureCommand(), lintCommand(), exportCommand(), simulateCommand(),
		statusCommand(), tailCommand(), replayCommand(), pauseCommand(), resumeCommand(), unreadableCommand(), parkedCommand(), archiveCommand(), forgetCommand(), passwordCommand(), versionCommand())
	return root
}

// A usageError is a mistake of whoever typed the command.
type usageError string

func (e usageError) Error() string { return string(e) }

func usage(cmd *cobra.Command, format string, args ...any) error {
	return usageError(fmt.Sprintf(format, args...) + fmt.Sprintf("; see '%s --help'", cmd.CommandPath()))
}

// noArgs are the arguments of a command that takes none.
func noArgs(cmd *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case cmd.Flags().Lookup("config") != nil:
		return usage(cmd, "%s takes no %q: a configuration is named with --config FILE", cmd.Name(), args[0])
	}
	return usage(cmd, "%s takes no %q", cmd.Name(), args[0])
}

// one is the argument of a command that takes one, and which command lists
// what there is.
func one(what, lister string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return usage(cmd, "%s takes one %s; '%s' lists them", cmd.Name(), what, lister)
		}
		return nil
	}
}

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "parlance", version)
			return err
		},
	}
}

// defaultConfig is the file that is read where none is named, if it exists.
const defaultConfig = "parlance.yaml"

// A configFile is the configuration file that a command reads.
type configFile struct {
	path *string
	was  bool // there has been one
}

// configFlag adds --config to cmd.
func configFlag(cmd *cobra.Command) *configFile {
	return &configFile{path: cmd.Flags().StringP("config", "c", "", "configuration file (default "+defaultConfig+", if it exists)")}
}

// load reads the file.
func (c *configFile) load() (*gateway.Config, error) { return c.read(gateway.Load) }

// read reads the file. Where none is named and none exists, everything has its
// default; but a file that was there is not missed by accident.
func (c *configFile) read(read func(path string) (*gateway.Config, error)) (*gateway.Config, error) {
	config, err := read(cmp.Or(*c.path, defaultConfig))
	if errors.Is(err, fs.ErrNotExist) && *c.path == "" && !c.was {
		return gateway.Default(), nil
	}
	c.was = c.was || err == nil
	return config, err
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
