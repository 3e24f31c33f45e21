package connector

import (
	"html"
	"regexp"
	"strings"
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
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			i = len(s)
		}
		w.text(html.UnescapeString(s[:i]))
		s = w.markup(s[i:])
	}
	return w.b.String()
}

// A writer puts text together as a browser lays it out, in the rough.
type writer struct {
	b     strings.Builder
	lines int  // line breaks before what comes next
	space bool // a space before it
}

// markup reads what begins with <, if it is markup, and returns what follows.
// What is cut off within a tag is not seen.
func (w *writer) markup(s string) (rest string) {
	switch {
	case s == "":
		return ""
	case strings.HasPrefix(s, "<!--"):
		_, rest, _ = strings.Cut(s[len("<!--"):], "-->")
		return rest
	case strings.HasPrefix(s, "<!"), strings.HasPrefix(s, "<?"):
		_, rest, _ = strings.Cut(s, ">")
		return rest
	}
	inner := strings.TrimPrefix(s[1:], "/")
	if inner == "" || !letter(inner[0]) {
		w.text("<")
		return s[1:]
	}
	end := tagEnd(inner)
	name := strings.ToLower(inner[:strings.IndexAny(inner[:end]+">", " \t\n\f\r/>")])
	rest = inner[min(end+1, len(inner)):]
	if name == "script" || name == "style" {
		if s[1] == '/' {
			return rest
		}
		return hidden(rest, "</"+name)
	}
	w.tag(name)
	return rest
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// tagEnd is where the > of a tag is, or the length of s. Values of attributes
// may hold one.
func tagEnd(s string) int {
	var quote, before byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0 && c == quote:
			quote, before = 0, c
		case quote != 0 || c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f':
		case (c == '"' || c == '\'') && before == '=':
			quote = c
		case c == '>':
			return i
		default:
			before = c
		}
	}
	return len(s)
}

// hidden returns what follows an element that nobody sees, from its end on.
func hidden(s, end string) string {
	for i := range len(s) - len(end) + 1 {
		if strings.EqualFold(s[i:i+len(end)], end) {
			return s[i:]
		}
	}
	return ""
}

// tag notes what an element does to the lines.
func (w *writer) tag(name string) {
	switch name {
	case "br":
		w.lines++
	case "p", "div", "li", "ul", "ol", "tr", "table", "blockquote", "pre",
		"h1", "h2", "h3", "h4", "h5", "h6", "hr", "section", "article", "header", "footer":
		w.lines = max(w.lines, 1)
	case "td", "th":
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
