// Package strictjson reads one JSON value and, if it is broken, says where.
package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// An Error says why some bytes are not one JSON value.
type Error struct {
	Problem string // what is wrong, and what to do where that is known; no value of the input
	Offset  int    // of the offending byte; the length of the input if it is cut off
	More    bool   // the value itself is good, and something follows it at Offset
}

func (e *Error) Error() string { return e.Problem }

// Position returns where in b, the input, the offending byte is. Both count
// from 1, columns in bytes.
func (e *Error) Position(b []byte) (line, column int) {
	before := b[:e.Offset]
	return bytes.Count(before, []byte("\n")) + 1, len(before) - bytes.LastIndexByte(before, '\n')
}

// Decode reads the one JSON value that b must be. Numbers become
// [json.Number], so that none is rounded. Its errors are of type *[Error].
func Decode(b []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, explain(b, err)
	}
	rest := bytes.TrimLeft(b[dec.InputOffset():], " \t\r\n")
	if len(rest) > 0 {
		return nil, &Error{"not JSON: something follows the value", len(b) - len(rest), true}
	}
	return v, nil
}

func explain(b []byte, err error) *Error {
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		// The decoder counts the offending byte among those it has read.
		at := min(max(int(syntax.Offset)-1, 0), len(b))
		return &Error{"not JSON: " + strings.TrimPrefix(syntax.Error(), "json: ") + escapeHint(b, at), at, false}
	case err == io.EOF:
		return &Error{"not JSON: empty", len(b), false}
	default: // io.ErrUnexpectedEOF, as reading from memory cannot fail
		return &Error{"not JSON: it ends in the middle", len(b), false}
	}
}

// escapeHint helps with the one mistake that the specification itself makes.
func escapeHint(b []byte, at int) string {
	if at >= 1 && at < len(b) && string(b[at-1:at+1]) == `\'` {
		return `: JSON has no escape \'; write ' alone`
	}
	return ""
}
