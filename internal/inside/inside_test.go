package inside_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/internal/inside"
)

type who struct{}

func TestTransport(t *testing.T) {
	c := http.Client{Transport: inside.Transport{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Host", r.Host)
		w.WriteHeader(http.StatusTeapot)
		fmt.Fprintf(w, "%s %s %s %v", r.Method, r.RequestURI, b, r.Context().Value(who{}))
		w.WriteHeader(http.StatusOK) // too late
	})}}
	req, err := http.NewRequestWithContext(context.WithValue(t.Context(), who{}, "mia"), "POST", "http://gateway/a?b=c", strings.NewReader("body"))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(resp.Body)
	if got, want := fmt.Sprint(resp.StatusCode, resp.Header.Get("X-Host"), string(b)), "418gatewayPOST /a?b=c body mia"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
