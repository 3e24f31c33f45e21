package connector

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ReplayWindow is how old, and how far in the future, a signature may be.
const ReplayWindow = 5 * time.Minute

// A Scheme says how a chat tool signs. It is data, so that a configuration can
// hold one too. The zero value of each field is its default.
type Scheme struct {
	// Header carries the signature or token; Query is the parameter of the
	// address that does where there is no such header.
	Header string `yaml:"header"`
	Query  string `yaml:"query"`
	// Hash is HMACSHA256, HMACSHA1, SHA256 or Token.
	Hash Hash `yaml:"hash"`
	// Signed is what is hashed. {body}, {method}, {url}, {form} (the form's
	// keys and values, sorted), {time} and {header:Name} stand for parts of
	// the request; empty means {body}.
	Signed string `yaml:"signed"`
	// Value is how the header writes it: {signature}, perhaps with {time}, and
	// whatever stands around them; empty means {signature}. List separates
	// several, of which one must be right.
	Value string `yaml:"value"`
	List  string `yaml:"list"`
	// Encoding of the signature: hex or base64; empty means hex.
	Encoding string `yaml:"encoding"`
	// Key is how the secret is written: base64 (also after "whsec_"), hex, or
	// as it is.
	Key string `yaml:"key"`
	// Time is the header that carries the time of signing, if one does. A time
	// that is there must lie within Tolerance, by default ReplayWindow. Unit is
	// s, ms or rfc3339; empty means s.
	Time      string        `yaml:"time"`
	Unit      string        `yaml:"unit"`
	Tolerance time.Duration `yaml:"tolerance"`
}

// A Hash is what makes a signature of a secret and a string.
type Hash string

// Values of Hash; the zero value is HMACSHA256.
const (
	HMACSHA256 Hash = "hmac-sha256"
	HMACSHA1   Hash = "hmac-sha1"
	SHA256     Hash = "sha256" // of the secret, then the string
	Token      Hash = "token"  // the secret itself
)

// Verify checks r against each of the secrets, in constant time.
func (s Scheme) Verify(o Options, r *Request) error {
	value := r.Header.Get(s.Header)
	if value == "" && s.Query != "" {
		value = query(r.URL).Get(s.Query)
	}
	if value == "" {
		return fmt.Errorf("%w: missing", ErrSignature)
	}
	right, at := false, r.Header.Get(s.Time)
	list := []string{value}
	if s.List != "" {
		list = strings.Split(value, s.List)
	}
	for _, v := range list {
		signature, t, ok := match(s.Value, strings.TrimSpace(v))
		if !ok {
			continue
		}
		if t != "" {
			at = t
		}
		if s.Hash == Token {
			right = o.VerifyToken(signature) == nil || right
			continue
		}
		got, err := s.decode(signature)
		if err != nil || len(got) == 0 {
			continue
		}
		for _, secret := range o.Secrets {
			// An empty key is one that everybody knows.
			if key := s.key(secret); len(key) > 0 && hmac.Equal(got, s.sum(key, at, r)) {
				right = true
			}
		}
	}
	if !right {
		return fmt.Errorf("%w: it does not match; is the secret right?", ErrSignature)
	}
	if s.Time == "" && !strings.Contains(s.Value, "{time}") {
		return nil
	}
	return s.verifyTime(o, at)
}

// Sign writes the signature of r, made now, into its header or address.
func (s Scheme) Sign(o Options, r *Request) {
	if len(o.Secrets) == 0 {
		return
	}
	secret := o.Secrets[len(o.Secrets)-1]
	at := s.write(o.now())
	if s.Time != "" {
		r.Header.Set(s.Time, at)
	}
	signature := secret
	if s.Hash != Token {
		signature = s.encode(s.sum(s.key(secret), at, r))
	}
	value := signature
	if s.Value != "" {
		value = strings.NewReplacer("{signature}", signature, "{time}", at).Replace(s.Value)
	}
	if s.Header != "" {
		r.Header.Set(s.Header, value)
		return
	}
	if u, err := url.Parse(r.URL); err == nil {
		q := u.Query()
		q.Set(s.Query, value)
		u.RawQuery = q.Encode()
		r.URL = u.String()
	}
}

// Check says which secrets are none, for a Type.
func (s Scheme) Check(o Options) error {
	for _, secret := range o.Secrets {
		if len(s.key(secret)) == 0 {
			return fmt.Errorf("secret: is not %s; copy all of it", s.Key)
		}
	}
	return nil
}

// key is the key that a secret stands for, or nothing if it stands for none.
func (s Scheme) key(secret string) (key []byte) {
	var err error
	switch s.Key {
	case "base64":
		key, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimPrefix(secret, "whsec_"), "="))
	case "hex":
		key, err = hex.DecodeString(secret)
	default:
		return []byte(secret)
	}
	if err != nil {
		return nil // not even what could be read: it may be empty
	}
	return key
}

// sum is the right signature.
func (s Scheme) sum(key []byte, at string, r *Request) []byte {
	var h hash.Hash
	switch s.Hash {
	case HMACSHA1:
		h = hmac.New(sha1.New, key)
	case SHA256:
		h = sha256.New()
		h.Write(key)
	default:
		h = hmac.New(sha256.New, key)
	}
	s.writeSigned(h, at, r)
	return h.Sum(nil)
}

// writeSigned writes what is signed.
func (s Scheme) writeSigned(w io.Writer, at string, r *Request) {
	rest := s.Signed
	if rest == "" {
		rest = "{body}"
	}
	for rest != "" {
		before, after, found := strings.Cut(rest, "{")
		_, _ = io.WriteString(w, before) // a hash takes everything
		if !found {
			return
		}
		name, tail, _ := strings.Cut(after, "}")
		if name == "body" {
			_, _ = w.Write(r.Body) // nor here
		} else {
			_, _ = io.WriteString(w, part(name, at, r)) // nor here
		}
		rest = tail
	}
}

// part is what a name in braces stands for.
func part(name, at string, r *Request) string {
	switch name {
	case "method":
		if r.Method == "" {
			return http.MethodPost
		}
		return r.Method
	case "url":
		return r.URL
	case "time":
		return at
	case "form":
		return sortedForm(r.Body)
	}
	if header, ok := strings.CutPrefix(name, "header:"); ok {
		return r.Header.Get(header)
	}
	return ""
}

func sortedForm(body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	var b strings.Builder
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		for _, v := range form[k] {
			b.WriteString(k)
			b.WriteString(v)
		}
	}
	return b.String()
}

func query(address string) url.Values {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return u.Query()
}

// match reads what stands for {signature} and {time} in a value.
func match(pattern, value string) (signature, at string, ok bool) {
	if pattern == "" {
		return value, "", true
	}
	for pattern != "" {
		before, after, found := strings.Cut(pattern, "{")
		if value, ok = strings.CutPrefix(value, before); !ok {
			return "", "", false
		}
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		text := value
		if next, _, _ := strings.Cut(tail, "{"); next != "" {
			if text, value, ok = strings.Cut(value, next); !ok {
				return "", "", false
			}
			value = next + value
		} else {
			value = ""
		}
		if name == "time" {
			at = text
		} else {
			signature = text
		}
		pattern = tail
	}
	return signature, at, value == ""
}

func (s Scheme) decode(signature string) ([]byte, error) {
	if s.Encoding == "base64" {
		return base64.StdEncoding.Strict().DecodeString(signature) // so that each signature has one form
	}
	return hex.DecodeString(signature)
}

func (s Scheme) encode(sum []byte) string {
	if s.Encoding == "base64" {
		return base64.StdEncoding.EncodeToString(sum)
	}
	return hex.EncodeToString(sum)
}

func (s Scheme) write(t time.Time) string {
	switch s.Unit {
	case "ms":
		return strconv.FormatInt(t.UnixMilli(), 10)
	case "rfc3339":
		return t.UTC().Format(time.RFC3339)
	}
	return strconv.FormatInt(t.Unix(), 10)
}

// verifyTime checks a signed time against the tolerance.
func (s Scheme) verifyTime(o Options, at string) error {
	var t time.Time
	var err error
	if s.Unit == "rfc3339" {
		t, err = time.Parse(time.RFC3339, at)
	} else {
		var n int64
		n, err = strconv.ParseInt(at, 10, 64)
		if t = time.Unix(n, 0); s.Unit == "ms" {
			t = time.UnixMilli(n)
		}
	}
	if err != nil {
		return fmt.Errorf("%w: its time is missing, or none", ErrSignature)
	}
	return o.VerifyTime(t, s.Tolerance)
}

// VerifyTime checks the time of a signature against a tolerance; 0 means
// ReplayWindow.
func (o Options) VerifyTime(t time.Time, tolerance time.Duration) error {
	if tolerance == 0 {
		tolerance = ReplayWindow
	}
	if age := o.now().Sub(t); age.Abs() > tolerance {
		return fmt.Errorf("%w: made %s ago; are the clocks right?", ErrSignature, age.Round(time.Second))
	}
	return nil
}

func (o Options) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}

// VerifyToken checks a static token against each of the secrets, in constant
// time.
func (o Options) VerifyToken(got string) error {
	sum, right := sha256.Sum256([]byte(got)), false
	for _, secret := range o.Secrets {
		want := sha256.Sum256([]byte(secret))
		if subtle.ConstantTimeCompare(sum[:], want[:]) == 1 && secret != "" {
			right = true
		}
	}
	if !right {
		return fmt.Errorf("%w: the token is missing or wrong; is the secret right?", ErrSignature)
	}
	return nil
}
