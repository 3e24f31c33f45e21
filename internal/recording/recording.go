// Package recording keeps requests of chat tools in files.
//
// A file of JSON Lines holds one request a line, as [Recording] or as its body
// alone. Any other file is one body: a form if its name ends in .form, else
// JSON.
package recording

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/connector"
)

// maxRequest bounds a request in a file, as the gateway does.
const maxRequest = 4 << 20

// A Recording is one request.
type Recording struct {
	At      time.Time         `json:"at,omitzero"` // when it arrived
	Method  string            `json:"method,omitempty"`
	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body"`
}

// Of returns r without what may be a secret.
func Of(r *connector.Request) Recording {
	out := Recording{At: r.Received, Method: r.Method, URL: masked(r.URL), Headers: map[string]string{}, Body: string(r.Body)}
	for name, values := range r.Header {
		out.Headers[name] = strings.Join(values, ", ")
		if secret(name) {
			out.Headers[name] = mask
		}
	}
	return out
}

const mask = "…"

func secret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"sign", "token", "key", "secret", "auth", "cookie", "hmac"}, func(s string) bool { return strings.Contains(name, s) })
}

// masked hides the path, which may be one that nobody can guess, and the values
// of an address's parameters.
func masked(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return mask
	}
	q := u.Query()
	for name := range q {
		if secret(name) {
			q[name] = []string{mask}
		}
	}
	u.RawQuery, u.Path, u.User = q.Encode(), "/in/"+mask, nil
	return u.String()
}

// Request returns the request that was recorded.
func (r Recording) Request() *connector.Request {
	req := &connector.Request{Method: r.Method, URL: r.URL, Header: http.Header{}, Body: []byte(r.Body), Received: r.At}
	for name, value := range r.Headers {
		req.Header.Set(name, value)
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

// Files returns the files that paths name, and those in directories among
// them, in order. "-" stands for the standard input.
func Files(paths []string) (files []string, err error) {
	for _, path := range paths {
		if path == "-" {
			files = append(files, path)
			continue
		}
		err := filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && (file == path || slices.Contains([]string{".json", ".jsonl", ".ndjson", ".form"}, filepath.Ext(file))) {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// Read calls f with every request in a file, and with its number from 1, until
// f returns an error. A line that is no request is an error that names it.
func Read(path string, stdin io.Reader, f func(n int, r *connector.Request) error) error {
	in := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	if ext := filepath.Ext(path); path == "-" || ext == ".jsonl" || ext == ".ndjson" {
		return readLines(path, in, f)
	}
	body, err := io.ReadAll(io.LimitReader(in, maxRequest+1))
	if err != nil {
		return err
	}
	if len(body) > maxRequest {
		return fmt.Errorf("%s: has more than %d bytes", path, maxRequest)
	}
	if filepath.Ext(path) == ".form" {
		return f(1, Recording{Headers: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, Body: string(bytes.TrimSpace(body))}.Request())
	}
	return f(1, request(body))
}

func readLines(path string, in io.Reader, f func(n int, r *connector.Request) error) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 2*maxRequest)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if !json.Valid(line) {
			return fmt.Errorf("%s: line %d: is not JSON", path, n)
		}
		if err := f(n, request(bytes.Clone(line))); err != nil {
			return err
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return fmt.Errorf("%s: a line is too long", path)
	}
	return lines.Err()
}

// request reads a recording, or a body alone.
func request(b []byte) *connector.Request {
	var shape struct {
		Headers json.RawMessage `json:"headers"`
		Body    *string         `json:"body"`
	}
	var r Recording
	if json.Unmarshal(b, &shape) == nil && shape.Body != nil && shape.Headers != nil && json.Unmarshal(b, &r) == nil {
		return r.Request()
	}
	return Recording{Body: string(b)}.Request()
}
