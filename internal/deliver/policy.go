package deliver

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// A Policy is what a destination wants changed. The zero value changes nothing.
type Policy struct {
	MessageBody MessageBody
	Perspective Perspective
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

// render returns an event as the destination is to get it in an attempt at now.
func (p Policy) render(e journal.Event, now time.Time) (destination.Call, error) {
	c := destination.Call{MessageID: e.MessageID, Conversation: e.Conversation, JSON: e.JSON}
	if len(c.JSON) < 2 || c.JSON[0] != '{' {
		return c, errors.New("deliver: BUG: a stored call is no JSON object")
	}
	if p.Salt != "" {
		c.MessageID = salted(p.Salt, e.MessageID)
		c.JSON = replace(c.JSON, e.MessageID, c.MessageID)
	}
	if k := livechat.Kind(e.Name); k == livechat.Started || k == livechat.Ended || k == livechat.Sent || k == livechat.Received {
		var err error
		if c.JSON, err = p.edit(c.JSON, k); err != nil {
			return c, err
		}
	}
	c.JSON = stamp(c.JSON, now.Add(e.Skew))
	return c, nil
}

// salted derives a UUID as package conversation does.
func salted(salt, id string) string {
	h := sha256.Sum256([]byte(strconv.Itoa(len(salt)) + ":" + salt + id))
	u := uuid.UUID(h[:16])
	u[6] = u[6]&0x0f | 0x80
	u[8] = u[8]&0x3f | 0x80
	return u.String()
}

// replace puts another messageId in a call. Its own stands there once, since
// it is unique.
func replace(call []byte, from, to string) []byte {
	old, _ := json.Marshal(from) // a string always marshals
	return bytes.Replace(call, append([]byte(`"messageId":`), old...), []byte(`"messageId":"`+to+`"`), 1)
}

// edit applies what concerns the four events alone. Whatever it does not
// change keeps its bytes.
func (p Policy) edit(call []byte, k livechat.Kind) ([]byte, error) {
	swapped := map[livechat.Kind]livechat.Kind{livechat.Sent: livechat.Received, livechat.Received: livechat.Sent}
	rename := p.Perspective == Company && swapped[k] != ""
	rewrite := p.MessageBody == Redact || p.MessageBody == Omit
	if !rename && !rewrite {
		return call, nil
	}
	return editObject(call, func(key string, value json.RawMessage) (json.RawMessage, error) {
		switch {
		case key == "event" && rename:
			return json.Marshal(swapped[k])
		case key == "properties" && rewrite:
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
	return json.Marshal(redact(text))
}

// editObject returns a JSON object in which edit has changed values. A nil
// value is left out. The order of keys stays.
func editObject(object []byte, edit func(key string, value json.RawMessage) (json.RawMessage, error)) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("deliver: BUG: a stored call is no JSON object")
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
		k, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, k...), ':'), value...)
	}
	return append(out, '}'), nil
}
