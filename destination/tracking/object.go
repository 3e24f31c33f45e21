package tracking

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// An Object is a JSON object whose members keep their order, and their bytes
// unless they are set.
type Object struct{ members []member }

type member struct {
	key   string
	value json.RawMessage
}

var errNoObject = errors.New("tracking: no JSON object")

// parse reads an object. Its values lie in b.
func parse(b []byte) (*Object, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(b), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, errNoObject
	}
	o := &Object{members: make([]member, 0, 12)} // a call and what is added, mostly
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		key, from := t.String(), d.InputOffset()
		if err := d.SkipValue(); err != nil {
			return nil, err
		}
		value := bytes.TrimLeft(b[from:d.InputOffset()], ": \t\r\n")
		o.members = append(o.members, member{key, slices.Clip(value)})
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	return o, nil
}

// json returns the object.
func (o *Object) json() []byte {
	size := 2
	for _, m := range o.members {
		size += len(m.key) + len(m.value) + len(`"":,`)
	}
	out := append(make([]byte, 0, size), '{')
	for i, m := range o.members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(appendQuote(out, m.key), ':'), m.value...)
	}
	return append(out, '}')
}

func (o *Object) at(key string) int {
	return slices.IndexFunc(o.members, func(m member) bool { return m.key == key })
}

// Get returns a member, or nil.
func (o *Object) Get(key string) json.RawMessage {
	if i := o.at(key); i >= 0 {
		return o.members[i].value
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (o *Object) MarshalJSON() ([]byte, error) { return o.json(), nil }

// Len returns the number of members.
func (o *Object) Len() int { return len(o.members) }

// All returns the members in their order.
func (o *Object) All() iter.Seq2[string, json.RawMessage] {
	return func(yield func(string, json.RawMessage) bool) {
		for _, m := range o.members {
			if !yield(m.key, m.value) {
				return
			}
		}
	}
}

// In returns a member that is an object, to be read, or an empty one.
func (o *Object) In(key string) *Object {
	inner, err := parse(o.Get(key))
	if err != nil {
		return &Object{}
	}
	return inner
}

// Text returns a member that is a text.
func (o *Object) Text(key string) (text string, ok bool) {
	value := o.Get(key)
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	if bytes.IndexByte(value, '\\') < 0 && utf8.Valid(value) {
		return string(value[1 : len(value)-1]), true
	}
	return text, json.Unmarshal(value, &text) == nil
}

// Set sets a member, at the end if there is none. No value sets nothing.
func (o *Object) Set(key string, value json.RawMessage) {
	if value == nil {
		return
	}
	if i := o.at(key); i >= 0 {
		o.members[i].value = value
		return
	}
	o.members = append(o.members, member{key, value})
}

// SetObject sets a member to an object.
func (o *Object) SetObject(key string, inner *Object) { o.Set(key, inner.json()) }

// SetMillis sets a member to a time, in milliseconds of Unix time.
func (o *Object) SetMillis(key string, at time.Time) {
	o.Set(key, strconv.AppendInt(nil, at.UnixMilli(), 10))
}

// SetText sets a member to a text.
func (o *Object) SetText(key, text string) { o.Set(key, appendQuote(nil, text)) }

// Copy gives the value of one member to another that is not there.
func (o *Object) Copy(from, to string) {
	if value := o.Get(from); value != nil && o.at(to) < 0 {
		o.Set(to, value)
	}
}

// Remove removes a member.
func (o *Object) Remove(key string) {
	o.members = slices.DeleteFunc(o.members, func(m member) bool { return m.key == key })
}

// Within changes a member that is an object.
func (o *Object) Within(key string, edit func(*Object)) {
	inner, err := parse(o.Get(key))
	if err != nil {
		return // no object, and so none that we made
	}
	edit(inner)
	o.Set(key, inner.json())
}

// appendQuote appends s as JSON. Unlike json.Marshal it does not escape for
// HTML, which could make a call larger than a receiver takes.
func appendQuote(b []byte, s string) []byte {
	b, _ = jsontext.AppendQuote(b, s) // what is no UTF-8 it has replaced
	return b
}
