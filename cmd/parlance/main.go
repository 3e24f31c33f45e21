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
	"github.com/parlance-chat/parlance/internal/spell"
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
		os.Exit(misused)
	case err != nil:
		fmt.Fprintln(os.Stderr, "parlance: "+err.Error())
		os.Exit(1)
	}
}

// An exit ends the program with a status after everything has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// misused is the status of a command that was not understood.
const misused = 2

// endsWith is the annotation of a command that may end with status 1 though it
// could do what it was told: if what.
const endsWith = "status 1"

// ends says in a command's help, and in docs/commands.md, when it ends with
// status 1.
func ends(cmd *cobra.Command, when string) *cobra.Command {
	cmd.Annotations = map[string]string{endsWith: when}
	cmd.Long += "\n\nStatus 1: it could not be done, or " + when + "."
	return cmd
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use:           "parlance",
		Short:         "From any live chat tool to the four Live Chat events of Segment's spec, exactly once, in order",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error { return usage(cmd, "%v", err) })
	cobra.EnableCommandSorting = false
	for _, g := range []struct {
		title    string
		commands []*cobra.Command
	}{
		{"Begin", []*cobra.Command{demoCommand(), serveCommand(), checkCommand(), doctorCommand(), connectorsCommand(), destinationsCommand(), passwordCommand()}},
		{"Look at a gateway", []*cobra.Command{statusCommand(), tailCommand(), unreadableCommand(), parkedCommand(), alertCommand()}},
		{"Correct it", []*cobra.Command{pauseCommand(), resumeCommand(), replayCommand(), forgetCommand(), archiveCommand()}},
		{"Webhooks by hand", []*cobra.Command{captureCommand(), mapCommand(), importCommand(), simulateCommand()}},
		{"The specification", []*cobra.Command{lintCommand(), exportCommand()}},
	} {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title + ":"})
		for _, cmd := range g.commands {
			cmd.GroupID = g.title
			root.AddCommand(cmd)
		}
	}
	root.AddCommand(versionCommand())
	return group(root)
}

// group has a command that does nothing itself print its help, and refuse
// what is none of its commands.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = noArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	return cmd
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
	case cmd.HasSubCommands():
		var names []string
		for _, c := range cmd.Commands() {
			names = append(names, c.Name())
		}
		if near := spell.Nearest(args[0], names); near != "" {
			return usage(cmd, "no command %q; did you mean %q?", args[0], near)
		}
		return usage(cmd, "no command %q", args[0])
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

// tellMissing says that no file was there, where defaults alone are of little
// use.
func (c *configFile) tellMissing(w io.Writer) {
	if !c.was {
		fmt.Fprintf(w, "parlance: there is no %s here, so this is without sources and destinations; --config FILE names another\n", defaultConfig)
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
