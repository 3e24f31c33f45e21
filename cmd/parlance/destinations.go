package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/all"
)

func destinationsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "destinations [TYPE...]",
		Short: "List the places that events can go to, and what each guarantees",
		Example: `  parlance destinations
  parlance destinations segment file   # all that they guarantee`,
		RunE: func(cmd *cobra.Command, args []string) error {
			types, err := chosenDestinations(cmd, args)
			switch {
			case err != nil:
				return err
			case asJSON:
				return printDestinationsJSON(cmd.OutOrStdout(), types)
			case len(args) > 0:
				return printDestinations(cmd.OutOrStdout(), types)
			}
			return printDestinationList(cmd.OutOrStdout(), types)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object for each type, one a line")
	return cmd
}

func chosenDestinations(cmd *cobra.Command, names []string) (list []destination.Type, err error) {
	if len(names) == 0 {
		return all.Types(), nil
	}
	known := map[string]destination.Type{}
	for _, t := range all.Types() {
		known[t.Name] = t
	}
	for _, n := range names {
		t, ok := known[n]
		if !ok {
			return nil, usage(cmd, "no destination %q; 'parlance destinations' lists them", n)
		}
		list = append(list, t)
	}
	return list, nil
}

// printDestinationList prints a line for each type, with what people ask first.
func printDestinationList(w io.Writer, types []destination.Type) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "TYPE\tDESTINATION\tWHAT COMES AGAIN IS RECOGNISED")
	for _, t := range types {
		fmt.Fprintf(out, "%s\t%s\t%s\n", t.Name, t.Title, t.Gives.Repetition)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n'parlance destinations TYPE' prints all that one guarantees")
	return err
}

// printDestinations prints every cell of some types.
func printDestinations(w io.Writer, types []destination.Type) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	for i, t := range types {
		if i > 0 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s (type: %s)\n", t.Title, t.Name)
		for _, c := range all.Columns() {
			fmt.Fprintf(out, "  %s\t%s\n", c.Name, c.Of(t.Gives))
		}
	}
	return out.Flush()
}

func printDestinationsJSON(w io.Writer, types []destination.Type) error {
	out := json.NewEncoder(w)
	for _, t := range types {
		cells := map[string]string{"type": t.Name, "title": t.Title}
		for _, c := range all.Columns() {
			cells[c.Name] = c.Of(t.Gives)
		}
		if err := out.Encode(cells); err != nil {
			return err
		}
	}
	return nil
}
