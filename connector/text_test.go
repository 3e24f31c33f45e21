package connector

import (
	"fmt"
	"testing"
	"unicode/utf8"
)

func ExamplePlainText() {
	fmt.Println(PlainText("<p>Hello <b>Mia</b>,<br>it left <i>this morning</i>.</p><ul><li>one</li><li>two &amp; three</li></ul>"))
	// Output:
	// Hello Mia,
	// it left this morning.
	// one
	// two & three
}

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"":                               "",
		"I <3 you, a < b and b > a & so": "I <3 you, a < b and b > a & so",
		"  two  spaces\n\nand lines":     "  two  spaces\n\nand lines",
		"<script>alert(1)</script>hello<style>p{}</style>": "hello",
		"<p>a</p><p></p><p>b</p>":                          "a\nb",
		"a<br><br><br>b":                                   "a\n\nb",
		"&lt;b&gt; &amp;lt;":                               "<b> &lt;",
		"<a href=\"https://example.com\">here</a>":         "here",
		"<td>1</td><td>2</td>":                             "1 2",
	} {
		if got := PlainText(in); got != want {
			t.Errorf("PlainText(%q): got %q, want %q", in, got, want)
		}
	}
}

func TestPlainMarkdown(t *testing.T) {
	for in, want := range map[string]string{
		"okay, **Mia**":                          "okay, Mia",
		"*one* _two_ ~~three~~ `four`":           "one two three four",
		"snake_case_name and 2*3*4":              "snake_case_name and 2*3*4",
		"see [our page](https://example.com/a)!": "see our page (https://example.com/a)!",
		"![cat](https://example.com/cat.png)":    "cat",
		"1\\. not a list\\\nnext \\*star\\*":     "1. not a list\nnext *star*",
		"# Title\n- a\n- b":                      "Title\n- a\n- b",
		"```go\nx := 1\n```":                     "x := 1\n",
		"5 * 3 * 2":                              "5 * 3 * 2",
	} {
		if got := PlainMarkdown(in); got != want {
			t.Errorf("PlainMarkdown(%q): got %q, want %q", in, got, want)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	f.Add("<p>a</p>")
	f.Add("**a** [b](c) \\")
	f.Fuzz(func(t *testing.T, s string) {
		if a, b := PlainText(s), PlainMarkdown(s); utf8.ValidString(s) && !(utf8.ValidString(a) && utf8.ValidString(b)) {
			t.Error("the text is not UTF-8 any more")
		}
	})
}
