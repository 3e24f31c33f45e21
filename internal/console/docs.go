package console

import (
	"bytes"
	"html/template"
	"io/fs"
	"path"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"github.com/parlance-chat/parlance/docs"
)

// markdown renders our own pages. What is no Markdown in them is left out.
var markdown = goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

// rendered renders a page of the documentation, without its heading. Links to
// other pages lead to the console's.
func rendered(name string) template.HTML {
	source, err := fs.ReadFile(docs.Files, name)
	if err != nil {
		return "" // a type of one's own
	}
	doc := markdown.Parser().Parse(text.NewReader(source))
	if h, ok := doc.FirstChild().(*ast.Heading); ok && h.Level == 1 {
		doc.RemoveChild(doc, h)
	}
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if l, ok := n.(*ast.Link); ok && entering && !strings.Contains(string(l.Destination), "://") && !strings.HasPrefix(string(l.Destination), "#") {
			l.Destination = []byte(pageLink(name, string(l.Destination)))
		}
		return ast.WalkContinue, nil
	})
	var b bytes.Buffer
	if err := markdown.Renderer().Render(&b, source, doc); err != nil {
		return ""
	}
	// What may be too wide for a phone is scrolled by keyboard too.
	html := strings.NewReplacer("<pre>", `<pre tabindex="0">`, "<table>", `<div class="table" tabindex="0"><table>`, "</table>", "</table></div>").Replace(b.String())
	return template.HTML(html) // ours, and goldmark lets no other HTML through
}

// pageLink returns where a link of a page leads: to the console's pages, or to the
// repository for what the program does not hold.
func pageLink(page, link string) string {
	file, _, _ := strings.Cut(link, "#")
	if _, err := fs.Stat(docs.Files, path.Join(path.Dir(page), file)); err != nil {
		return "https://github.com/parlance-chat/parlance/blob/main/" + path.Join("docs", path.Dir(page), link)
	}
	return "/docs/" + path.Join(path.Dir(page), link)
}

// A docView is a page of the documentation.
type docView struct {
	Name string        `json:"name"`
	HTML template.HTML `json:"html"`
}

// Title implements the heading of the page.
func (v docView) Title() string { return v.Name }

func (c *Console) doc(q *request) (any, error) {
	name := path.Clean(q.name)
	if name == "." {
		name = "README.md"
	}
	source, err := fs.ReadFile(docs.Files, name)
	if err != nil { // such as that it is a directory
		return nil, notFound("The documentation in this program has no such page.")
	}
	title, _, _ := strings.Cut(strings.TrimPrefix(string(source), "# "), "\n")
	return docView{title, rendered(name)}, nil
}
