package strictjson

import (
	"encoding/json"
	"errors"
	"testing"
)

func TestDecode(t *testing.T) {
	tests := []struct {
		in, want     string
		line, column int
	}{
		{`{"a": 1}`, "", 0, 0},
		{" 7 \n", "", 0, 0},
		{"", "not JSON: empty", 1, 1},
		{" \n", "not JSON: empty", 2, 1},
		{"{\n\"a", "not JSON: it ends in the middle", 2, 3},
		{"{} \n {}", "not JSON: something follows the value", 2, 2},
		{"{\n \"a\": x}", "not JSON: invalid character 'x' looking for beginning of value", 2, 7},
		{`{"a": "I\'ll"}`, `not JSON: invalid character '\'' in string escape code: JSON has no escape \'; write ' alone`, 1, 10},
	}
	for _, tt := range tests {
		_, err := Decode([]byte(tt.in))
		if tt.want == "" {
			if err != nil {
				t.Errorf("%q: got %v, want no error", tt.in, err)
			}
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Problem != tt.want {
			t.Errorf("%q: got %v, want %s", tt.in, err, tt.want)
			continue
		}
		if line, column := e.Position([]byte(tt.in)); line != tt.line || column != tt.column {
			t.Errorf("%q: got %d:%d, want %d:%d", tt.in, line, column, tt.line, tt.column)
		}
	}
}

// FuzzDecode: it accepts what encoding/json accepts, and every error points
// into the input.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{`{"a": [1, "x", null]}`, `"\'"`, "{", "", " 1 2", "[\n\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := Decode(b)
		if got, want := err == nil, json.Valid(b); got != want {
			t.Fatalf("got %v (%v), want %v", got, err, want)
		}
		var e *Error
		if errors.As(err, &e) {
			if line, column := e.Position(b); line < 1 || column < 1 {
				t.Fatalf("got position %d:%d, want both at least 1", line, column)
			}
		}
	})
}
