package tracking

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"strconv"
	"time"
)

// An Object is a JSON object whose members keep their order, and their bytes
// unless they are set.
type Object struct{ members []member }

type member struct {
	key   string
	value json.RawMessage
}

var errNoObject = errors.New("tracking: no JSON object")

func parse(b []byte) (*Object, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	var o Object
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		o.members = append(o.members, member{key.(string), value})
	}
	return &o, nil
}

// json returns the object.
func (o *Object) json() []byte {
	out := []byte{'{'}
	for i, m := range o.members {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, quote(m.key)...), ':'), m.value...)
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
func (o *Object) SetText(key, text string) { o.Set(key, quote(text)) }

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

// quote writes s as JSON. Unlike json.Marshal it does not escape for HTML,
// which could make a call larger than a receiver takes.
func quote(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}
