package strictyaml

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
)

// Encode writes the struct that v points to so that Decode reads the same,
// except that secrets are hidden. Secrets, and fields whose tag has
// ",omitempty", are left out where they are zero. The value of a field tagged ",further" is a pointer
// to a struct, whose keys join those of the struct around it.
func Encode(w io.Writer, v any) error {
	tree := mapOf(structOf(v))
	if len(tree) == 0 {
		return nil
	}
	b, err := yaml.MarshalWithOptions(tree, yaml.IndentSequence(true))
	if err != nil {
		return fmt.Errorf("strictyaml: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// mapOf returns a struct as what the YAML encoder writes in this order.
func mapOf(v reflect.Value) yaml.MapSlice {
	m := yaml.MapSlice{}
	for _, f := range fieldsOf(v.Type()) {
		inner := v.FieldByIndex(f.index)
		if inner.IsZero() && (f.omitEmpty || inner.Type() == secretType) {
			continue
		}
		m = append(m, yaml.MapItem{Key: f.name, Value: plain(inner)})
	}
	if i := furtherField(v.Type()); i != nil && !v.FieldByIndex(i).IsNil() {
		m = append(m, mapOf(v.FieldByIndex(i).Elem().Elem())...)
	}
	return m
}

func plain(v reflect.Value) any {
	switch {
	case v.Type() == durationType:
		return formatDuration(time.Duration(v.Int()))
	case v.Type() == secretType:
		return hidden
	case v.Kind() == reflect.Struct:
		return mapOf(v)
	case v.Kind() == reflect.Slice && keyField(v.Type().Elem()) != nil:
		m := yaml.MapSlice{}
		for _, one := range v.Seq2() {
			m = append(m, yaml.MapItem{Key: one.FieldByIndex(keyField(one.Type())).String(), Value: mapOf(one)})
		}
		return m
	case v.Kind() == reflect.Slice:
		list := []any{}
		for _, one := range v.Seq2() {
			list = append(list, plain(one))
		}
		return list
	case v.Kind() == reflect.String:
		return strings.ReplaceAll(v.String(), "${", "$${")
	}
	return v.Interface()
}

// formatDuration writes days where time.Duration would write hours.
func formatDuration(t time.Duration) string {
	const day = 24 * time.Hour
	if t >= day && t%day == 0 {
		return fmt.Sprintf("%dd", t/day)
	}
	return t.String()
}
