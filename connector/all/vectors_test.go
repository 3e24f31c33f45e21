package all_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/all"
	"github.com/parlance-chat/parlance/connector/custom"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/gateway"
	"github.com/parlance-chat/parlance/internal/corpus"
)

// A vector is a request that a tool signed, in the words of the corpus.
type vector struct {
	Tool      string
	Secret    string
	AppSecret string `json:"app_secret"`
	PublicKey string `json:"public_key_pem_one_line"`
	Body      string
	RawBody   string `json:"raw_body"`
	Params    map[string]string
	Method    string
	URL       string
	Headers   map[string]string
	Extra     map[string]string `json:"extra_headers"`
	Header    string
	Value     string `json:"header_value"`
	RSA       string `json:"signature_base64"`

	file string
}

// vectors returns those of the corpus.
func vectors(t *testing.T) (list []vector) {
	dir := corpus.Dir(t)
	for _, pattern := range []string{"*signature*vector*.json", "*/*signature*vector*.json"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var here []vector
			if b[0] != '[' {
				here = []vector{{Tool: filepath.Base(filepath.Dir(file))}}
				err = json.Unmarshal(b, &here[0])
			} else {
				err = json.Unmarshal(b, &here)
			}
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			for i := range here {
				here[i].file = filepath.Base(file)
			}
			list = append(list, here...)
		}
	}
	return list
}

// name is the type that a vector is for.
func (v vector) name() string {
	name := strings.Fields(v.Tool)[0] // "crisp (plugin hook)"
	if name == "twilio" {
		return "twilio-conversations"
	}
	return name
}

// request is the request, and the secret that signed it.
func (v vector) request() (*connector.Request, string) {
	r := &connector.Request{Method: v.Method, URL: v.URL, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(v.Body + v.RawBody)}
	if v.Params != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		form := url.Values{}
		for name, value := range v.Params {
			form.Set(name, value)
		}
		r.Body = []byte(form.Encode())
	}
	for _, headers := range []map[string]string{v.Headers, v.Extra} {
		for name, value := range headers {
			r.Header.Set(name, value)
		}
	}
	if v.Header != "" {
		r.Header.Set(strings.Fields(v.Header)[0], v.Value+v.RSA) // "podium-signature (+ podium-timestamp)"
	}
	return r, v.Secret + v.AppSecret + v.PublicKey
}

// signed reports whether a header is part of a signature.
func signed(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"sign", "hmac", "timestamp", "request-time", "svix-id"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}

// madeAt is when a request was signed, if it tells.
func madeAt(r *connector.Request) time.Time {
	for name := range r.Header {
		text, _, _ := strings.Cut(r.Header.Get(name), ";") // Trengo writes it before the signature
		if at, err := field.ParseTime(text); err == nil && signed(name) && len(text) >= 10 && len(text) < 40 {
			return at
		}
	}
	return time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
}

// Every signature of the corpus passes at its time, and none does of which a
// byte was changed.
func TestVectors(t *testing.T) {
	types, checked, pointers := everyType(t), map[string]int{}, map[string]string{}
	for _, v := range vectors(t) {
		typ, ok := types[v.name()]
		r, secret := v.request()
		switch {
		case !ok:
			t.Logf("%s: %s: is not in the list, and has no recipe", v.file, v.Tool)
		case secret == "":
			pointers[v.name()] = v.file // its vector is in a file of its own
		default:
			checked[v.name()]++
			t.Run(v.file+"/"+v.Tool, func(t *testing.T) { check(t, typ, r, secret) })
		}
	}
	for tool, file := range pointers {
		if checked[tool] == 0 {
			t.Errorf("%s: %s has no vector that could be checked", file, tool)
		}
	}
	t.Logf("checked: %v", checked)
}

func check(t *testing.T, typ connector.Type, r *connector.Request, secret string) {
	at := madeAt(r)
	c := typ.New(connector.Options{Secrets: []string{"another", secret}, Now: func() time.Time { return at }})
	if err := c.Verify(r); err != nil {
		t.Fatal(err)
	}
	refused := func(what string, i int, forged connector.Request) {
		if err := c.Verify(&forged); !errors.Is(err, connector.ErrSignature) {
			t.Errorf("byte %d of %s changed: got %v, want ErrSignature", i, what, err)
		}
	}
	flipped := func(s string, i int) string {
		b := []byte(s)
		b[i] ^= 1
		return string(b)
	}
	for i := range r.Body {
		forged := *r
		forged.Body = []byte(flipped(string(r.Body), i))
		refused("the body", i, forged)
	}
	for name := range r.Header {
		for i := 0; signed(name) && i < len(r.Header.Get(name)); i++ {
			forged := *r
			forged.Header = r.Header.Clone()
			forged.Header.Set(name, flipped(r.Header.Get(name), i))
			refused(name, i, forged)
		}
	}
	for i := range r.URL {
		forged := *r
		forged.URL = flipped(r.URL, i)
		refused("the address", i, forged)
	}
	if err := typ.New(connector.Options{Secrets: []string{"another"}, Now: func() time.Time { return at }}).Verify(r); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("another secret: got %v, want ErrSignature", err)
	}
}

// everyType is the list, and custom with each recipe, by name.
func everyType(t *testing.T) map[string]connector.Type {
	types := map[string]connector.Type{}
	for _, typ := range all.Types() {
		types[typ.Name] = typ
	}
	files, err := filepath.Glob("../../docs/connectors/recipes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("got %d recipes (%v), want some", len(files), err)
	}
	recipes := map[string]connector.Type{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		config, err := gateway.Parse(b, file, func(string) (string, bool) { return "secret", true })
		if err != nil {
			t.Fatal(err)
		}
		typ, source := custom.Type(), config.Sources[0]
		typ.New = func(o connector.Options) connector.Connector {
			o.Program, o.Scheme = string(source.Program), connector.Scheme(source.Signature)
			return custom.Type().New(o)
		}
		recipes[strings.TrimSuffix(filepath.Base(file), ".yaml")] = typ
	}
	maps.Copy(recipes, types)
	return recipes
}
