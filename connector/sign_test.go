package connector

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

// schemes are one of each kind; the rest is in the tests of the tools.
var schemes = map[string]Scheme{
	"body":      {Header: "X-Signature"},
	"prefix":    {Header: "X-Signature", Value: "sha256={signature}"},
	"base64":    {Header: "X-Signature", Hash: HMACSHA1, Encoding: "base64"},
	"time":      {Header: "X-Signature", Signed: "{time}.{body}", Time: "X-Time", Unit: "ms"},
	"day":       {Header: "X-Signature", Signed: "{time}{body}", Time: "X-Time", Unit: "rfc3339"},
	"value":     {Header: "X-Signature", Signed: "{time}.{body}", Value: "t={time},v1={signature}"},
	"list":      {Header: "X-Signature", Signed: "{header:X-Id}.{time}.{body}", Value: "v1,{signature}", List: " ", Time: "X-Time", Encoding: "base64", Key: "base64"},
	"hex":       {Header: "X-Signature", Key: "hex"},
	"address":   {Header: "X-Signature", Signed: "{method}{url}{form}", Encoding: "base64", Hash: HMACSHA1},
	"hash":      {Header: "X-Signature", Hash: SHA256},
	"token":     {Header: "Authorization", Hash: Token, Value: "Bearer {signature}"},
	"parameter": {Query: "key", Hash: Token},
}

func TestSchemes(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	o := Options{Secrets: []string{"", "whsec_b2xkZXI=", "736563726574"}, Now: func() time.Time { return now }}
	for name, s := range schemes {
		t.Run(name, func(t *testing.T) {
			signed := func() *Request {
				r := &Request{URL: "https://example.com/in/x?a=1", Header: http.Header{"X-Id": {"1"}}, Body: []byte("b=2&a=1")}
				s.Sign(o, r)
				return r
			}
			if err := s.Verify(o, signed()); err != nil {
				t.Error(err)
			}
			other := o
			other.Secrets = []string{"another", "", "%", "whsec_"}
			if err := s.Verify(other, signed()); !errors.Is(err, ErrSignature) {
				t.Errorf("another secret: got %v", err)
			}
			if err := s.Verify(o, &Request{URL: "https://example.com/in/x", Header: http.Header{}}); !errors.Is(err, ErrSignature) {
				t.Errorf("no signature: got %v", err)
			}
			if s.Hash != Token {
				r := signed()
				r.Body = []byte("b=2&a=2")
				if err := s.Verify(o, r); !errors.Is(err, ErrSignature) {
					t.Errorf("a changed body: got %v", err)
				}
			}
			if r := signed(); s.Time != "" || s.Signed == "{time}.{body}" {
				late := o
				late.Now = func() time.Time { return now.Add(ReplayWindow + time.Second) }
				if err := s.Verify(late, r); !errors.Is(err, ErrSignature) {
					t.Errorf("too late: got %v", err)
				}
			}
		})
	}
}

// A list of signatures may hold some of other secrets, or of other versions.
func TestSignatureList(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	o := Options{Secrets: []string{"whsec_c2VjcmV0"}, Now: func() time.Time { return now }}
	r := &Request{Header: http.Header{"X-Id": {"1"}}, Body: []byte("{}")}
	s := schemes["list"]
	s.Sign(o, r)
	r.Header.Set(s.Header, "v1a,xyz v1,AAAA "+r.Header.Get(s.Header))
	if err := s.Verify(o, r); err != nil {
		t.Error(err)
	}
}

func TestKeys(t *testing.T) {
	for secret, want := range map[string]string{"whsec_c2VjcmV0MQ==": "secret1", "c2VjcmV0MQ": "secret1", "c2V jcmV0": "", "!": "", "whsec_": ""} {
		if got := (Scheme{Key: "base64"}).key(secret); string(got) != want {
			t.Errorf("base64 %q: got %q, want %q", secret, got, want)
		}
	}
	for secret, want := range map[string]string{"7365637265": "secre", "736": "", "zz": ""} {
		if got := (Scheme{Key: "hex"}).key(secret); string(got) != want {
			t.Errorf("hex %q: got %q, want %q", secret, got, want)
		}
	}
}

// A secret that is no key is told of before it refuses every webhook.
func TestSchemeCheck(t *testing.T) {
	for secret, want := range map[string]string{"7365637265": "<nil>", "zz": "secret: is not hex; copy all of it", "": "secret: is not hex; copy all of it"} {
		if got := fmt.Sprint((Scheme{Key: "hex"}).Check(Options{Secrets: []string{secret}})); got != want {
			t.Errorf("%q: got %s, want %s", secret, got, want)
		}
	}
}

func TestRSA(t *testing.T) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	tool := Options{Secrets: []string{"other", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}}
	ours := Options{Secrets: []string{"other", base64.StdEncoding.EncodeToString(public)}}
	signature := tool.SignRSA([]byte("{}"))
	for _, o := range []Options{tool, ours} {
		if err := o.VerifyRSA(signature, []byte("{}")); err != nil {
			t.Error(err)
		}
		if err := o.VerifyRSA(signature, []byte("{ }")); !errors.Is(err, ErrSignature) {
			t.Errorf("a changed body: got %v", err)
		}
	}
	if got := ours.SignRSA([]byte("{}")); got != "" {
		t.Errorf("without a private key: got %q", got)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("t=1,v1=00", "1", "{}")
	o := Options{Secrets: []string{"secret"}}
	f.Fuzz(func(t *testing.T, value, at, body string) {
		for name, s := range schemes {
			r := &Request{URL: "https://example.com/?key=" + value, Header: http.Header{"X-Signature": {value}, "X-Time": {at}, "Authorization": {value}}, Body: []byte(body)}
			if s.Hash != Token && s.Verify(o, r) == nil {
				t.Errorf("%s: passed", name)
			}
		}
	})
}
