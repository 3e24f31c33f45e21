package report

import (
	"reflect"
	"strings"
	"testing"
)

// Every figure has its definition, and no other.
func TestMetrics(t *testing.T) {
	defined := map[string]bool{}
	for _, m := range Metrics() {
		defined[m.Key] = true
	}
	for _, f := range append(reflect.VisibleFields(reflect.TypeFor[Figures]()), reflect.VisibleFields(reflect.TypeFor[Standing]())...) {
		key, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !defined[key] {
			t.Errorf("%s has no definition", key)
		}
		delete(defined, key)
	}
	for key := range defined {
		t.Errorf("%s is defined, and no figure", key)
	}
}
