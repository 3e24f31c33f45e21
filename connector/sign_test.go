package connector

import (
	"errors"
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
	"address":   {Header: "X-Signature", Signed: "{method}{url}{form}", Encoding: "base64", Hash: HMACSHA1},
	"hash":      {Header: "X-Signature", Hash: SHA256},
	"token":     {Header: "Authorization", Hash: Token, Value: "Bearer {signature}"},
	"parameter": {Query: "key", Hash: Token},
}

func TestSchemes(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	o := Options{Secrets: []string{"", "whsec_b2xkZXI=", "whsec_c2VjcmV0"}, Now: func() time.Time { return now }}
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
			other.Secrets = []string{"another", ""}
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
