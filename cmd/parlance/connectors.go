package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/all"
)

func connectorsCommand() *cobra.Command {
	var types []listed
	for _, t := range all.Types() {
		l := listed{name: t.Name, title: t.Title}
		for _, c := range all.Columns() {
			l.cells = append(l.cells, cell{c.Name, c.Of(t)})
		}
		types = append(types, l)
	}
	return listCommand(&cobra.Command{
		Use:   "connectors [TYPE...]",
		Short: "List the chat tools, and what events and properties each gives",
		Example: `  parlance connectors
  parlance connectors chatwoot intercom   # with the conditions`,
	}, "chat tool", types, printTools)
}

// printTools prints a line for each tool: + for yes, - for no, ( for sometimes.
func printTools(w io.Writer, types []listed) error {
	marked := len(types[0].cells) - 2 // signature and retries are sentences
	for i, c := range types[0].cells[:marked] {
		fmt.Fprintf(w, "%s%c %s\n", strings.Repeat("|", i), letter(i), c.column)
	}
	fmt.Fprintln(w)
	out := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprint(out, "TYPE\t")
	for i := range marked {
		fmt.Fprintf(out, "%c ", letter(i))
	}
	fmt.Fprintln(out, "\tTOOL\tSIGNATURE")
	for _, t := range types {
		fmt.Fprintf(out, "%s\t", t.name)
		for _, c := range t.cells[:marked] {
			mark := "( "
			switch c.text {
			case string(connector.Yes):
				mark = "+ "
			case string(connector.No):
				mark = "- "
			}
			fmt.Fprint(out, mark)
		}
		fmt.Fprintf(out, "\t%s\t%s\n", t.title, t.cells[marked].text)
	}
	if err := out.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, "\n+ yes, - no, ( sometimes: 'parlance connectors TYPE' says when")
	return err
}

func letter(i int) rune { return 'A' + rune(i) }
