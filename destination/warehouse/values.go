package warehouse

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// values are those of a JSON object.
type values map[string]jsontext.Value

// keys returns the names in order, so that the same call gives the same rows.
func (v values) keys() []string {
	keys := make([]string, 0, len(v))
	for key := range v {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// lenient reads whatever SDKs send.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

var errNoObject = errors.New("no object")

var decoders = sync.Pool{New: func() any { return new(jsontext.Decoder) }}

// object reads a JSON object. Values that are null are left out, as they are in
// Segment's tables.
func object(v []byte) (values, error) {
	if len(v) == 0 || jsontext.Value(v).Kind() != '{' {
		return nil, errNoObject
	}
	all := values{}
	d := decoders.Get().(*jsontext.Decoder)
	defer decoders.Put(d)
	d.Reset(bytes.NewBuffer(v), lenient) // it reads a Buffer where it lies
	_, err := d.ReadToken()
	for err == nil && d.PeekKind() == '"' {
		var name jsontext.Token
		if name, err = d.ReadToken(); err != nil {
			break
		}
		key := name.String() // before the next is read
		var value jsontext.Value
		if value, err = d.ReadValue(); err != nil {
			break
		}
		if value.Kind() == 'n' {
			delete(all, key)
			continue
		}
		end := int(d.InputOffset())
		all[key] = v[end-len(value) : end : end]
	}
	if err == nil {
		_, err = d.ReadToken() // }
	}
	if err != nil {
		return nil, err
	}
	if _, err := d.ReadToken(); err != io.EOF {
		return nil, errNoObject
	}
	return all, nil
}

// asText returns the value of a text column, or nil. What is no text is written
// as JSON, as Segment does with lists.
func asText(v jsontext.Value) any {
	switch {
	case len(v) == 0, v.Kind() == 'n':
		return nil
	case v.Kind() == '"' && bytes.IndexByte(v, '\\') < 0:
		return storable(string(v[1 : len(v)-1]))
	case v.Kind() == '"':
		s, err := jsontext.AppendUnquote(nil, v)
		if err != nil && s == nil {
			return nil
		}
		return storable(string(s))
	}
	b, err := clean(v)
	if err != nil {
		return nil
	}
	return string(b)
}

// asID returns the value of a column that holds an id, or nil.
func asID(v jsontext.Value) any {
	if id := asText(v); id != "" {
		return id
	}
	return nil
}

// asInt returns the value of an integer column, or nil.
func asInt(v jsontext.Value) any {
	if v.Kind() != '0' {
		return nil
	}
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil {
		return nil
	}
	return n
}

// asTime reads a time as JSON has it.
func asTime(v jsontext.Value) (time.Time, bool) {
	s, ok := asText(v).(string)
	if !ok {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// storable returns s without what some warehouses can keep nowhere.
func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")
}

func quoted(s string) []byte {
	b, _ := jsontext.AppendQuote(nil, strings.ToValidUTF8(s, "\uFFFD")) // which always can be
	return b
}

// asJSON writes values for a JSON column, always in the same order.
func asJSON(all values) ([]byte, error) {
	out := []byte{'{'}
	for _, key := range all.keys() {
		if len(out) > 1 {
			out = append(out, ',')
		}
		b, err := clean(all[key])
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, quoted(storable(key))...), ':'), b...)
	}
	return append(out, '}'), nil
}

// clean rewrites JSON so that every warehouse takes it: no NUL, no half of a
// surrogate pair, no number beyond what PostgreSQL counts.
func clean(v jsontext.Value) ([]byte, error) {
	var out bytes.Buffer
	d := jsontext.NewDecoder(bytes.NewReader(v), lenient)
	e := jsontext.NewEncoder(&out, lenient)
	for {
		t, err := d.ReadToken()
		if err == io.EOF {
			return bytes.TrimSpace(out.Bytes()), nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case t.Kind() == '"', t.Kind() == '0' && !countable(t.String()):
			t = jsontext.String(storable(t.String()))
		}
		if err := e.WriteToken(t); err != nil {
			return nil, err
		}
	}
}

// countable reports whether PostgreSQL's numeric surely holds a number.
func countable(number string) bool {
	digits, exponent, found := strings.Cut(strings.ToLower(number), "e")
	if len(digits) > 1000 {
		return false
	}
	if !found {
		return true
	}
	n, err := strconv.Atoi(exponent)
	return err == nil && -1000 <= n && n <= 1000
}
