package control

import (
	"encoding/json"
	"slices"

	"github.com/parlance-chat/parlance/livechat"
)

// hidden stands for what people wrote.
const hidden = "…"

// masked returns a call without what people wrote: of the four events, the
// body of the message; of any other call, every text that a person may have
// given.
func masked(call []byte, name string) json.RawMessage {
	var top map[string]json.RawMessage
	if json.Unmarshal(call, &top) != nil {
		return json.RawMessage(`"` + hidden + `"`)
	}
	for _, key := range []string{"properties", "traits", "context"} {
		var part any
		if top[key] == nil || json.Unmarshal(top[key], &part) != nil {
			continue
		}
		if slices.Contains(livechat.Kinds(), livechat.Kind(name)) {
			if p, ok := part.(map[string]any); ok && key == "properties" && p["message_body"] != nil {
				p["message_body"] = hidden
			}
		} else {
			part = hide(part)
		}
		b, err := json.Marshal(part)
		if err != nil {
			b = []byte(`"` + hidden + `"`)
		}
		top[key] = b
	}
	b, err := json.Marshal(top)
	if err != nil {
		return json.RawMessage(`"` + hidden + `"`)
	}
	return b
}

// shape returns a call without any text but those that say what it is.
func shape(call []byte) json.RawMessage {
	var top map[string]any
	if json.Unmarshal(call, &top) != nil {
		return json.RawMessage(`"` + hidden + `"`)
	}
	for key, v := range top {
		if !slices.Contains([]string{"type", "event", "messageId", "timestamp"}, key) {
			top[key] = hide(v)
		}
	}
	b, err := json.Marshal(top)
	if err != nil {
		return json.RawMessage(`"` + hidden + `"`)
	}
	return b
}

// hide hides every text in a value.
func hide(v any) any {
	switch v := v.(type) {
	case string:
		return hidden
	case []any:
		for i := range v {
			v[i] = hide(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = hide(v[k])
		}
	}
	return v
}
