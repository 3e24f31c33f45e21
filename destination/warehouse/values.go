package warehouse

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// lenient reads whatever SDKs send.
var lenient = json.JoinOptions(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// text returns the value of a text column, if there is one. What is no text is
// written as JSON, as Segment does with lists.
func text(v string) (string, bool) {
	switch kind(v) {
	case 0, 'n':
		return "", false
	case '"':
		if strings.IndexByte(v, '\\') < 0 {
			return storable(v[1 : len(v)-1]), true
		}
		s, ok := unquote(v)
		return storable(s), ok
	}
	b, err := clean(v)
	return string(b), err == nil
}

// asText is text for a row.
func asText(v string) any {
	if s, ok := text(v); ok {
		return s
	}
	return nil
}

// asID returns the value of a column that holds an id, or nil.
func asID(v string) any {
	if id, ok := text(v); ok && id != "" {
		return id
	}
	return nil
}

// asInt returns the value of an integer column, or nil.
func asInt(v string) any {
	if c := kind(v); c != '-' && (c < '0' || c > '9') {
		return nil
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return nil
	}
	return n
}

// asTime reads a time as JSON has it.
func asTime(v string) (time.Time, bool) {
	s, ok := text(v)
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

// asJSON writes fields for a JSON column.
func asJSON(all []field) ([]byte, error) {
	out := []byte{'{'}
	for _, f := range all {
		if len(out) > 1 {
			out = append(out, ',')
		}
		b, err := clean(f.value)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, quoted(storable(f.key))...), ':'), b...)
	}
	return append(out, '}'), nil
}

// clean rewrites JSON so that every warehouse takes it: no NUL, no half of a
// surrogate pair, no number beyond what PostgreSQL counts.
func clean(v string) ([]byte, error) {
	if c := kind(v); c == 't' || c == 'f' || (c == '-' || '0' <= c && c <= '9') && countable(v) {
		return []byte(v), nil
	}
	var out bytes.Buffer
	d := jsontext.NewDecoder(strings.NewReader(v), lenient)
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
