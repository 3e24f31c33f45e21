package destination

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// Name returns the name of the event that a call tells of, such as "Live Chat
// Message Sent", and of other calls the type, such as "identify". Its error is
// a *Refusal. It reads no more of the call than it needs.
func (c Call) Name() (string, error) {
	d := jsontext.NewDecoder(bytes.NewReader(c.JSON))
	refusal := &Refusal{Reason: "the call is no JSON object with a type and an event"}
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return "", refusal
	}
	kind := ""
	for d.PeekKind() == '"' {
		t, err := d.ReadToken()
		if err != nil {
			return "", refusal
		}
		key := t.String()
		if key != "type" && key != "event" {
			if err := d.SkipValue(); err != nil {
				return "", refusal
			}
			continue
		}
		v, err := d.ReadToken()
		switch {
		case err == nil && v.Kind() == 'n':
			continue // as good as not there
		case err != nil || v.Kind() != '"':
			return "", refusal
		}
		if key == "event" {
			return v.String(), nil
		}
		if kind = v.String(); kind != "track" {
			return kind, nil
		}
	}
	if _, err := d.ReadToken(); err != nil || kind == "" {
		return "", refusal
	}
	return kind, nil
}
