package lint

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// WriteText writes r for people: the findings by conversation, in the order in
// which the conversations come up, then how many of each rule there are.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, group := range r.byConversation() {
		if id := group[0].Conversation; id == "" {
			b.WriteString("in no conversation\n")
		} else {
			fmt.Fprintf(&b, "conversation %s\n", printable(id))
		}
		writeGroup(&b, group)
		b.WriteByte('\n')
	}
	r.writeSummary(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func (r Report) byConversation() [][]Finding {
	var groups [][]Finding
	index := map[string]int{}
	for _, f := range r.Findings {
		i, ok := index[f.Conversation]
		if !ok {
			i = len(groups)
			index[f.Conversation] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], f)
	}
	return groups
}

func writeGroup(b *strings.Builder, group []Finding) {
	var last Finding
	for _, f := range group {
		if f.Line != last.Line || f.Call != last.Call {
			b.WriteString("  " + f.heading() + "\n")
		}
		last = f
		path := ""
		if f.Path != "" {
			path = printable(f.Path) + ": "
		}
		fmt.Fprintf(b, "    %s: %s%s [%s]\n", f.Severity, path, f.Problem, f.Rule)
		help := f.Help
		if f.Code != "" {
			help += " (Segment discards it: " + f.Code + ")"
		}
		fmt.Fprintf(b, "      %s\n", help)
	}
}

func (f Finding) heading() string {
	s := fmt.Sprintf("line %d", f.Line)
	if f.Call != 0 {
		s += fmt.Sprintf(", call %d", f.Call)
	}
	if f.Event != "" {
		s += ": " + f.Event
	}
	if f.MessageID != "" {
		s += ", messageId " + printable(f.MessageID)
	}
	return s
}

func (r Report) writeSummary(b *strings.Builder) {
	fmt.Fprintf(b, "%s, %s in %s: ", count(r.Calls, "call"), count(r.LiveChat, "Live Chat event"), count(r.Conversations, "conversation"))
	switch {
	case r.Clean() && r.LiveChat == 0:
		b.WriteString("nothing to judge\n")
		return
	case r.Clean():
		b.WriteString("nothing to find fault with\n")
		return
	}
	total := 0
	for _, n := range r.Counts {
		total += n
	}
	b.WriteString(count(total, "finding") + "\n")
	names := slices.SortedFunc(maps.Keys(r.Counts), func(x, y string) int {
		return cmp.Or(cmp.Compare(r.Counts[y], r.Counts[x]), cmp.Compare(x, y))
	})
	for _, name := range names {
		fmt.Fprintf(b, "%6d %s", r.Counts[name], name)
		if r.Counts[name] > maxFindings {
			fmt.Fprintf(b, " (the first %d shown)", maxFindings)
		}
		b.WriteByte('\n')
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// printable makes s, which a stranger wrote, safe to show on a terminal.
func printable(s string) string {
	if q := strconv.Quote(s); q[1:len(q)-1] != s {
		return q
	}
	return s
}
