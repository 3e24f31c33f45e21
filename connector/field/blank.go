package field

import "bytes"

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
		body = blank(body, pattern)
	}
	return body
}

// blank empties the strings that follow a pattern and a colon. It moves each
// byte once at most, however many there are.
func blank(body, pattern []byte) []byte {
	kept, rest := body[:0], body
	for {
		i := bytes.Index(rest, pattern)
		if i < 0 {
			return append(kept, rest...)
		}
		from, to := value(rest, i+len(pattern))
		kept, rest = append(kept, rest[:from]...), rest[to:]
	}
}

// value is where the string is that follows a colon at a position: between its
// quotes. If none does, it is empty.
func value(body []byte, at int) (from, to int) {
	colon := space(body, at)
	if colon >= len(body) || body[colon] != ':' {
		return at, at
	}
	quote := space(body, colon+1)
	if quote >= len(body) || body[quote] != '"' {
		return at, at
	}
	end := quote + 1
	for end < len(body) && body[end] != '"' {
		if body[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(body) {
		return at, at // cut off; it will not be readable either
	}
	return quote + 1, end
}

func space(body []byte, at int) int {
	for at < len(body) && (body[at] == ' ' || body[at] == '\n' || body[at] == '\t' || body[at] == '\r') {
		at++
	}
	return at
}
