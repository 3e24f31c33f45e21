package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// A listed is a type of source or destination, with its row of the table in the
// documentation.
type listed struct {
	name, title string
	cells       []cell
}

type cell struct{ column, text string }

// listCommand has cmd list types: all of them by overview, those that are named
// with every cell.
func listCommand(cmd *cobra.Command, what string, types []listed, overview func(io.Writer, []listed) error) *cobra.Command {
	asJSON := cmd.Flags().Bool("json", false, "print an object for each type, one a line")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		chosen := types
		if len(args) > 0 {
			chosen = nil
		}
		for _, name := range args {
			i := slices.IndexFunc(types, func(t listed) bool { return t.name == name })
			if i < 0 {
				return usage(cmd, "no %s %q; '%s' lists them", what, name, cmd.CommandPath())
			}
			chosen = append(chosen, types[i])
		}
		switch out := cmd.OutOrStdout(); {
		case *asJSON:
			return printJSON(out, chosen)
		case len(args) > 0:
			return printCells(out, chosen)
		default:
			return overview(out, chosen)
		}
	}
	return cmd
}

// printCells prints every cell of some types.
func printCells(w io.Writer, types []listed) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, t := range types {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s (type: %s)\n", t.title, t.name)
		for _, c := range t.cells {
			fmt.Fprintf(out, "  %s\t%s\n", c.column, c.text)
		}
	}
	return out.Flush()
}

func printJSON(w io.Writer, types []listed) error {
	out := json.NewEncoder(w)
	for _, t := range types {
		cells := map[string]string{"type": t.name, "title": t.title}
		for _, c := range t.cells {
			cells[c.column] = c.text
		}
		if err := out.Encode(cells); err != nil {
			return err
		}
	}
	return nil
}
