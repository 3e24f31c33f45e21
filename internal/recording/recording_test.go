package recording

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
)

// What is written down holds no secret, wherever the tool sends it, and can be
// read again byte for byte.
func TestOf(t *testing.T) {
	for _, body := range []string{`{"text":"hi"}`, "{\"text\":\"\xff\"}"} {
		r := &connector.Request{Method: "POST", URL: "https://chats.example.com/in/unguessable?k=s3cret-9&token=t&v=2", Body: []byte(body), Received: time.Unix(1, 0).UTC(),
			Header: http.Header{"Content-Type": {"text/plain"}, "X-Desk": {"Bearer s3cret-9"}, "X-Signature": {"sha256=00"}}}
		b, err := json.Marshal(Of(r, "", "s3cret-9"))
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"s3cret", "token=t", "sha256", "unguessable"} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s: got %s", secret, b)
			}
		}
		again := request(b)
		if string(again.Body) != body || again.Header.Get("Content-Type") != "text/plain" || !again.Received.Equal(r.Received) || !strings.Contains(again.URL, "v=2") {
			t.Errorf("got %+v of %s", again, b)
		}
	}
}

func write(t *testing.T, path, text string) string {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Every request can be read again, alone, from where it is.
func TestRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "old", "a.jsonl"), "{\"n\":1}\r\n\n  {\"n\":2} \n{\"headers\":{\"X-A\":\"b\"},\"body\":\"{\\\"n\\\":3}\"}")
	write(t, filepath.Join(dir, "old", "b.json"), "{\n\"n\":4\n}")
	write(t, filepath.Join(dir, "old", "c.form"), "n=5\n")
	write(t, filepath.Join(dir, "old", "README"), "no request")
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "old"), link); err != nil {
		t.Fatal(err)
	}
	one := filepath.Join(dir, "one.json")
	if err := os.Symlink(filepath.Join(dir, "old", "b.json"), one); err != nil {
		t.Fatal(err)
	}
	files, err := Files([]string{link, one, "-"})
	if err != nil || len(files) != 5 {
		t.Fatalf("got %q (%v)", files, err)
	}
	var got []string
	for _, f := range files {
		err := Read(f, strings.NewReader("{\n \"n\": 6\n}\n"), func(p Place, r *connector.Request) error {
			again, err := p.Request()
			if err != nil || string(again.Body) != string(r.Body) || again.Header.Get("X-A") != r.Header.Get("X-A") {
				t.Errorf("%s:%d: got %+v (%v), want %+v", f, p.N, again, err, r)
			}
			got = append(got, fmt.Sprint(p.N, " ", string(r.Body)))
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{`1 {"n":1}`, `3 {"n":2}`, `4 {"n":3}`, "1 {\n\"n\":4\n}", "1 n=5", "1 {\n\"n\":4\n}", "1 {\n \"n\": 6\n}"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	for name, want := range map[string]string{"a.jsonl": "line 2: is not JSON", "-": "-: line 1: is not JSON", "big.json": "JSON Lines"} {
		path := name
		switch name {
		case "a.jsonl":
			path = write(t, filepath.Join(dir, name), "{}\n{")
		case "big.json":
			path = write(t, filepath.Join(dir, name), strings.Repeat(" ", maxRequest+1))
		}
		err := Read(path, strings.NewReader("{\n"), func(Place, *connector.Request) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	if _, err := Files([]string{filepath.Join(dir, "nothing")}); err == nil {
		t.Error("got no error")
	}
	path := write(t, filepath.Join(dir, "b.jsonl"), "{\"a\":1}\n{\"a\":2}\n")
	err := Read(path, nil, func(p Place, _ *connector.Request) error {
		write(t, path, "{\"aaaa\":1}\n")
		_, err := p.Request()
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "has changed") {
		t.Errorf("got %v", err)
	}
}
