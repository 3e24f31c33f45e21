package livechat

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed schema.json
var schema []byte

// Schema returns a JSON Schema (draft-07) of a call that carries one of the
// four events. It accepts what [ValidateJSON] accepts, but for what a schema
// cannot say or a sender should not learn, which are the size of a call and
// "action" in place of "type", and for the context, of which each judges what
// it knows. The caller owns the slice.
func Schema() []byte { return slices.Clone(schema) }

const draft07 = "http://json-schema.org/draft-07/schema#"

// eventSchema is the part of the schema that a tracking plan holds for one
// event: its properties, within the whole message.
type eventSchema struct {
	Schema      string         `json:"$schema"`
	Description string         `json:"description"`
	Type        string         `json:"type"`
	Properties  messageSchemas `json:"properties"`
	Required    []string       `json:"required"`
}

type messageSchemas struct {
	Context    struct{}         `json:"context"`
	Traits     struct{}         `json:"traits"`
	Properties propertiesSchema `json:"properties"`
}

type propertiesSchema struct {
	Type       string                    `json:"type"`
	Properties map[string]map[string]any `json:"properties"`
	Required   []string                  `json:"required"`
}

func (k Kind) schema() eventSchema {
	s := eventSchema{Schema: draft07, Description: k.description(), Type: "object", Required: []string{"properties"}}
	s.Properties.Properties = propertiesSchema{"object", propertySchemas(), k.required()}
	return s
}

// propertySchemas cuts the seven properties out of the schema. The caller
// owns them.
func propertySchemas() map[string]map[string]any {
	var call struct {
		Properties struct {
			Properties struct {
				Properties map[string]map[string]any
			}
		}
	}
	if err := json.Unmarshal(schema, &call); err != nil {
		panic(fmt.Sprintf("BUG: livechat: schema.json: %v", err))
	}
	return call.Properties.Properties.Properties
}

func (k Kind) required() []string {
	if k == Ended {
		return []string{"conversation_id"}
	}
	return []string{"conversation_id", "message_id"}
}

func (k Kind) description() string {
	switch k {
	case Started:
		return "A customer sent their first message."
	case Ended:
		return "Customer or agent explicitly ended the conversation."
	case Sent:
		return "The customer sent a message to the agent."
	case Received:
		return "The customer received a message from the agent."
	}
	panic("BUG: livechat: " + string(k) + " has no description")
}

// document writes v as people and diff tools like to read it.
func document(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("BUG: livechat: %v", err))
	}
	return b.Bytes()
}
