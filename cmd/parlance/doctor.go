package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/doctor"
	"github.com/parlance-chat/parlance/internal/phrase"
)

func doctorCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "doctor [DESTINATION...]",
		Short: "Find out why events do not arrive, or arrive twice, and what to do",
		Long: `Doctor looks at the gateway, its sources and its destinations: addresses, certificates, clocks, credentials,
regions, tables and rights, as far as each platform lets them be seen without sending anything, and at
what would be counted twice. It says in plain words what is wrong and what to do. A gateway that runs is not
disturbed.

With --send-test each destination gets one event, "` + doctor.TestEvent + `" by the anonymousId
parlance-doctor, with the property test: true. That is the only proof where a platform takes any key.`,
		Example: `  parlance doctor
  parlance doctor segment --send-test
  parlance doctor --site THE_WEBSITES_SEGMENT_WRITE_KEY`,
	}
	file := configFlag(cmd)
	var e gateway.Examination
	cmd.Flags().StringVarP(&e.Workspace, "workspace", "w", "default", "workspace")
	cmd.Flags().BoolVar(&e.SendTest, "send-test", false, "send each destination a marked test event")
	cmd.Flags().StringArrayVar(&e.Sites, "site", nil, "write key of a website's own Segment source, as it stands in its pages: is something there that counts chats too?")
	asJSON := cmd.Flags().Bool("json", false, "print an object for each part, one a line")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		config, err := file.load()
		if err != nil {
			return err
		}
		file.tellMissing(cmd.ErrOrStderr())
		config.Version, e.Destinations = version, args
		parts, err := config.Examine(cmd.Context(), e)
		if err != nil {
			return err
		}
		write := printParts
		if *asJSON {
			write = printObjects[doctor.Part]
		}
		if err := write(cmd.OutOrStdout(), parts); err != nil {
			return err
		}
		if n := tally(parts); n[destination.Problem] > 0 {
			return exit(1)
		}
		return nil
	}
	return ends(cmd, "something keeps events from arriving just now, be it only for a while")
}

// tally counts findings by level.
func tally(parts []doctor.Part) (n [3]int) {
	for _, p := range parts {
		for _, f := range p.Findings {
			n[f.Level]++
		}
	}
	return n
}

// marks are how findings begin, by level.
var marks = [...]struct{ colour, mark string }{
	destination.Good:    {green, "✓"},
	destination.Warning: {yellow, "!"},
	destination.Problem: {red, "✗"},
}

// wide is how long lines may become.
const wide = 110

func printParts(w io.Writer, parts []doctor.Part) error {
	paint := newPainter(w)
	var b strings.Builder
	for _, p := range parts {
		title := strings.TrimSpace(p.Kind + " " + p.Name)
		if p.Type != "" && p.Type != p.Name {
			title += " (" + p.Type + ")"
		}
		b.WriteString(paint.paint(bold, title) + "\n")
		for _, f := range p.Findings {
			m := marks[f.Level]
			b.WriteString("  " + paint.paint(m.colour, m.mark) + " " + folded(printable(f.Text, ""), "    ") + "\n")
			if f.Do != "" {
				b.WriteString("    → " + folded(printable(f.Do, ""), "      ") + "\n")
			}
		}
		b.WriteString("\n")
	}
	n := tally(parts)
	switch {
	case n[destination.Problem] > 0:
		b.WriteString(paint.paint(red, phrase.Count(int64(n[destination.Problem]), "problem")+", "+phrase.Count(int64(n[destination.Warning]), "warning")) + "\n")
	case n[destination.Warning] > 0:
		b.WriteString(paint.paint(yellow, "no problem, "+phrase.Count(int64(n[destination.Warning]), "warning")) + "\n")
	default:
		b.WriteString(paint.paint(green, "nothing is wrong that can be seen from here") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// folded breaks a text into lines, all but the first of them indented.
func folded(text, indent string) string {
	var b strings.Builder
	column := len(indent)
	for i, word := range strings.Fields(text) {
		switch n := len([]rune(word)); {
		case i == 0:
		case column+1+n > wide:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteString(" ")
			column++
		}
		b.WriteString(word)
		column += len([]rune(word))
	}
	return b.String()
}
