package meta

import (
	"encoding/json"
	"errors"
	"net/http"
	"testing"

	"github.com/parlance-chat/parlance/connector"
)

func greet(secrets []string, query string) (string, error) {
	return NewApp(connector.Options{Secrets: secrets}).Greet(&connector.Request{Method: http.MethodGet, URL: "https://chats.example.com/in/wa?" + query})
}

func TestHandshake(t *testing.T) {
	secrets := []string{"0123456789abcdef0123456789abcdef", "a verify token"}
	for query, want := range map[string]string{
		"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a+verify+token":   "1158201444",
		"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=another":          "",
		"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=":                 "",
		"hub.mode=subscribe&hub.challenge=1158201444":                                   "",
		"hub.mode=unsubscribe&hub.challenge=1158201444&hub.verify_token=a+verify+token": "",
		"hub.mode=subscribe&hub.verify_token=a+verify+token":                            "",
		"hub_mode=subscribe&hub_challenge=1158201444&hub_verify_token=a+verify+token":   "",
		"": "",
	} {
		got, err := greet(secrets, query)
		if want == "" {
			if !errors.Is(err, connector.ErrSignature) {
				t.Errorf("%s: got %q, %v, want ErrSignature", query, got, err)
			}
			continue
		}
		if got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", query, got, err, want)
		}
	}
	if _, err := greet(nil, "hub.mode=subscribe&hub.challenge=1&hub.verify_token="); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("without secrets: got %v, want ErrSignature", err)
	}
}

// The verify token, which addresses and logs hold, is no key.
func TestVerifyTokenIsNoKey(t *testing.T) {
	const secret, token = "0123456789abcdef0123456789abcdef", "a verify token"
	body := []byte(`{"object":"page","entry":[]}`)
	signed := func(by string) *connector.Request {
		r := &connector.Request{Header: http.Header{}, Body: body}
		NewApp(connector.Options{Secrets: []string{by}}).Sign(r)
		return r
	}
	app := NewApp(connector.Options{Secrets: []string{secret, token}})
	if err := app.Verify(signed(secret)); err != nil {
		t.Errorf("signed with the app secret: got %v", err)
	}
	if err := app.Verify(signed(token)); !errors.Is(err, connector.ErrSignature) {
		t.Errorf("signed with the verify token: got %v, want ErrSignature", err)
	}
}

// What is not ASCII is signed as Meta writes it, and means the same.
func TestEscape(t *testing.T) {
	in := map[string]string{"text": "Grüße 👋 https://example.com <b> \x7f \u2028"}
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	escaped := escape(b)
	for _, c := range escaped {
		if c >= 0x80 {
			t.Fatalf("got %s: not ASCII", escaped)
		}
	}
	var out map[string]string
	if err := json.Unmarshal(escaped, &out); err != nil || out["text"] != in["text"] {
		t.Errorf("got %q (%v), want %q", out["text"], err, in["text"])
	}
}
