package field

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"
)

func ExampleParseTime() {
	for _, s := range []string{"1772445645", "1772445645207", "2026-03-02 10:00:45.207 +0100", "Mon Mar 02 2026 10:00:45 GMT+0100 (CET)"} {
		t, err := ParseTime(s)
		fmt.Println(t.Format(time.RFC3339Nano), err)
	}
	// Output:
	// 2026-03-02T10:00:45Z <nil>
	// 2026-03-02T10:00:45.207Z <nil>
	// 2026-03-02T09:00:45.207Z <nil>
	// 2026-03-02T09:00:45Z <nil>
}

func TestParseTime(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 45, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"":                              {},
		"0":                             {},
		"1772442045":                    at,
		"1772442045.25":                 at.Add(250 * time.Millisecond),
		"1772442045250":                 at.Add(250 * time.Millisecond),
		"1772442045250000":              at.Add(250 * time.Millisecond),
		"1772442045250000000":           at.Add(250 * time.Millisecond),
		"2026-03-02T09:00:45Z":          at,
		"2026-03-02T10:00:45.25+01:00":  at.Add(250 * time.Millisecond),
		"2026-03-02T10:00:45+0100":      at,
		"2026-03-02 09:00:45":           at,
		"2026-03-02 09:00:45 UTC":       at,
		"2026-03-02T09:00:45.250000000": at.Add(250 * time.Millisecond),
		"Mon, 02 Mar 2026 09:00:45 GMT": at,
		"Mar 2, 2026 9:00:45 AM":        at,
	} {
		if got, err := ParseTime(s); err != nil || !got.Equal(want) {
			t.Errorf("%q: got %v (%v), want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"soon", "-5", "NaN", "2026-13-02T09:00:45Z", "1e300"} {
		if got, err := ParseTime(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, got)
		}
	}
}

func TestValues(t *testing.T) {
	var v struct {
		Number ID     `json:"number"`
		Text   ID     `json:"text"`
		Null   ID     `json:"null"`
		Loose  Text   `json:"loose"`
		At     Time   `json:"at"`
		Never  Time   `json:"never"`
		More   Object `json:"more"`
	}
	err := Decode([]byte(`{"number":12345678901234567890,"text":"x","null":null,"loose":{"a":1},"at":"1772442045","never":null,"more":{"a":7,"b":"c","d":null}}`), &v)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(v.Number, v.Text, v.Null, v.Loose, v.At.Unix(), v.Never.IsZero(), v.More.Text("a"), v.More.First("z", "b"), v.More.Has("d"))
	if want := "12345678901234567890x1772442045 true7cfalse"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What somebody wrote may stand where keys do.
func TestErrorsHoldNoContent(t *testing.T) {
	var v struct {
		Of map[string]struct {
			ID ID `json:"id"`
		} `json:"of"`
	}
	for body, want := range map[string]string{
		`{"of":{"7":{"id":[]}}}`:             "tool: /of/7/id: a JSON [ is not known there",
		`{"of":{"what she said":{"id":[]}}}`: "tool: /of/…/id: a JSON [ is not known there",
	} {
		if got := Malformed("tool", Decode([]byte(body), &v)).Error(); got != want {
			t.Errorf("%s: got %s, want %s", body, got, want)
		}
	}
	if got := Strict([]byte(`{"of":{},"what she said":1}`), &v).Error(); got != "…: unknown key" {
		t.Errorf("got %s", got)
	}
}

func TestBlank(t *testing.T) {
	for in, want := range map[string]string{
		`{"token":"a","x_token" : "b\"c","n":1}`:            `{"token":"","x_token" : "","n":1}`,
		`{"msg":"say \"token\":\"a\"","token":null}`:        `{"msg":"say \"token\":\"a\"","token":null}`,
		`{"my token":"a","list":["token","b"],"token":"cut`: `{"my token":"a","list":["token","b"],"token":"cut`,
	} {
		if got := string(Blank([]byte(in), "token", "*_token")); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

// A webhook full of credentials takes no longer than another of its size.
func TestBlankMany(t *testing.T) {
	one := []byte(`{"token":"a"},`)
	body := Blank(bytes.Repeat(one, 300_000), "token", "*_token")
	if want := len(one) - 1; len(body) != 300_000*want {
		t.Errorf("got %d bytes, want %d", len(body), 300_000*want)
	}
}

func FuzzBlank(f *testing.F) {
	f.Add([]byte(`{"token":"a","x_token" : "b\"c","token":"cut`))
	f.Fuzz(func(t *testing.T, body []byte) {
		was := json.Valid(body)
		once := Blank(bytes.Clone(body), "token", "*_token")
		if was && !json.Valid(once) {
			t.Error("it is not JSON any more")
		}
		if again := Blank(bytes.Clone(once), "token", "*_token"); was && !bytes.Equal(once, again) {
			t.Errorf("again it becomes %s", again)
		}
	})
}

func FuzzParseTime(f *testing.F) {
	f.Add("2026-03-02 09:00:45 UTC")
	f.Fuzz(func(t *testing.T, s string) {
		_, _ = ParseTime(s) // must not panic
	})
}

func TestObject(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":1,"key":"x","b":{"key":2}}`: `"x"`,
		` { "key" : {"a":[1,2]} } `:       `{"a":[1,2]}`,
		`{"k\u0065y":1}`:                  "", // written so, it is not looked for
		`{"b":"key","c":"\u006bey"}`:      "",
		`{"key":1,"key":2}`:               "", // which of the two?
		`{"key":1,"a":2,"a":3}`:           "",
		`{"key":1`:                        "",
		`{"key":1,}`:                      "",
		`{"key":`:                         "",
		`["key",1]`:                       "",
		`"key"`:                           "",
		`null`:                            "",
		``:                                "",
	} {
		for range 2 { // also with a scanner that another has used
			if got := string(Object(in).Get("key")); got != want {
				t.Errorf("%s: got %s, want %s", in, got, want)
			}
		}
	}
}
