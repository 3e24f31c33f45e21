package webhook

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// The receiver is connected to, and asked nothing.
func TestExamine(t *testing.T) {
	const good, problem = destination.Good, destination.Problem
	asked := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked something") })
	plain, secure := httptest.NewServer(asked), httptest.NewUnstartedServer(asked)
	defer plain.Close()
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	known := x509.NewCertPool()
	known.AddCert(secure.Certificate())
	trusting := func(d *Destination) {
		d.client.Transport().TLSClientConfig = &tls.Config{RootCAs: known}
	}
	guarded := func(d *Destination) { d.s.AllowPrivate, d.client = false, newClient(false) }
	for name, tt := range map[string]struct {
		url    string
		change func(*Destination)
		want   []any
	}{
		"http":            {plain.URL, nil, []any{good, "takes connections"}},
		"https":           {secure.URL, trusting, []any{good, "takes connections", good, "is good until"}},
		"other host":      {strings.Replace(secure.URL, "127.0.0.1", "localhost", 1), trusting, []any{good, "takes connections", problem, "cannot be trusted"}},
		"nobody knows it": {secure.URL, nil, []any{good, "takes connections", problem, "cannot be trusted"}},
		"no TLS there":    {strings.Replace(plain.URL, "http:", "https:", 1), nil, []any{good, "takes connections", problem, "cannot be trusted"}},
		"private":         {strings.Replace(plain.URL, "127.0.0.1", "localhost", 1), guarded, []any{problem, "allow_private"}},
		"nobody there":    {"https://127.0.0.1:1/hidden", nil, []any{problem, "refused"}},
		"nobody's name":   {"https://parlance.invalid/hidden", nil, []any{problem, "parlance.invalid"}},
	} {
		d := open(t, settings(tt.url))
		if tt.change != nil {
			tt.change(d)
		}
		destinationtest.Findings(t, name, d.Examine(t.Context()), tt.want...)
	}
}
