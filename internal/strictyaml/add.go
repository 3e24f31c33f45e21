package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Add returns text with what more has besides: a key that both have must be a
// mapping in both, and gets what it lacks behind what it has. No byte of text
// is changed, comments and order included. What it cannot do so is an error,
// which shows no values; whoever needs to be certain reads what comes of it.
func Add(text, more []byte) ([]byte, error) {
	into, err := outline(text)
	if err != nil {
		return nil, err
	}
	from, err := outline(more)
	if err != nil {
		return nil, err
	}
	a := adder{into: into, from: from, behind: map[int][]string{}}
	if err := a.mapping(block{end: len(into.lines), value: into.body}, from.body, ""); err != nil {
		return nil, err
	}
	return a.added(), nil
}

// An outlined text is one with its lines, which keep their ends.
type outlined struct {
	lines []string
	body  ast.Node // nil if there is none
}

func outline(text []byte) (outlined, error) {
	file, err := parser.ParseBytes(text, 0)
	if err != nil {
		return outlined{}, fmt.Errorf("strictyaml: %s", syntax(err, text, ""))
	}
	o := outlined{lines: slices.Collect(strings.Lines(string(text)))}
	d := decoder{doc: &Document{judged: map[string]bool{}}}
	o.body = d.body(file)
	if len(d.problems) > 0 {
		return outlined{}, fmt.Errorf("strictyaml: %s", d.problems[0])
	}
	return o, nil
}

// A block is a key with what is below it, or a whole text.
type block struct {
	key        string
	begin, end int // its lines, the first with the key
	indent     int // of the key
	value      ast.Node
}

// blocks returns those of a mapping that is written as one, a key to a line.
func (o outlined) blocks(n ast.Node) ([]block, bool) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case nil, *ast.NullNode:
	case *ast.MappingNode:
		if n.IsFlowStyle {
			return nil, false
		}
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	var list []block
	for _, v := range values {
		key, ok := text(v.Key)
		at := v.Key.GetToken().Position
		b := block{key: key, begin: at.Line - 1, indent: at.Column - 1, value: v.Value}
		if !ok || b.begin >= len(o.lines) || indentOf(o.lines[b.begin]) != b.indent {
			return nil, false
		}
		b.end = o.endOf(b)
		list = append(list, b)
	}
	return list, true
}

// endOf returns the line behind the last that belongs to a block.
func (o outlined) endOf(b block) int {
	end := b.begin + 1
	for i := end; i < len(o.lines); i++ {
		line := strings.TrimSpace(o.lines[i])
		item := line == "-" || strings.HasPrefix(line, "- ") // a list may stand as far left as its key
		switch indent := indentOf(o.lines[i]); {
		case line == "":
		case indent > b.indent, indent == b.indent && item:
			end = i + 1
		default:
			return end
		}
	}
	return end
}

func indentOf(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// An adder notes what is to stand behind which line of a text.
type adder struct {
	into, from outlined
	behind     map[int][]string
}

// mapping adds what a mapping has to that of a block.
func (a *adder) mapping(to block, more ast.Node, path string) error {
	there, ok := a.into.blocks(to.value)
	coming, fine := a.from.blocks(more)
	if !ok || !fine {
		return fmt.Errorf("strictyaml: %s: is not written with each key in a line of its own", cmp.Or(path, "the whole"))
	}
	at, indent := to.begin+1, to.indent+2
	if path == "" {
		at, indent = to.end, 0
	}
	if len(there) > 0 {
		at, indent = there[len(there)-1].end, there[0].indent
	}
	for _, b := range coming {
		i := slices.IndexFunc(there, func(t block) bool { return t.key == b.key })
		if i < 0 {
			if path == "" && at > 0 {
				a.behind[at] = append(a.behind[at], "")
			}
			a.put(at, indent, b)
			continue
		}
		if err := a.mapping(there[i], b.value, Join(path, b.key)); err != nil {
			return err
		}
	}
	return nil
}

// put has a block stand behind a line.
func (a *adder) put(line, indent int, b block) {
	begin := b.begin
	for begin > 0 && strings.HasPrefix(strings.TrimSpace(a.from.lines[begin-1]), "#") {
		begin-- // what is said of it
	}
	for _, l := range a.from.lines[begin:b.end] {
		l = strings.TrimRight(l, "\r\n")
		if l = strings.Repeat(" ", max(0, indentOf(l)+indent-b.indent)) + strings.TrimLeft(l, " "); strings.TrimSpace(l) == "" {
			l = ""
		}
		a.behind[line] = append(a.behind[line], l)
	}
}

// added returns the text with what was put into it.
func (a *adder) added() []byte {
	var b strings.Builder
	newline := "\n"
	if len(a.into.lines) > 0 && strings.HasSuffix(a.into.lines[0], "\r\n") {
		newline = "\r\n"
	}
	for i := range len(a.into.lines) + 1 {
		for _, l := range a.behind[i] {
			b.WriteString(l + newline)
		}
		if i == len(a.into.lines) {
			break
		}
		b.WriteString(a.into.lines[i])
		if !strings.HasSuffix(a.into.lines[i], "\n") && len(a.behind[i+1]) > 0 {
			b.WriteString(newline)
		}
	}
	return []byte(b.String())
}

// Scalar returns a text as a value in YAML that is just that text.
func Scalar(s string) string { return quoted(strings.ReplaceAll(s, "${", "$${")) }
