package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type shelf struct {
	Common
	Wait   time.Duration `yaml:"wait"`
	Count  int8          `yaml:"count"`
	Open   bool          `yaml:"open"`
	Keys   []Secret      `yaml:"key,omitempty"`
	Inner  inner         `yaml:"inner"`
	Books  []book        `yaml:"books,omitempty"`
	Hidden string
}

type Common struct {
	Title string   `yaml:"title"`
	Tags  []string `yaml:"tags,omitempty"`
}

type inner struct {
	Depth int64 `yaml:"depth"`
}

type book struct {
	Name string `yaml:",key"`
	Kind string `yaml:"kind,omitempty"`
	More any    `yaml:",further"`
}

type novel struct {
	Author string `yaml:"author"`
	Key    Secret `yaml:"key"`
}

func env(name string) (string, bool) {
	v, ok := map[string]string{"TITLE": "Walden", "KEY": "a-secret-of-mine", "EMPTY": ""}[name]
	return v, ok
}

func options() Options {
	return Options{File: "f", Env: env, Further: func(of any) (any, bool) {
		b, ok := of.(*book)
		if !ok {
			return nil, false
		}
		if b.Kind == "novel" {
			b.More = &novel{}
		}
		return b.More, true
	}}
}

func TestDecode(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "key"), []byte("\r\n from a file\t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := shelf{Count: 7, Common: Common{Tags: []string{"default"}}}
	text := `---
title: ${TITLE} $5 $${x} $$
tags: one
wait: 1d12h
open: true
key: ["file:` + dir + `/key", plain, 007, "${KEY}"]
inner: {depth: -3}
books:
  z:
    kind: novel
    author: |
      two
      lines
    key: x
  a: {kind: what, ever: 1, "a b": [{}]}
  n:
`
	_, problems := Decode([]byte(text), &got, options())
	if len(problems) > 0 {
		t.Fatalf("got %v, want no problems", problems)
	}
	want := shelf{
		Common: Common{"Walden $5 ${x} $$", []string{"one"}},
		Wait:   36 * time.Hour, Count: 7, Open: true,
		Keys:  []Secret{"from a file", "plain", "007", "a-secret-of-mine"},
		Inner: inner{-3},
		Books: []book{{"z", "novel", &novel{"two\nlines\n", "x"}}, {"a", "what", nil}, {"n", "", nil}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// What is written as 0 is told from what is not written, and written so again.
func TestNever(t *testing.T) {
	type pause struct {
		After time.Duration `yaml:"after,never"`
	}
	for text, want := range map[string]time.Duration{"": 0, "after: 0\n": -1, "after: 0s\n": -1, "after: 3h0m0s\n": 3 * time.Hour, "after: 1d\n": 24 * time.Hour} {
		var got pause
		if _, problems := Decode([]byte(text), &got, options()); len(problems) > 0 || got.After != want {
			t.Errorf("%q: got %v (%v), want %v", text, got.After, problems, want)
		}
		var b bytes.Buffer
		if err := Encode(&b, &got); err != nil || b.String() != strings.Replace(text, " 0\n", " 0s\n", 1) {
			t.Errorf("%q: written as %q (%v)", text, b.String(), err)
		}
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"titel: x":                        `f:1:1: titel: unknown key "titel", did you mean "title"?`,
		"banana: x":                       `f:1:1: banana: unknown key "banana"`,
		"a b: x":                          `f:1:1: "a b": unknown key "a b"`,
		"Hidden: x":                       `f:1:1: Hidden: unknown key "Hidden"`,
		"title: a\ntitle: b":              `f:2:1: title: is given twice, first in line 1`,
		"title: [a]":                      `f:1:8: title: must be text, not a list`,
		"title:":                          `f:1:8: title: is empty; must be text`,
		"title: ${NONE}":                  `f:1:8: title: the environment variable NONE is not set`,
		"title: a${":                      `f:1:8: title: has ${ without a variable's name and }; write ${NAME}, or $${ for ${ itself`,
		"title: ${a-b}":                   `f:1:8: title: has ${ without a variable's name and }; write ${NAME}, or $${ for ${ itself`,
		"wait: 5":                         `f:1:7: wait: must be a duration such as 2s, 15m or 7d`,
		"wait: -5s":                       `f:1:7: wait: must be a duration such as 2s, 15m or 7d`,
		"wait: -1d":                       `f:1:7: wait: must be a duration such as 2s, 15m or 7d`,
		"wait: 99999999d":                 `f:1:7: wait: must be a duration such as 2s, 15m or 7d`,
		"wait: 1d1d":                      `f:1:7: wait: must be a duration such as 2s, 15m or 7d`,
		"count: 128":                      `f:1:8: count: must be a whole number`,
		"count: 1.5":                      `f:1:8: count: must be a whole number`,
		"open: yes":                       `f:1:7: open: must be true or false`,
		"tags: [a, [b], ]":                `f:1:11: tags[1]: must be text, not a list`,
		"tags: {a: b}":                    `f:1:7: tags: must be text, not a mapping`,
		"key: \"\"":                       `f:1:6: key: is empty`,
		"key: ${EMPTY}":                   `f:1:6: key: is empty`,
		"key: file:/no/such":              `f:1:6: key: file /no/such: no such file or directory`,
		"key: file:/":                     `f:1:6: key: file /: is a directory`,
		"key: file:/${KEY}":               `f:1:6: key: file /…: no such file or directory`,
		"inner: 3":                        `f:1:8: inner: must be a mapping (key: value), not a value`,
		"inner: {dept: 3}":                `f:1:9: inner.dept: unknown key "dept", did you mean "depth"?`,
		"books: [a]":                      `f:1:8: books: must be a mapping (key: value), not a list`,
		"books: {a: {kind: novel, b: c}}": `f:1:26: books.a.b: unknown key "b"`,
		"title: &a x":                     `f:1:8: title: must be text, not an anchor or alias (write the value itself)`,
		"inner: {<<: x}":                  `f:1:9: inner: an anchor or alias (write the value itself) cannot be a key here`,
		"title: !!str x":                  `f:1:8: title: must be text, not a tag`,
		"- a":                             `f:1:1: must be a mapping (key: value), not a list`,
		"a: b: c":                         `f:1:4: is no YAML: mapping value is not allowed in this context`,
		"inner: {depth: ${X}}":            `f:1:17: is no YAML: ',' or '}' must be specified; between { and } write "${NAME}" in quotes`,
		"title: a\n---\ntitle: b":         `f:3:6: a second document begins here; there may be only one`,
		"title: \xff":                     `f:1:1: is not UTF-8 text`,
	} {
		var into shelf
		_, problems := Decode([]byte(text), &into, options())
		if len(problems) != 1 || problems[0].String() != want {
			t.Errorf("%q:\n got %v\nwant %v", text, problems, want)
		}
	}
}

// All problems are told, in the order of the text, and what is found later
// joins them unless it follows from them.
func TestAllProblems(t *testing.T) {
	var into shelf
	doc, problems := Decode([]byte("wiat: 1s\ntitle: ok\nkey: [a, \"${NONE}\"]\ncount: x\n"), &into, options())
	problems = doc.Merge(problems, []Problem{
		{Path: "wait", Text: "follows"},
		{Path: "key", Text: "follows"},
		{Path: "count.below", Text: "follows"},
		{Path: "books", Text: "is missing"},
		{Path: "title.below[3]", Text: "does not"},
	})
	var got []string
	for _, p := range problems {
		got = append(got, p.String())
	}
	want := []string{
		`f:1:1: wiat: unknown key "wiat", did you mean "wait"?`,
		`f:1:1: books: is missing`,
		`f:2:1: title.below[3]: does not`,
		`f:3:10: key[1]: the environment variable NONE is not set`,
		`f:4:8: count: must be a whole number`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// What came from a secret or the environment is in no text, even if whoever
// found the problem repeats it.
func TestMerge_hides(t *testing.T) {
	var into shelf
	doc, _ := Decode([]byte("key: literal-secret\ntitle: \"${KEY}\""), &into, options())
	got := doc.Merge(nil, []Problem{{Text: `"literal-secret" and a-secret-of-mine`}})
	if want := `f:1:1: "…" and …`; got[0].String() != want {
		t.Errorf("got %v, want %v", got[0], want)
	}
}

func TestSecretNeverShows(t *testing.T) {
	s := struct{ S Secret }{"abc"}
	j, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var log, yaml bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "s", s.S, "in", s)
	if err := Encode(&yaml, &novel{Key: "abc"}); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprint(s), fmt.Sprintf("%+v %#v %q %s %x", s, s, s, s.S, s.S), string(j), log.String(), yaml.String()} {
		if strings.Contains(text, "abc") || strings.Contains(text, "616263") || !strings.Contains(text, hidden) {
			t.Errorf("got %s", text)
		}
	}
}

// What is encoded decodes to the same.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"on", "null", "~", "1", "0x1", "- a", "a: b", "#", "${X}", "$${", "$$", "…", "|", " a ", "a\nb", "a\n", "\t", "<<", "*a", "&a", "!a", "file:x", "2026-01-01", "'", "\"", "\\"}))
		text = text.Filter(func(s string) bool { return !strings.ContainsFunc(s, func(r rune) bool { return r == 0xfeff }) })
		want := shelf{
			Common: Common{text.Draw(t, "title"), rapid.SliceOfN(text, 1, 4).Draw(t, "tags")},
			Wait:   time.Duration(rapid.Int64Range(0, int64(100*24*time.Hour)).Draw(t, "wait")),
			Count:  rapid.Int8().Draw(t, "count"),
			Open:   rapid.Bool().Draw(t, "open"),
			Inner:  inner{rapid.Int64().Draw(t, "depth")},
		}
		for _, name := range rapid.SliceOfNDistinct(text, 0, 4, rapid.ID).Draw(t, "names") {
			want.Books = append(want.Books, book{name, "novel", &novel{Author: text.Draw(t, "author")}})
		}
		var b bytes.Buffer
		if err := Encode(&b, &want); err != nil {
			t.Fatal(err)
		}
		var got shelf
		if _, problems := Decode(b.Bytes(), &got, options()); len(problems) > 0 {
			t.Fatalf("got %v from\n%s", problems, b.String())
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v from\n%s", got, want, b.String())
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		"title: ${TITLE}\ntags: [a, b]\nwait: 2s\ncount: 3\nopen: true\nkey: ${KEY}\n",
		"inner: {depth: 1}\nbooks:\n  a: {kind: novel, author: b}\n",
		"title: |\n  a\n  b\n? x\n: y\n", "{a: [b, {c: d}], <<: *x}", "a: &b !!c\n---\n%d", "\ufefftitle: a\r\n", "key: \"${KEY}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("file:")) {
			return // would read files
		}
		var into shelf
		doc, problems := Decode(data, &into, options())
		problems = doc.Merge(problems, []Problem{{Path: "books", Text: "later"}})
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Text == "" || strings.Contains(p.Text, "a-secret-of-mine") {
				t.Errorf("got %#v", p)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	type rate struct {
		Events float64 `yaml:"events,omitempty"`
	}
	for text, want := range map[string]float64{"0.5": 0.5, "100": 100, "1e3": 1000} {
		var got rate
		if _, problems := Decode([]byte("events: "+text), &got, options()); len(problems) > 0 || got.Events != want {
			t.Errorf("%s: got %v (%v), want %v", text, got.Events, problems, want)
		}
		var b bytes.Buffer
		var again rate
		if err := Encode(&b, &got); err != nil {
			t.Fatal(err)
		}
		if _, problems := Decode(b.Bytes(), &again, options()); len(problems) > 0 || again != got {
			t.Errorf("%s: got %v (%v) of %q", text, again, problems, b.String())
		}
	}
	for _, text := range []string{".inf", ".nan", "many", "1e999", "0x10p", "1s"} {
		var got rate
		if _, problems := Decode([]byte("events: "+text), &got, options()); len(problems) != 1 || problems[0].Text != "must be a number" {
			t.Errorf("%s: got %v (%v), want that it is no number", text, got.Events, problems)
		}
	}
}
