package destination

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

var errNoName = &Refusal{Reason: "the call is no JSON object with a type and an event"}

// Name returns the name of the event that a call tells of, such as "Live Chat
// Message Sent", and of other calls the type, such as "identify". Its error is
// a *Refusal. Where it is not known, it reads no more of the call than it needs.
func (c Call) Name() (string, error) {
	if c.Event != "" {
		return c.Event, nil
	}
	// A decoder reads a Buffer where it lies.
	d := jsontext.NewDecoder(bytes.NewBuffer(c.JSON), jsontext.AllowDuplicateNames(true))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return "", errNoName
	}
	kind := ""
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return "", errNoName
		}
		key := t.String()
		if key != "type" && key != "event" {
			if err := d.SkipValue(); err != nil {
				return "", errNoName
			}
			continue
		}
		v, err := d.ReadToken()
		switch {
		case err == nil && v.Kind() == 'n':
			continue // as good as not there
		case err != nil || v.Kind() != '"':
			return "", errNoName
		}
		if key == "event" {
			return v.String(), nil
		}
		if kind = v.String(); kind != "track" {
			return kind, nil
		}
	}
	if _, err := d.ReadToken(); err != nil || kind == "" {
		return "", errNoName
	}
	return kind, nil
}
