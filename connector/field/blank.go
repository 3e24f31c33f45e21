package field

import (
	"bytes"
	"slices"
)

// Blank empties the strings at some keys of a JSON text, wherever they stand;
// a * at the beginning of a key stands for anything. It changes body in place.
// In what somebody wrote the quotes of such a key would be escaped, so that
// none is taken for one.
func Blank(body []byte, keys ...string) []byte {
	for _, key := range keys {
		pattern := []byte(`"` + key + `"`)
		if key != "" && key[0] == '*' {
			pattern = []byte(key[1:] + `"`)
		}
		for at := 0; ; {
			i := bytes.Index(body[at:], pattern)
			if i < 0 {
				break
			}
			at += i + len(pattern)
			body = blankAfter(body, at)
		}
	}
	return body
}

// blankAfter empties the string that follows a colon at a position, if one does.
func blankAfter(body []byte, at int) []byte {
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
	return slices.Delete(body, at+1, end)
}

func space(body []byte, at int) int {
	for at < len(body) && (body[at] == ' ' || body[at] == '\n' || body[at] == '\t' || body[at] == '\r') {
		at++
	}
	return at
}
