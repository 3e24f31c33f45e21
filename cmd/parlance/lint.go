package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/livechat/lint"
)

func lintCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lint [FILE|-]",
		Short: "Say what breaks the specification in track calls from any producer",
		Long: `Lint reads track calls as JSON or JSON Lines, from a file or from standard input,
and reports what breaks Segment's Live Chat specification. Other calls are left alone.

Input that holds no call, or cannot be read, is status 2.`,
		Example: "  parlance lint events.jsonl\n  curl -s https://example.com/export | parlance lint --json -",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(cmd, "lint reads one file, not %d", len(args))
			}
			return nil
		},
	}
	asJSON := cmd.Flags().Bool("json", false, "print the report as JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		signal.Reset(os.Interrupt, syscall.SIGTERM) // a read of the terminal heeds no context
		in, err := open(cmd.InOrStdin(), args)
		if err == nil {
			defer in.Close()
			err = runLint(cmd.OutOrStdout(), in, *asJSON)
		}
		if err == nil {
			return nil
		}
		if _, said := err.(exit); !said {
			fmt.Fprintln(cmd.ErrOrStderr(), "parlance: "+err.Error())
			return exit(2)
		}
		return err
	}
	return ends(cmd, "something breaks the specification")
}

func open(stdin io.Reader, args []string) (io.ReadCloser, error) {
	if len(args) == 0 || args[0] == "-" {
		return io.NopCloser(stdin), nil
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, fmt.Errorf("lint: %w", err)
	}
	return f, nil
}

func runLint(out io.Writer, in io.Reader, asJSON bool) error {
	report, err := lint.Check(in)
	if err != nil {
		return err
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.WriteText(out)
	}
	if err == nil && !report.Clean() {
		return exit(1)
	}
	return err
}
