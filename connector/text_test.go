package connector

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"
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
		"<script>alert(1)</script>hello<style>p{}</style>":  "hello",
		"<p>a</p><p></p><p>b</p>":                           "a\nb",
		"a<br><br><br>b":                                    "a\n\nb",
		"&lt;b&gt; &amp;lt;":                                "<b> &lt;",
		"<a href=\"https://example.com\">here</a>":          "here",
		"<td>1</td><td>2</td>":                              "1 2",
		"<P>A</P><BR/>B":                                    "A\n\nB",
		"<a title=\"1 > 2\" href='x>y'>here</a>, it's > so": "here, it's > so",
		"<p>a<!-- <b>not</b> seen -->b</p><!doctype html>c": "ab\nc",
		"<p>I <3 you </3</p>":                               "I <3 you </3",
		"<p>a</p><script>if (a < b) {</SCRIPT >b":           "a\nb",
		"<p>a</p><style>p > b {":                            "a",
		"<p>cut off</p><a href=\"https://exa":               "cut off",
		"<p title=it's>a</p>b":                              "a\nb",
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

// Messages are read as the HTML parser of the Go project reads them.
func FuzzPlainTextLikeParser(f *testing.F) {
	for _, s := range []string{"<p>a</p>", "a<br>b &amp; c", "<a href='x>y'>h</a>", "<p>1 < 2</p>", "<script>x</script>b", "<!-- x -->a<b>", "<p/>a<td>b"} {
		f.Add(s)
	}
	strange := regexp.MustCompile(`(?i)<[!?]|</[^a-z]|<(textarea|title|iframe|noembed|noframes|noscript|plaintext|xmp|script/|style/)|[=/"'].*["'].*>|<[^>]*$|script[^>]*/|style[^>]*/|\x00|&#`)
	f.Fuzz(func(t *testing.T, s string) {
		if !tag.MatchString(s) || strange.MatchString(s) || !utf8.ValidString(s) {
			return // what browsers themselves do not agree on, or what nobody sends
		}
		if got, want := PlainText(s), parsed(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	})
}

func parsed(s string) string {
	var w writer
	z := html.NewTokenizer(strings.NewReader(s))
	for hidden := false; ; {
		switch token := z.Next(); token {
		case html.ErrorToken:
			return w.b.String()
		case html.TextToken:
			if text := string(z.Text()); !hidden {
				w.text(text)
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			name, _ := z.TagName()
			hidden = token == html.StartTagToken && (string(name) == "script" || string(name) == "style")
			w.tag(string(name))
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
