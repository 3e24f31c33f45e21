package warehouse

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// A call is the values of one, as JSON.
type call struct {
	id                                            string // as text
	kind, event, user, anonymous, timestamp, sent string
	name, category, group, previous               string
	context, properties, traits                   string
}

// read sets what a call of valid JSON says. Of names that are the same the last holds.
func (c *call) read(v string) {
	each(v, func(key, value string) {
		switch key {
		case "type":
			c.kind = value
		case "event":
			c.event = value
		case "userId":
			c.user = value
		case "anonymousId":
			c.anonymous = value
		case "timestamp":
			c.timestamp = value
		case "sentAt":
			c.sent = value
		case "name":
			c.name = value
		case "category":
			c.category = value
		case "groupId":
			c.group = value
		case "previousId":
			c.previous = value
		case "context":
			c.context = value
		case "properties":
			c.properties = value
		case "traits":
			c.traits = value
		}
	})
}

// A field is a name in a JSON object, and the JSON beside it.
type field struct{ key, value string }

// kind returns the first character of JSON without blanks around it: what it is.
func kind(v string) byte {
	if v == "" {
		return 0
	}
	return v[0]
}

// object reads a valid JSON object into all, which is empty, in the order of
// the names: the same call gives the same rows. Of those that are the same the
// last holds. Values that are null are left out, as they are in Segment's
// tables.
func object(all []field, v string) []field {
	each(v, func(key, value string) { all = append(all, field{key, value}) })
	return settle(all)
}

// settle puts fields in order, and keeps the last of each name, unless it is null.
func settle(all []field) []field {
	slices.SortStableFunc(all, func(a, b field) int { return strings.Compare(a.key, b.key) })
	kept := all[:0]
	for i, f := range all {
		if last := i+1 == len(all) || all[i+1].key != f.key; last && kind(f.value) != 'n' {
			kept = append(kept, f)
		}
	}
	return kept
}

// each calls do for the names and values of a JSON object. It checks nothing:
// that the call is valid was found out once, and not again for each object in it.
func each(v string, do func(key, value string)) {
	i := strings.IndexByte(v, '{') + 1
	for {
		for v[i] != '"' {
			if v[i] == '}' {
				return
			}
			i++ // a blank, or the comma
		}
		end := i + skipString(v[i:])
		key, _ := unquote(v[i:end])
		for i = end; v[i] == ':' || blank(v[i]); i++ {
		}
		end = i + skip(v[i:])
		do(key, v[i:end])
		i = end
	}
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// skipString returns the length of the string with which valid JSON begins.
func skipString(v string) int {
	for i := 1; ; i++ {
		switch v[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
}

// skip returns the length of the value with which valid JSON begins.
func skip(v string) int {
	depth := 0
	for i := 0; i < len(v); i++ {
		switch c := v[i]; c {
		case '"':
			i += skipString(v[i:]) - 1
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		default: // a number or a literal, or what is between values
			if depth > 0 {
				continue
			}
			for i+1 < len(v) && v[i+1] != ',' && v[i+1] != '}' && v[i+1] != ']' && !blank(v[i+1]) {
				i++
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(v)
}

// unquote returns what a JSON string says. What is no UTF-8 in it may stay.
func unquote(v string) (string, bool) {
	if strings.IndexByte(v, '\\') < 0 && utf8.ValidString(v) {
		return v[1 : len(v)-1], true
	}
	s, err := jsontext.AppendUnquote(nil, v)
	return string(s), err == nil || s != nil
}
