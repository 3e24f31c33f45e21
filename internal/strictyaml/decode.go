package strictyaml

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/parlance-chat/parlance/internal/spell"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	secretType   = reflect.TypeFor[Secret]()
	textType     = reflect.TypeFor[Text]()
)

type decoder struct {
	o        Options
	doc      *Document
	problems []Problem
}

// An entry is one key of a mapping with its value.
type entry struct {
	key   string
	at    token.Position // of the key
	value ast.Node
}

// refuse tells a problem after which nothing more need be said of path.
func (d *decoder) refuse(at *token.Position, path, format string, args ...any) {
	d.doc.judged[path] = true
	d.tell(at, path, format, args...)
}

func (d *decoder) tell(at *token.Position, path, format string, args ...any) {
	d.problems = append(d.problems, Problem{d.o.File, at.Line, at.Column, path, fmt.Sprintf(format, args...)})
}

// value reads n into v.
func (d *decoder) value(n ast.Node, path string, v reflect.Value) {
	switch kind := v.Kind(); {
	case kind == reflect.Struct:
		d.mapping(n, path, v)
	case kind == reflect.Slice && keyField(v.Type().Elem()) != nil:
		d.named(n, path, v)
	case kind == reflect.Slice:
		d.list(n, path, v)
	default:
		d.scalar(n, path, v)
	}
}

// mapping reads n into the struct v.
func (d *decoder) mapping(n ast.Node, path string, v reflect.Value) {
	rest := d.entries(n, path)
	known := fieldsOf(v.Type())
	rest = d.fill(rest, path, v)
	if d.o.Further != nil {
		into, open := d.o.Further(v.Addr().Interface())
		if into != nil {
			further := structOf(into)
			known = append(known, fieldsOf(further.Type())...)
			rest = d.fill(rest, path, further)
		} else if open {
			return
		}
	}
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.name
	}
	for _, e := range rest {
		d.unknown(e, path, names)
	}
}

// fill reads the entries that v has fields for, and returns the others.
func (d *decoder) fill(entries []entry, path string, v reflect.Value) []entry {
	fields := map[string]field{}
	for _, f := range fieldsOf(v.Type()) {
		fields[f.name] = f
	}
	var rest []entry
	for _, e := range entries {
		if f, ok := fields[e.key]; ok {
			inner := v.FieldByIndex(f.index)
			d.value(e.value, Join(path, e.key), inner)
			if f.never && inner.IsZero() {
				inner.SetInt(-1)
			}
		} else {
			rest = append(rest, e)
		}
	}
	return rest
}

func (d *decoder) unknown(e entry, path string, known []string) {
	text := "unknown key " + strconv.Quote(strings.Trim(shown(e.key), `"`))
	if near := spell.Nearest(e.key, known); near != "" {
		text += fmt.Sprintf(", did you mean %q?", near)
		d.doc.judged[Join(path, near)] = true // that it is missing is the same mistake
	}
	d.refuse(&e.at, Join(path, e.key), "%s", text)
}

// entries returns the keys and values of the mapping n.
func (d *decoder) entries(n ast.Node, path string) []entry {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.NullNode: // all of it is commented out
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		d.refuse(n.GetToken().Position, path, "must be a mapping (key: value), not %s", describe(n))
	}
	var list []entry
	lines := map[string]int{}
	for _, v := range values {
		at := v.Key.GetToken().Position
		key, ok := text(v.Key)
		if !ok {
			d.refuse(at, path, "%s cannot be a key here", describe(v.Key))
			continue
		}
		if line, ok := lines[key]; ok {
			d.tell(at, Join(path, key), "is given twice, first in line %d", line)
			continue
		}
		lines[key] = at.Line
		d.doc.places[Join(path, key)] = *at
		list = append(list, entry{key, *at, v.Value})
	}
	return list
}

// named reads a mapping into a slice of structs.
func (d *decoder) named(n ast.Node, path string, v reflect.Value) {
	v.SetZero()
	for _, e := range d.entries(n, path) {
		one := reflect.New(v.Type().Elem()).Elem()
		one.FieldByIndex(keyField(one.Type())).SetString(e.key)
		d.mapping(e.value, Join(path, e.key), one)
		v.Set(reflect.Append(v, one))
	}
}

// list reads a list, or one scalar, into a slice of scalars.
func (d *decoder) list(n ast.Node, path string, v reflect.Value) {
	v.SetZero()
	add := func(n ast.Node, path string) {
		one := reflect.New(v.Type().Elem()).Elem()
		if d.scalar(n, path, one) {
			v.Set(reflect.Append(v, one))
		}
	}
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		add(n, path)
		return
	}
	for i, n := range seq.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		d.doc.places[at] = *n.GetToken().Position
		add(n, at)
		d.doc.judged[path] = d.doc.judged[path] || d.doc.judged[at]
	}
}

// scalar reads one value, and reports whether it could.
func (d *decoder) scalar(n ast.Node, path string, v reflect.Value) bool {
	at := n.GetToken().Position
	raw, ok := text(n)
	if _, null := n.(*ast.NullNode); null {
		d.refuse(at, path, "is empty; must be %s", want(v.Type()))
		return false
	}
	if !ok {
		d.refuse(at, path, "must be %s, not %s", want(v.Type()), describe(n))
		return false
	}
	var s string
	var err error
	switch {
	case v.Type() == secretType:
		s, err = d.secret(raw)
	case v.Type() == textType && strings.HasPrefix(raw, "file:"):
		s, err = d.readFile(strings.TrimPrefix(raw, "file:"))
	default:
		s, err = d.expand(raw)
	}
	if err == nil {
		err = set(v, s)
	}
	if err != nil {
		d.refuse(at, path, "%s", err)
	}
	return err == nil
}

// set gives v the value that s stands for. Its error does not show s.
func set(v reflect.Value, s string) error {
	var err error
	switch {
	case v.Type() == durationType:
		var t time.Duration
		t, err = parseDuration(s)
		v.SetInt(int64(t))
	case v.Kind() == reflect.String:
		v.SetString(s)
	case v.Kind() == reflect.Bool && (s == "true" || s == "false"):
		v.SetBool(s == "true")
	case v.CanInt():
		var i int64
		i, err = strconv.ParseInt(s, 10, v.Type().Bits())
		v.SetInt(i)
	case v.CanFloat():
		var f float64
		if f, err = strconv.ParseFloat(s, v.Type().Bits()); err == nil && (math.IsInf(f, 0) || math.IsNaN(f)) {
			err = strconv.ErrRange
		}
		v.SetFloat(f)
	default:
		err = strconv.ErrSyntax
	}
	if err != nil {
		return fmt.Errorf("must be %s", want(v.Type()))
	}
	return nil
}

// parseDuration reads what time.ParseDuration does, and days before it.
func parseDuration(s string) (time.Duration, error) {
	const day, mostDays = 24 * time.Hour, 36_500
	var days int64
	if before, after, ok := strings.Cut(s, "d"); ok {
		var err error
		if days, err = strconv.ParseInt(before, 10, 64); err != nil || days > mostDays {
			return 0, strconv.ErrRange
		}
		if s = after; s == "" {
			s = "0"
		}
	}
	rest, err := time.ParseDuration(s)
	if err != nil || days < 0 || rest < 0 || rest > mostDays*day {
		return 0, strconv.ErrRange
	}
	return time.Duration(days)*day + rest, nil
}

// want says what a value of type t must be.
func want(t reflect.Type) string {
	switch {
	case t == durationType:
		return "a duration such as 2s, 15m or 7d"
	case t == textType:
		return "text or file:PATH"
	case t == secretType:
		return `text, "${NAME}" or file:PATH`
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

// text returns the text of a scalar as it was written.
func text(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// describe says what n is, without showing it.
func describe(n ast.Node) string {
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		return "an anchor or alias (write the value itself)"
	case *ast.TagNode:
		return "a tag"
	case *ast.MappingKeyNode:
		return "a question mark"
	default:
		return "a value"
	}
}
