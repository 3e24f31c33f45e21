// Package strictyaml reads YAML into a struct and tells every mistake, each
// with its line and column.
//
// A struct's yaml tags name its keys; embedded structs are part of the struct
// around them. Strings, booleans, whole numbers, durations ("2s", "7d"),
// secrets, lists of them, structs and named structs can be read. A list of one
// may be written without brackets. Named structs are a slice of a struct that
// has a field tagged ",key": in YAML a mapping, whose order they keep. A
// duration tagged ",never" that is written as 0 is -1, and so told from one that
// is not written.
//
// In every value ${NAME} stands for an environment variable, and $${ for ${
// itself. A value that begins with file: is read from that file where a
// secret is expected, without the white space around it. Anchors, aliases,
// merge keys and tags are refused.
package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// A Problem is one thing that is wrong. It never holds a secret.
type Problem struct {
	File         string // empty if it is in no file
	Line, Column int    // from 1; 0 if it is in no file
	Path         string // such as sources.support.secret[1]; empty for the file as a whole
	Text         string // what is wrong, and what to do
}

// String returns "file:line:column: path: text", as far as known.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	if p.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", p.Line, p.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	return b.String() + p.Text
}

// Join returns the path of a key in the mapping at path.
func Join(path, key string) string {
	key = shown(key)
	if path == "" {
		return key
	}
	return path + "." + key
}

// shown returns a key as it may appear in a text: short and in one line.
func shown(key string) string {
	const most = 64
	if len(key) > most {
		key = strings.ToValidUTF8(key[:most], "") + "…"
	}
	if q := strconv.Quote(key); len(q) != len(key)+2 || strings.ContainsAny(key, ". []:") || key == "" {
		return q
	}
	return key
}

// Options are what Decode needs beyond the text. The zero value knows no
// environment.
type Options struct {
	File string // name of the file, for problems
	// Env looks an environment variable up.
	Env func(name string) (string, bool)
	// ReadFile reads a file that a value names. Nil reads the machine's.
	ReadFile func(path string) (string, error)
	// Further is called with a pointer to each struct once its own keys are
	// read. It returns a pointer to the struct that takes the keys which are
	// left, or nil. Then open says whether they are let pass, because nobody
	// can know them, or are problems.
	Further func(of any) (into any, open bool)
}

// A Document remembers where in a text everything was.
type Document struct {
	file   string
	places map[string]token.Position // by path: the key's, or the list item's
	judged map[string]bool           // paths that a problem was told of
	hidden []string                  // what no text may show
}

// Decode reads data into the struct that into points to. What data does not
// mention stays as it is. The problems come in the order of the text.
func Decode(data []byte, into any, o Options) (*Document, []Problem) {
	doc := &Document{file: o.File, places: map[string]token.Position{}, judged: map[string]bool{}}
	if !utf8.Valid(data) {
		return doc, []Problem{{File: o.File, Line: 1, Column: 1, Text: "is not UTF-8 text"}}
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return doc, []Problem{syntax(err, data, o.File)}
	}
	d := decoder{o: o, doc: doc}
	if body := d.body(file); body != nil {
		d.mapping(body, "", structOf(into))
	}
	return doc, doc.finish(d.problems)
}

// body returns what is in the one document of a file, or nil.
func (d *decoder) body(file *ast.File) ast.Node {
	var body ast.Node
	for _, one := range file.Docs {
		switch one.Body.(type) {
		case nil, *ast.DirectiveNode, *ast.CommentGroupNode:
			continue
		}
		if body != nil {
			d.refuse(one.Body.GetToken().Position, "", "a second document begins here; there may be only one")
			break
		}
		body = one.Body
	}
	return body
}

// syntax says where data is no YAML. The parser's own text would quote the
// lines around, and with them secrets.
func syntax(err error, data []byte, file string) Problem {
	p := Problem{File: file, Line: 1, Column: 1, Text: "is no YAML"}
	var s *yaml.SyntaxError
	if !errors.As(err, &s) || s.Token == nil || s.Token.Position == nil {
		return p
	}
	p.Line, p.Column = s.Token.Position.Line, s.Token.Position.Column
	p.Text += ": " + s.Message
	lines := strings.Split(string(data), "\n")
	if i := p.Line - 1; i >= 0 && i < len(lines) && strings.Contains(lines[i], "${") {
		p.Text += `; between { and } write "${NAME}" in quotes`
	}
	return p
}

// Merge adds problems that were found later to those of Decode, with their
// lines and columns. It leaves out those at or below a path that Decode told a
// problem of.
func (doc *Document) Merge(problems, later []Problem) []Problem {
	for _, p := range later {
		at := token.Position{Line: 1, Column: 1}
		told, found := false, false
		for path := p.Path; path != ""; path = parent(path) {
			told = told || doc.judged[path]
			if place, ok := doc.places[path]; ok && !found {
				at, found = place, true
			}
		}
		if !told {
			p.File, p.Line, p.Column = doc.file, at.Line, at.Column
			problems = append(problems, p)
		}
	}
	return doc.finish(problems)
}

func parent(path string) string { return path[:max(0, strings.LastIndexAny(path, ".["))] }

// finish sorts problems, and hides what came from secrets and from the
// environment, should a text repeat it.
func (doc *Document) finish(problems []Problem) []Problem {
	// Longest first: one may be part of another.
	slices.SortFunc(doc.hidden, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for i := range problems {
		for _, h := range doc.hidden {
			problems[i].Text = strings.ReplaceAll(problems[i].Text, h, hidden)
		}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return problems
}

// hide keeps text out of every problem. A shorter one is no secret, but would
// tear holes into ordinary words.
func (doc *Document) hide(text string) {
	const shortest = 6
	if len(text) >= shortest {
		doc.hidden = append(doc.hidden, text)
	}
}
