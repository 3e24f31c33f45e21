// Package recording keeps requests of chat tools in files.
//
// A file of JSON Lines holds one request a line, as [Recording] or as its body
// alone; so does the standard input, unless it is one JSON value on several
// lines. Any other file is one body: a form if its name ends in .form, else
// JSON.
package recording

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/parlance-chat/parlance/connector"
)

// A Recording is one request.
type Recording struct {
	At      time.Time         `json:"at,omitzero"` // when it arrived
	Method  string            `json:"method,omitempty"`
	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body"`
	Bytes   []byte            `json:"bytes,omitempty"` // in place of Body, if that is not UTF-8
}

// Of returns r without what may be a secret: by its name, or because it holds
// one of those given.
func Of(r *connector.Request, secrets ...string) Recording {
	out := Recording{At: r.Received, Method: r.Method, URL: masked(r.URL, secrets), Headers: map[string]string{}}
	if utf8.Valid(r.Body) {
		out.Body = string(r.Body)
	} else {
		out.Bytes = r.Body
	}
	for name, values := range r.Header {
		out.Headers[name] = strings.Join(values, ", ")
		if secret(name) || holds(out.Headers[name], secrets) {
			out.Headers[name] = mask
		}
	}
	return out
}

// holds reports whether a text holds one of the secrets.
func holds(text string, secrets []string) bool {
	return slices.ContainsFunc(secrets, func(s string) bool { return s != "" && strings.Contains(text, s) })
}

const mask = "…"

func secret(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"sign", "token", "key", "secret", "auth", "cookie", "hmac"}, func(s string) bool { return strings.Contains(name, s) })
}

// masked hides the path, which may be one that nobody can guess, and the values
// of an address's parameters.
func masked(address string, secrets []string) string {
	u, err := url.Parse(address)
	if err != nil {
		return mask
	}
	q := u.Query()
	for name, values := range q {
		if secret(name) || holds(name+" "+strings.Join(values, " "), secrets) {
			q[name] = []string{mask}
		}
	}
	u.RawQuery, u.Path, u.User = q.Encode(), "/in/"+mask, nil
	return u.String()
}

// Request returns the request that was recorded.
func (r Recording) Request() *connector.Request {
	req := &connector.Request{Method: r.Method, URL: r.URL, Header: http.Header{}, Body: r.Bytes, Received: r.At}
	if req.Body == nil {
		req.Body = []byte(r.Body)
	}
	for name, value := range r.Headers {
		req.Header.Set(name, value)
	}
	if req.Header.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
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
