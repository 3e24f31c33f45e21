package strictyaml

import (
	"reflect"
	"strings"
)

// A field is a struct's field that has a key.
type field struct {
	name      string
	index     []int
	omitEmpty bool
	never     bool // a duration of which 0 is not the zero value
}

// fieldsOf returns the fields of a struct and of those embedded in it.
func fieldsOf(t reflect.Type) []field {
	var list []field
	for f := range t.Fields() {
		tag, tagged := f.Tag.Lookup("yaml")
		name, option, _ := strings.Cut(tag, ",")
		switch {
		case f.Anonymous && !tagged:
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append(append([]int(nil), f.Index...), inner.index...)
				list = append(list, inner)
			}
		case name != "" && name != "-":
			never := option == "never"
			list = append(list, field{name, f.Index, never || option == "omitempty", never})
		}
	}
	return list
}

// keyField returns the index of the field that takes a named struct's name, or
// nil.
func keyField(t reflect.Type) []int { return optionField(t, "key") }

// furtherField returns the index of the field that holds the struct that takes
// further keys, or nil.
func furtherField(t reflect.Type) []int { return optionField(t, "further") }

func optionField(t reflect.Type, option string) []int {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for f := range t.Fields() {
		if f.Tag.Get("yaml") == ","+option {
			return f.Index
		}
	}
	return nil
}

// structOf returns the struct that v points to.
func structOf(v any) reflect.Value {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.Elem().Kind() != reflect.Struct {
		panic("BUG: strictyaml: not a pointer to a struct")
	}
	return p.Elem()
}

// Keys returns the keys of the struct that v points to, in their order.
func Keys(v any) []string {
	var names []string
	for _, f := range fieldsOf(structOf(v).Type()) {
		names = append(names, f.name)
	}
	return names
}

// KeysSet returns those whose fields are not zero.
func KeysSet(v any) []string {
	var names []string
	s := structOf(v)
	for _, f := range fieldsOf(s.Type()) {
		if !s.FieldByIndex(f.index).IsZero() {
			names = append(names, f.name)
		}
	}
	return names
}

// SecretKeys returns those whose values are secrets, one or a list.
func SecretKeys(v any) []string {
	return keysOf(v, func(t reflect.Type) bool { return t == secretType || t == reflect.SliceOf(secretType) })
}

// ListKeys returns those whose values are lists of texts.
func ListKeys(v any) []string {
	return keysOf(v, func(t reflect.Type) bool { return t == reflect.TypeFor[[]string]() })
}

func keysOf(v any, is func(reflect.Type) bool) []string {
	var names []string
	s := structOf(v)
	for _, f := range fieldsOf(s.Type()) {
		if is(s.FieldByIndex(f.index).Type()) {
			names = append(names, f.name)
		}
	}
	return names
}
