package deliver

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/jq"
	"github.com/parlance-chat/parlance/livechat"
)

// A Policy is what a destination wants changed. The zero value changes nothing.
type Policy struct {
	MessageBody MessageBody
	Perspective Perspective
	// Only and Except, if not nil, say which events the destination gets.
	Only, Except *Filter
	// Transform, if not nil, makes another call of each, or none.
	Transform *jq.Program
	// Salt, if not empty, gives every call another messageId, derived from
	// its own and the salt.
	Salt string
}

// MessageBody says what becomes of message_body.
type MessageBody string

// Values of MessageBody; the zero value is Include.
const (
	Include MessageBody = "include"
	Redact  MessageBody = "redact" // with e-mail addresses, phone and card numbers masked
	Omit    MessageBody = "omit"
)

// Perspective says whose the names of Sent and Received are.
type Perspective string

// Values of Perspective; the zero value is Customer, as the specification has it.
const (
	Customer Perspective = "customer"
	Company  Perspective = "company" // Sent and Received swapped
)

// render returns an event as the destination is to get it, but for the time of
// the attempt. It is nil if the destination is not to get it at all.
func (p Policy) render(e journal.Event) (*destination.Call, error) {
	if !p.Only.lets(e) || p.Except.leavesOut(e) {
		return nil, nil
	}
	c := &destination.Call{Workspace: e.Workspace, Source: e.Source, MessageID: e.MessageID, Conversation: e.Conversation,
		Event: string(p.name(livechat.Kind(e.Name))), JSON: e.JSON}
	if p.Salt != "" {
		c.MessageID = salted(p.Salt, e.MessageID)
	}
	if p.MessageBody != "" || p.Perspective != "" || p.Salt != "" {
		var err error
		if c.JSON, err = p.edit(c.JSON, livechat.Kind(e.Name), c.MessageID); err != nil {
			return nil, err
		}
	}
	if len(c.JSON) < len("{}") || c.JSON[0] != '{' {
		return nil, errNoObject
	}
	if p.Transform == nil {
		return c, nil
	}
	// It comes last: it cannot bring back what the policy has taken out.
	return transform(p.Transform, c)
}

// Takes reports whether the destination is to get an event at all.
func (p Policy) Takes(e journal.Event) bool {
	c, err := p.render(e)
	return c != nil || err != nil // what cannot be rendered is parked
}

var errNoObject = errors.New("deliver: BUG: a stored call is no JSON object")

// salted derives a UUID as package conversation does.
func salted(salt, id string) string {
	h := sha256.Sum256([]byte(strconv.Itoa(len(salt)) + ":" + salt + id))
	u := uuid.UUID(h[:16])
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// name returns what the destination calls an event.
func (p Policy) name(k livechat.Kind) livechat.Kind {
	switch {
	case p.Perspective == Company && k == livechat.Sent:
		return livechat.Received
	case p.Perspective == Company && k == livechat.Received:
		return livechat.Sent
	}
	return k
}

// edit applies the policy. Whatever it does not change keeps its bytes.
func (p Policy) edit(call []byte, k livechat.Kind, messageID string) ([]byte, error) {
	name := p.name(k)
	ours := slices.Contains(livechat.Kinds(), k) // all else passes through
	return editObject(call, func(key string, value json.RawMessage) (json.RawMessage, error) {
		switch {
		case key == "messageId" && p.Salt != "":
			return json.Marshal(messageID)
		case key == "event" && name != k:
			return json.Marshal(name)
		case key == "properties" && ours && (p.MessageBody == Redact || p.MessageBody == Omit):
			if value[0] != '{' {
				return nil, nil // somebody's own idea of an event; a body may be anywhere in it
			}
			return editObject(value, p.body)
		}
		return value, nil
	})
}

// body is what becomes of a property.
func (p Policy) body(key string, value json.RawMessage) (json.RawMessage, error) {
	if key != "message_body" {
		return value, nil
	}
	if p.MessageBody == Omit {
		return nil, nil
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return nil, nil // no text, nothing to show
	}
	return quote(redact(text)), nil
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

// editObject returns a JSON object in which edit has changed values. A nil
// value is left out. The order of keys stays.
func editObject(object []byte, edit func(key string, value json.RawMessage) (json.RawMessage, error)) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errNoObject
	}
	out := []byte{'{'}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, err
		}
		if value, err = edit(key.(string), value); err != nil {
			return nil, err
		}
		if value == nil {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(append(append(out, quote(key.(string))...), ':'), value...)
	}
	return append(out, '}'), nil
}
