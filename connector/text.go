package connector

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tag is how HTML looks. People write "<3" and "a < b" too.
var tag = regexp.MustCompile(`</?[a-zA-Z][a-zA-Z0-9]*(\s[^<>]*)?/?>|&(#\d+|#x[0-9a-fA-F]+|[a-zA-Z]+[0-9]*);`)

// PlainText returns what a person sees of a message that may be HTML:
// paragraphs as lines, without markup. Text that holds no HTML stays as it is.
func PlainText(s string) string {
	if !tag.MatchString(s) {
		return s
	}
	var w writer
	z := html.NewTokenizer(strings.NewReader(s))
	hidden := 0
	for {
		switch z.Next() {
		case html.ErrorToken:
			return w.String()
		case html.TextToken:
			if hidden == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken:
			name, _ := z.TagName()
			if a := atom.Lookup(name); a == atom.Script || a == atom.Style {
				hidden++
			} else {
				w.tag(a)
			}
		case html.SelfClosingTagToken:
			name, _ := z.TagName()
			w.tag(atom.Lookup(name))
		case html.EndTagToken:
			name, _ := z.TagName()
			if a := atom.Lookup(name); a == atom.Script || a == atom.Style {
				hidden = max(0, hidden-1)
			} else {
				w.tag(a)
			}
		}
	}
}

// A writer puts text together as a browser lays it out, in the rough.
type writer struct {
	b     strings.Builder
	lines int  // line breaks before what comes next
	space bool // a space before it
}

// tag notes what an element does to the lines.
func (w *writer) tag(a atom.Atom) {
	switch a {
	case atom.Br:
		w.lines++
	case atom.P, atom.Div, atom.Li, atom.Ul, atom.Ol, atom.Tr, atom.Table, atom.Blockquote, atom.Pre,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Hr, atom.Section, atom.Article, atom.Header, atom.Footer:
		w.lines = max(w.lines, 1)
	case atom.Td, atom.Th:
		w.space = true
	}
}

func (w *writer) text(s string) {
	for _, r := range s {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' || r == '\u00a0' {
			w.space = true
			continue
		}
		switch {
		case w.b.Len() == 0:
		case w.lines > 0:
			w.b.WriteString(strings.Repeat("\n", min(w.lines, 2)))
		case w.space:
			w.b.WriteByte(' ')
		}
		w.lines, w.space = 0, false
		w.b.WriteRune(r)
	}
}

func (w *writer) String() string { return w.b.String() }

// What Markdown editors of chat tools write. Underscores count only at the
// edges of words, and stars only where they touch one.
var markdown = []struct {
	mark *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`!\[([^\]\n]*)\]\([^)\s]*\)`), "$1"},
	{regexp.MustCompile(`\[([^\]\n]+)\]\(([^)\s]+)\)`), "$1 ($2)"},
	{regexp.MustCompile("(?s)```(?:[a-z]+\n)?(.+?)```"), "$1"},
	{regexp.MustCompile("`([^`\n]+)`"), "$1"},
	{regexp.MustCompile(`\*\*([^\s*](?:[^*\n]*[^\s*])?)\*\*`), "$1"},
	{regexp.MustCompile(`~~([^\s~](?:[^~\n]*[^\s~])?)~~`), "$1"},
	{regexp.MustCompile(`(^|[^*\w\\])\*([^\s*](?:[^*\n]*[^\s*])?)\*`), "$1$2"},
	{regexp.MustCompile(`(^|[^_\w\\])_([^\s_](?:[^_\n]*[^\s_])?)_(\b|$)`), "$1$2$3"},
	{regexp.MustCompile(`(?m)^#{1,6} +`), ""},
	{regexp.MustCompile(`\\([\\*_~#\[\]()>.!+-]|` + "`" + `)`), "$1"},
	{regexp.MustCompile(`\\\n`), "\n"},
}

// PlainMarkdown returns the text of a message that an editor wrote as
// Markdown: without the marks, links as "text (address)".
func PlainMarkdown(s string) string {
	if !strings.ContainsAny(s, "*_~`#[\\") {
		return s
	}
	for _, m := range markdown {
		s = m.mark.ReplaceAllString(s, m.with)
	}
	return s
}
