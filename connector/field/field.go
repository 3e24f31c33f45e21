// Package field reads JSON values that chat tools write each in its own way.
package field

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads JSON into v. It is strict about names: neither another case nor
// a second key of the same name can pass for the first.
func Decode(body []byte, v any) error {
	return json.Unmarshal(body, v, jsontext.AllowInvalidUTF8(true))
}

// DecodeAny is Decode for JSON of any shape: objects as map[string]any, numbers
// as json.Number, so that no id loses a digit.
func DecodeAny(body []byte) (v any, err error) {
	err = json.Unmarshal(body, &v, jsontext.AllowInvalidUTF8(true), json.WithUnmarshalers(numbers))
	return v, err
}

var numbers = json.UnmarshalFromFunc(func(d *jsontext.Decoder, v *any) error {
	if d.PeekKind() != '0' {
		return errors.ErrUnsupported // read as usual
	}
	number, err := d.ReadValue()
	*v = stdjson.Number(number)
	return err
})

// Strict is Decode for what somebody writes by hand: an unknown key is an error,
// and errors name the path.
func Strict(body []byte, v any) error {
	err := json.Unmarshal(body, v, json.RejectUnknownMembers(true))
	var wrong *json.SemanticError
	switch {
	case errors.As(err, &wrong) && errors.Is(wrong.Err, json.ErrUnknownName):
		return fmt.Errorf("%s: unknown key", path(wrong.JSONPointer, "."))
	case errors.As(err, &wrong) && wrong.GoType == timeType:
		return fmt.Errorf("%s: is not a time", path(wrong.JSONPointer, "."))
	case errors.As(err, &wrong):
		return fmt.Errorf("%s: cannot be a JSON %s", path(wrong.JSONPointer, "."), wrong.JSONKind)
	case err != nil:
		return errors.New("is not JSON")
	}
	return nil
}

var timeType = reflect.TypeFor[Time]()

// path writes where a pointer points, with something between the keys. A key
// that does not look like one may be what somebody wrote.
func path(p jsontext.Pointer, between string) string {
	var keys []string
	for k := range p.Tokens() {
		if !plainKey.MatchString(k) {
			k = "…"
		}
		keys = append(keys, k)
	}
	return strings.Join(keys, between)
}

var plainKey = regexp.MustCompile(`^[a-zA-Z0-9_.-]{1,40}$`)

// Malformed says what is wrong with a body that Decode refused, without what
// it holds.
func Malformed(tool string, err error) error {
	var wrong *json.SemanticError
	if errors.As(err, &wrong) {
		return fmt.Errorf("%s: /%s: a JSON %s is not known there", tool, path(wrong.JSONPointer, "/"), wrong.JSONKind)
	}
	return fmt.Errorf("%s: the body is not JSON as it is known", tool)
}

// An ID is a number or a string, as text; null is "".
type ID string

// UnmarshalJSON implements json.Unmarshaler.
func (v *ID) UnmarshalJSON(b []byte) error {
	switch {
	case b[0] == '"':
		return json.Unmarshal(b, (*string)(v))
	case b[0] == '-' || b[0] >= '0' && b[0] <= '9':
		*v = ID(b)
		return nil
	case string(b) == "null":
		*v = ""
		return nil
	}
	return errors.New("an id is a number or a string")
}

// A Text is a string; any other value is none.
type Text string

// UnmarshalJSON implements json.Unmarshaler.
func (v *Text) UnmarshalJSON(b []byte) error {
	*v = ""
	if b[0] != '"' {
		return nil
	}
	return json.Unmarshal(b, (*string)(v))
}

// A Time is a time in any form that ParseTime reads; null is the zero time.
type Time struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler.
func (v *Time) UnmarshalJSON(b []byte) (err error) {
	s := string(bytes.Trim(b, `"`))
	if s == "null" {
		v.Time = time.Time{}
		return nil
	}
	v.Time, err = ParseTime(s)
	return err
}

// layouts are how tools write times, without what stands for the T.
var layouts = []string{
	"2006-01-02T15:04:05.999999999Z07:00",
	"2006-01-02T15:04:05.999999999Z0700",
	"2006-01-02T15:04:05.999999999Z07",
	"2006-01-02T15:04:05.999999999 MST",
	"2006-01-02T15:04:05.999999999 -0700",
	"2006-01-02T15:04:05.999999999",
	time.RFC1123, time.RFC1123Z,
	"Mon Jan 02 2006 15:04:05 GMT-0700",
	"Jan 2, 2006 3:04:05 PM",
}

// ParseTime reads a time: seconds, milliseconds, microseconds or nanoseconds
// since 1970, by their size, also with a fraction; RFC 3339, also with a space
// for the T, with an offset without colon, or without any, which is UTC; and
// what JavaScript, Java and HTTP write. "" and "0" are the zero time.
func ParseTime(s string) (time.Time, error) { return ParseTimeIn(s, time.UTC) }

// ParseTimeIn is ParseTime for a tool whose times without zone are in another.
func ParseTimeIn(s string, zone *time.Location) (time.Time, error) {
	s = strings.TrimSpace(s)
	if s == "" || s == "0" {
		return time.Time{}, nil
	}
	if t, ok := parseNumber(s); ok {
		return t, nil
	}
	if before, _, ok := strings.Cut(s, " ("); ok {
		s = before
	}
	if len(s) > 10 && s[4] == '-' && s[10] == ' ' {
		s = s[:10] + "T" + s[11:]
	}
	if short := "2006-01-02T15:04:05"; len(s) == len(short) {
		if t, err := time.ParseInLocation(short, s, zone); err == nil {
			return t.UTC(), nil
		}
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, s, zone); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("a time is RFC 3339 or a number since 1970")
}

// parseNumber reads a number since 1970.
func parseNumber(s string) (time.Time, bool) {
	if strings.ContainsAny(s, "-: ") {
		return time.Time{}, false // without the errors, which cost more than the rest
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil && n > 0 {
		switch {
		case n < 1e11:
			return time.Unix(n, 0).UTC(), true
		case n < 1e14:
			return time.UnixMilli(n).UTC(), true
		case n < 1e17:
			return time.UnixMicro(n).UTC(), true
		}
		return time.Unix(0, n).UTC(), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || f <= 0 || f > 1e14 {
		return time.Time{}, false
	}
	if f > 1e11 {
		f /= 1e3
	}
	// A double holds microseconds of our age, and no more.
	return time.UnixMicro(int64(math.Round(f * 1e6))).UTC(), true
}

// An Object holds key-value pairs that anybody can set. They are read when they
// are asked for: most webhooks hold none of interest.
type Object jsontext.Value

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (o *Object) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	v, err := d.ReadValue()
	*o = append((*o)[:0], v...)
	return err
}

// Get returns a value, or nil. What is not an object holds none.
func (o Object) Get(key string) jsontext.Value {
	if !bytes.Contains(o, []byte(key)) {
		return nil
	}
	s := scanners.Get().(*scanner)
	defer func() {
		s.r.Reset(nil) // it holds on to nothing
		scanners.Put(s)
	}()
	s.r.Reset(o)
	s.d.Reset(&s.r, jsontext.AllowInvalidUTF8(true))
	if t, err := s.d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil
	}
	var found jsontext.Value
	for s.d.PeekKind() == '"' {
		name, _ := s.d.ReadToken()
		asked := name.String() == key
		v, err := s.d.ReadValue()
		if err != nil {
			return nil
		}
		if asked {
			found = v.Clone()
		}
	}
	if _, err := s.d.ReadToken(); err != nil { // a name given twice, for one
		return nil
	}
	return found
}

// A scanner walks through an object without making a map of it.
type scanner struct {
	r bytes.Reader
	d jsontext.Decoder
}

var scanners = sync.Pool{New: func() any { return new(scanner) }}

// Has reports whether there is a value other than null.
func (o Object) Has(key string) bool {
	v := o.Get(key)
	return len(v) > 0 && string(v) != "null"
}

// Truthy reports whether there is a value other than null and false.
func (o Object) Truthy(key string) bool { return o.Has(key) && string(o.Get(key)) != "false" }

// Text returns a value that is a string or a number, as text, else "".
func (o Object) Text(key string) string {
	var v ID
	if b := o.Get(key); b == nil || v.UnmarshalJSON(b) != nil {
		return ""
	}
	return string(v)
}

// First returns the text of the first of the keys that has one.
func (o Object) First(keys ...string) string {
	for _, k := range keys {
		if s := o.Text(k); k != "" && s != "" {
			return s
		}
	}
	return ""
}

// Kind reads the text at a key of a body that Decode refused: what is of no
// interest may have any shape, and says so there.
func Kind(body []byte, key string) (kind string, ok bool) {
	var m map[string]jsontext.Value
	if Decode(body, &m) != nil || m == nil {
		return "", false
	}
	v, told := m[key]
	return kind, !told || json.Unmarshal(v, &kind) == nil
}
