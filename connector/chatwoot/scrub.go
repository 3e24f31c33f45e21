package chatwoot

import "bytes"

// credentials are the ends of keys whose values let their holder act for
// somebody: pubsub_token opens a visitor's live connection.
var credentials = [][]byte{[]byte(`_token"`), []byte(`identifier_hash"`)}

// Scrub implements connector.Scrubber: it blanks credentials. In what somebody
// wrote the quotes of such a key would be escaped, so that none is taken for one.
func (*Connector) Scrub(body []byte) []byte {
	for _, key := range credentials {
		for at := 0; ; {
			i := bytes.Index(body[at:], key)
			if i < 0 {
				break
			}
			at += i + len(key)
			body = blank(body, at)
		}
	}
	return body
}

// blank empties the JSON string that follows a colon at a position, if one does.
func blank(body []byte, at int) []byte {
	at = space(body, at)
	if at >= len(body) || body[at] != ':' {
		return body
	}
	at = space(body, at+1)
	if at >= len(body) || body[at] != '"' {
		return body
	}
	end := at + 1
	for end < len(body) && body[end] != '"' {
		if body[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(body) {
		return body // cut off; it will not be readable either
	}
	return append(body[:at+1], body[end:]...)
}

func space(body []byte, at int) int {
	for at < len(body) && (body[at] == ' ' || body[at] == '\n' || body[at] == '\t' || body[at] == '\r') {
		at++
	}
	return at
}
