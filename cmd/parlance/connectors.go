package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/all"
)

func connectorsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "connectors [TYPE...]",
		Short: "List the chat tools, and what events and properties each gives",
		Example: `  parlance connectors
  parlance connectors chatwoot intercom   # with the conditions`,
		RunE: func(cmd *cobra.Command, args []string) error {
			types, err := chosen(cmd, args)
			switch {
			case err != nil:
				return err
			case asJSON:
				return printJSON(cmd.OutOrStdout(), types)
			case len(args) > 0:
				return printTools(cmd.OutOrStdout(), types)
			}
			return printTable(cmd.OutOrStdout(), types)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object for each tool, one a line")
	return cmd
}

func chosen(cmd *cobra.Command, names []string) (list []connector.Type, err error) {
	if len(names) == 0 {
		return all.Types(), nil
	}
	known := map[string]connector.Type{}
	for _, t := range all.Types() {
		known[t.Name] = t
	}
	for _, n := range names {
		t, ok := known[n]
		if !ok {
			return nil, usage(cmd, "no chat tool %q; 'parlance connectors' lists them", n)
		}
		list = append(list, t)
	}
	return list, nil
}

// printTable prints a line for each tool: + for yes, - for no, ( for sometimes.
func printTable(w io.Writer, types []connector.Type) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	columns := all.Columns()
	columns = columns[:len(columns)-2] // signature and retries are sentences
	for i, c := range columns {
		fmt.Fprintf(w, "%s%c %s\n", strings.Repeat("|", i), letter(i), c.Name)
	}
	fmt.Fprintln(w)
	fmt.Fprint(out, "TYPE\t")
	for i := range columns {
		fmt.Fprintf(out, "%c ", letter(i))
	}
	fmt.Fprintln(out, "\tTOOL\tSIGNATURE")
	for _, t := range types {
		fmt.Fprintf(out, "%s\t", t.Name)
		for _, c := range columns {
			mark := "( "
			switch c.Of(t) {
			case string(connector.Yes):
				mark = "+ "
			case string(connector.No):
				mark = "- "
			}
			fmt.Fprint(out, mark)
		}
		fmt.Fprintf(out, "\t%s\t%s\n", t.Title, t.Gives.Signature)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n+ yes, - no, ( sometimes: 'parlance connectors TYPE' says when")
	return err
}

func letter(i int) rune { return 'A' + rune(i) }

// printTools prints every cell of some tools.
func printTools(w io.Writer, types []connector.Type) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, t := range types {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s (type: %s)\n", t.Title, t.Name)
		for _, c := range all.Columns() {
			fmt.Fprintf(out, "  %s\t%s\n", c.Name, c.Of(t))
		}
	}
	return out.Flush()
}

func printJSON(w io.Writer, types []connector.Type) error {
	out := json.NewEncoder(w)
	for _, t := range types {
		cells := map[string]string{"type": t.Name, "title": t.Title}
		for _, c := range all.Columns() {
			cells[c.Name] = c.Of(t)
		}
		if err := out.Encode(cells); err != nil {
			return err
		}
	}
	return nil
}
