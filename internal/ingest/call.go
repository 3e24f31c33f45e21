package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/livechat"
)

// An object is a JSON object whose values keep their bytes, and whose keys
// their order.
type object []member

type member struct {
	key   string
	value json.RawMessage
}

// maxKeys bounds the keys of an object that is looked into: each takes many
// times its bytes of memory.
const maxKeys = 1000

func readObject(b []byte) (o object, ok bool) {
	at := map[string]int{} // a key that comes twice counts with its last value
	ok = members(b, func(key string, value json.RawMessage) bool {
		if i, twice := at[key]; twice {
			o[i].value = value
			return true
		}
		at[key] = len(o)
		o = append(o, member{key, value})
		return len(o) <= maxKeys
	})
	return o, ok
}

// members calls f for each member of an object, in order, until f returns
// false. It reports whether it came to the end, of an object.
func members(b []byte, f func(key string, value json.RawMessage) bool) bool {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return false
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil || !f(key.(string), value) {
			return false
		}
	}
	return true
}

// elements returns the elements of an array. Of one with more than limit it
// returns one more than that.
func elements(b []byte, limit int) (list []json.RawMessage, ok bool) {
	d := json.NewDecoder(bytes.NewReader(b))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, false
	}
	for d.More() && len(list) <= limit {
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, false
		}
		list = append(list, value)
	}
	return list, true
}

func (o object) get(key string) json.RawMessage {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// text returns a string, or "" if there is none.
func (o object) text(key string) (s string) {
	if json.Unmarshal(o.get(key), &s) != nil {
		return ""
	}
	return s
}

// missing reports whether there is nothing, null or "".
func (o object) missing(key string) bool {
	v := string(o.get(key))
	return v == "" || v == "null" || v == `""`
}

// set changes a value where it stands, or adds it at the end.
func (o *object) set(key string, value json.RawMessage) {
	for i := range *o {
		if (*o)[i].key == key {
			(*o)[i].value = value
			return
		}
	}
	*o = append(*o, member{key, value})
}

func (o *object) drop(keys ...string) {
	kept := (*o)[:0]
	for _, m := range *o {
		keep := true
		for _, key := range keys {
			keep = keep && m.key != key
		}
		if keep {
			kept = append(kept, m)
		}
	}
	*o = kept
}

func (o object) bytes() []byte {
	b := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(append(b, quote(m.key)...), ':'), m.value...)
	}
	return append(b, '}')
}

// quote writes s as JSON, and does not escape for HTML.
func quote(s string) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return bytes.TrimRight(b.Bytes(), "\n")
}

// event makes of a call what passes through: see docs/adr/0006. If it returns
// an error, the event holds the call as it came.
func (b *batch) event(call object, now time.Time) (e journal.Event, err error) {
	b.share(&call)
	kind := call.text("type")
	if kind == "" {
		if kind = call.text("action"); kind != "" {
			call.drop("action")
			call.set("type", quote(kind))
		}
	}
	if !known(kind) {
		e.JSON = call.bytes()
		return e, errType
	}
	sent := call.text("sentAt")
	if sent == "" {
		sent = b.sentAt
	}
	if t, err := time.Parse(time.RFC3339, sent); err == nil {
		e.Skew = plausible(t.Sub(now))
	}
	call.drop("writeKey", "sentAt", "receivedAt")
	if call.missing("messageId") {
		call.set("messageId", quote(uuid.NewString()))
	}
	if e.MessageID = call.text("messageId"); e.MessageID == "" {
		e.MessageID = string(call.get("messageId")) // no text, but its own
	}
	if call.missing("timestamp") {
		at := call.text("originalTimestamp")
		if at == "" {
			at = livechat.FormatTime(now)
		}
		call.set("timestamp", quote(at))
	}
	e.Name, e.Conversation = kind, call.text("userId")
	if kind == "track" && call.text("event") != "" {
		e.Name = call.text("event")
	}
	if e.Conversation == "" {
		e.Conversation = call.text("anonymousId")
	}
	if isLiveChat(e.Name) {
		if p, ok := readObject(call.get("properties")); ok && p.text("conversation_id") != "" {
			e.Conversation = p.text("conversation_id")
		}
	}
	e.JSON = call.bytes()
	return e, nil
}

var errType = errors.New("the call has no type such as track or identify")

func known(kind string) bool {
	switch kind {
	case "track", "identify", "page", "screen", "group", "alias":
		return true
	}
	return false
}

// plausible keeps the error of a clock, and takes nonsense for none.
func plausible(skew time.Duration) time.Duration {
	if skew.Abs() > 10*365*24*time.Hour {
		return 0
	}
	return skew
}

// share puts what a batch says of all its calls in one of them, whose own
// word counts more.
func (b *batch) share(call *object) {
	for _, part := range []struct {
		key string
		all json.RawMessage
	}{{"context", b.context}, {"integrations", b.integrations}} {
		all, ok := readObject(part.all)
		if !ok || len(all) == 0 {
			continue
		}
		own, has := readObject(call.get(part.key))
		if !has && call.get(part.key) != nil && string(call.get(part.key)) != "null" {
			continue // something else stands there
		}
		for _, m := range all {
			if own.get(m.key) == nil {
				own = append(own, m)
			}
		}
		call.set(part.key, own.bytes())
	}
}
