package main

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/destination/all"
)

func destinationsCommand() *cobra.Command {
	var types []listed
	for _, t := range all.Types() {
		l := listed{name: t.Name, title: t.Title}
		for _, c := range all.Columns() {
			l.cells = append(l.cells, cell{c.Name, c.Of(t.Gives)})
		}
		types = append(types, l)
	}
	return listCommand(&cobra.Command{
		Use:   "destinations [TYPE...]",
		Short: "List the places that events can go to, and what each guarantees",
		Example: `  parlance destinations
  parlance destinations segment file   # all that they guarantee`,
	}, "destination", types, printDestinations)
}

// printDestinations prints a line for each type, with what people ask first,
// which is the first cell.
func printDestinations(w io.Writer, types []listed) error {
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(out, "TYPE\tDESTINATION\tWHAT COMES AGAIN IS RECOGNISED")
	for _, t := range types {
		fmt.Fprintf(out, "%s\t%s\t%s\n", t.name, t.title, t.cells[0].text)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n'parlance destinations TYPE' prints all that one guarantees")
	return err
}
