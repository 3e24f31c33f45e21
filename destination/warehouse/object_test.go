package warehouse

import (
	"maps"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// object, which checks nothing, reads of valid objects what the library reads.
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
		got := make(map[string]jsontext.Value)
		if valid := jsontext.Value(v).IsValid(lenient); !valid || jsontext.Value(v).Kind() != '{' {
			got = nil
		} else {
			for _, f := range object(nil, string(v)) {
				got[f.key] = jsontext.Value(f.value)
			}
		}
		if (got == nil) != (want == nil) || !maps.EqualFunc(got, want, func(a, b jsontext.Value) bool { return slices.Equal(a, b) }) {
			t.Errorf("%q: got %s, want %s", v, got, want)
		}
	})
}
