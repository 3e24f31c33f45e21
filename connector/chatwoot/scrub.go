package chatwoot

import "github.com/parlance-chat/parlance/connector/field"

// Scrub implements connector.Scrubber: it blanks what lets its holder act for
// somebody. pubsub_token opens a visitor's live connection.
func (*Connector) Scrub(body []byte) []byte {
	return field.Blank(body, "*_token", "*identifier_hash")
}
