package warehouse

import (
	"maps"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object is faster than the library, and reads what the library reads.
func FuzzObject(f *testing.F) {
	for _, v := range []string{
		`{}`, ` { "a" : 1 , "b":null} `, `{"a":1,"a":null}`, `{"a":null,"a":[1,{"b":2}]}`, `{"\u0061":"\ud800"}`, "{\"\xff\":\"\xff\"}",
		`{"a":1}x`, `{"a":1}{}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{`, `{"a":1`, `{1:2}`, `[]`, `null`, ``,
	} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, v []byte) {
		var want map[string]jsontext.Value
		if jsontext.Value(v).Kind() == '{' && json.Unmarshal(v, &want, lenient) != nil {
			want = nil
		}
		maps.DeleteFunc(want, func(_ string, v jsontext.Value) bool { return v.Kind() == 'n' })
		got, err := object(v)
		if (err != nil) != (want == nil) || !maps.EqualFunc(got, want, func(a, b jsontext.Value) bool { return slices.Equal(a, b) }) {
			t.Errorf("%q: got %s (%v), want %s", v, got, err, want)
		}
	})
}
