package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/gateway"
)

// A token is masked under whatever name it comes, what is compressed is written
// down as it is read, and a handshake is ended.
func TestCapturer(t *testing.T) {
	config := &gateway.Config{Sources: []gateway.Source{
		{Name: "desk", Type: "custom", Secrets: []gateway.Secret{"s3cret-9"}, Program: "empty", Signature: gateway.Signature{Header: "X-Desk", Hash: "token"}},
		{Name: "wa", Type: "whatsapp-cloud", Secrets: []gateway.Secret{"app-secret", "hello"}},
	}}
	request := func(source string, r *http.Request) (file, said, answer string) {
		reader, err := config.Reader("default", source)
		if err != nil {
			t.Fatal(err)
		}
		var f, s strings.Builder
		w := httptest.NewRecorder()
		(&capturer{reader: reader, file: &f, say: &s}).ServeHTTP(w, r)
		return f.String(), s.String(), w.Body.String()
	}
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte(`{"text":"hi"}`))
	_ = w.Close()
	r := httptest.NewRequest(http.MethodPost, "/in/desk?k=s3cret-9", &z)
	r.Header.Set("X-Desk", "s3cret-9")
	r.Header.Set("Content-Encoding", "gzip")
	file, said, _ := request("desk", r)
	if strings.Contains(file, "s3cret") || !strings.Contains(file, `{\"text\":\"hi\"}`) || !strings.Contains(said, "signed: of no interest") {
		t.Errorf("got %s and %s", file, said)
	}
	_, said, answer := request("wa", httptest.NewRequest(http.MethodGet, "/in/wa?hub.mode=subscribe&hub.challenge=4711&hub.verify_token=hello", nil))
	if answer != "4711" || !strings.Contains(said, "handshake") {
		t.Errorf("got %s and %s", answer, said)
	}
}
