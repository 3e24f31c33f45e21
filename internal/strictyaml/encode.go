package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"
)

// Encode writes the struct that v points to so that Decode reads the same,
// except that secrets are hidden. Secrets, and fields whose tag has
// ",omitempty", are left out where they are zero. The value of a field tagged
// ",further" is a pointer to a struct, whose keys join those of the struct
// around it.
func Encode(w io.Writer, v any) error {
	var b bytes.Buffer
	writeStruct(&b, "", structOf(v))
	_, err := w.Write(b.Bytes())
	return err
}

func writeStruct(b *bytes.Buffer, indent string, v reflect.Value) {
	for _, f := range fieldsOf(v.Type()) {
		inner := v.FieldByIndex(f.index)
		if inner.IsZero() && (f.omitEmpty || inner.Type() == secretType) {
			continue
		}
		writeEntry(b, indent, f.name, inner)
	}
	if i := furtherField(v.Type()); i != nil && !v.FieldByIndex(i).IsNil() {
		writeStruct(b, indent, v.FieldByIndex(i).Elem().Elem())
	}
}

// writeEntry writes one key with its value.
func writeEntry(b *bytes.Buffer, indent, key string, v reflect.Value) {
	b.WriteString(indent + quoted(key) + ":")
	switch {
	case v.Kind() == reflect.Struct:
		b.WriteByte('\n')
		writeStruct(b, indent+"  ", v)
	case v.Kind() == reflect.Slice && keyField(v.Type().Elem()) != nil:
		b.WriteByte('\n')
		for _, one := range v.Seq2() {
			b.WriteString(indent + "  " + quoted(one.FieldByIndex(keyField(one.Type())).String()) + ":\n")
			writeStruct(b, indent+"    ", one)
		}
	case v.Kind() == reflect.Slice && v.Len() != 1:
		var list []string
		for _, one := range v.Seq2() {
			list = append(list, plain(one))
		}
		b.WriteString(" [" + strings.Join(list, ", ") + "]\n")
	case v.Kind() == reflect.Slice:
		b.WriteString(" " + plain(v.Index(0)) + "\n")
	default:
		b.WriteString(" " + plain(v) + "\n")
	}
}

// plain returns a scalar as YAML.
func plain(v reflect.Value) string {
	switch {
	case v.Type() == durationType:
		return formatDuration(time.Duration(v.Int()))
	case v.Type() == secretType:
		return hidden
	case v.Kind() == reflect.String:
		return quoted(strings.ReplaceAll(v.String(), "${", "$${"))
	}
	return fmt.Sprint(v.Interface())
}

// quoted returns a text as YAML, in quotes unless it is quite ordinary. JSON's
// quotes are YAML's.
func quoted(s string) string {
	switch strings.ToLower(s) {
	case "", "true", "false", "null", "yes", "no", "y", "n", "on", "off":
	default:
		letters := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		if strings.Contains(letters, s[:1]) && strings.Trim(s, letters+"0123456789_-/") == "" {
			return s
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string and a buffer cannot fail
	return strings.TrimSuffix(b.String(), "\n")
}

// formatDuration writes days where time.Duration would write hours.
func formatDuration(t time.Duration) string {
	const day = 24 * time.Hour
	t = max(t, 0)
	if t >= day && t%day == 0 {
		return fmt.Sprintf("%dd", t/day)
	}
	return t.String()
}
