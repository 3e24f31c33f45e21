package jq

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/itchyny/gojq"
)

func run(t *testing.T, program string) (out []string, err error) {
	t.Helper()
	p, err := Compile(program, nil)
	if err != nil {
		t.Fatalf("%s: %v", program, err)
	}
	err = p.Run(map[string]any{"a": []any{1, 2}, "s": "ab"}, func(v any) error {
		b, err := json.Marshal(v)
		out = append(out, string(b))
		return err
	})
	return out, err
}

// Whatever is multiplied is multiplied as jq does it.
func TestTimes(t *testing.T) {
	for _, program := range []string{
		`2 * 3 * 4`, `[(1, 2) * (10, 100)]`, `"ab" * 3`, `3 * "ab"`, `"x" * 0`, `"x" * -1`, `{a: {b: 1}} * {a: {c: 2}}`, `.a[0] *= 5`, `.a[] *= (2, 3)`, `.s *= 2`, `1.5 * 2`,
		`def f($x): $x * 2; f(4)`, `[.a[] | . * 2]`, `{b: (.a[1] * 3)}`, `if .a[0] * 2 == 2 then "\(2 * 4)" else 0 end`, `reduce .a[] as $x (1; . * $x * 2)`,
		`try ("x" * {}) catch "no"`, `.a | .[0 * 2:1 * 1]`, `9223372036854775807 * 9223372036854775807`, `. as {a: [$x]} | $x * 7`, `2 * 3 + 4 * 5`, `-2 * 3`, `10 / 2 * 5`,
	} {
		q, err := gojq.Parse(program)
		if err != nil {
			t.Fatal(program, err)
		}
		var want []string
		for outputs := q.Run(map[string]any{"a": []any{1, 2}, "s": "ab"}); ; {
			v, ok := outputs.Next()
			if !ok {
				break
			}
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(program, err)
			}
			want = append(want, string(b))
		}
		got, err := run(t, program)
		if err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: got %s (%v), want %s", program, got, err, want)
		}
	}
}

func TestMemory(t *testing.T) {
	for _, program := range []string{
		`"x" * 1000000000`, `1000000000 * "x"`, `.s *= 1000000000`, `[range(1000) | "x" * 10000000] | length`,
		`reduce range(60) as $i ("xxxxxxxxxxxxxxxxxxxxxxxx"; . + .)`, `reduce range(60) as $i ("xxxxxxxxxxxxxxxxxxxxxxxx"; "\(.)\(.)")`,
		`reduce range(60) as $i (["xxxxxxxxxxxxxxxxxxxxxxxx"]; . + .)`, `reduce range(100) as $i (7; . * .)`, `[limit(100000000; repeat("x"))]`,
	} {
		if out, err := run(t, program); err == nil {
			t.Errorf("%s: came to %d outputs", program, len(out))
		} else {
			t.Log(program, err)
		}
	}
}
