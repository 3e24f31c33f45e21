package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/parlance-chat/parlance/destination"
)

// soon is how long a certificate is to be good for yet, so that nobody is
// surprised.
const soon = 14 * 24 * time.Hour

// examineTime bounds an examination.
const examineTime = 30 * time.Second

// Examine implements destination.Examiner. It connects and makes no request:
// whatever it posted, the receiver would take for a call.
func (d *Destination) Examine(ctx context.Context) []destination.Finding {
	ctx, cancel := context.WithTimeout(ctx, examineTime)
	defer cancel()
	u, err := url.Parse(string(d.s.URL))
	if err != nil {
		return []destination.Finding{destination.Found(errors.New("webhook: BUG: a URL that was checked is none"))}
	}
	if proxy := d.proxy(u); proxy != "" {
		return []destination.Finding{good("requests go through the proxy %s, so that the receiver was not looked at", proxy)}
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	conn, err := d.dial(ctx, net.JoinHostPort(u.Hostname(), port))
	if err != nil {
		return []destination.Finding{destination.Found(noAnswer(err))}
	}
	defer conn.Close()
	found := []destination.Finding{good("%s takes connections", conn.RemoteAddr())}
	if !d.s.AllowPrivate {
		found[0].Text += ", and is a public address"
	}
	if u.Scheme == "https" {
		return append(found, d.examineTLS(ctx, conn, u.Hostname()))
	}
	if !d.s.AllowPrivate {
		found = append(found, destination.Finding{Level: destination.Warning, Text: "what is sent can be read on its way", Do: "write a url with https://"})
	}
	return found
}

// proxy returns the host of the one that requests go through, or "".
func (d *Destination) proxy(u *url.URL) string {
	proxy := d.client.Transport().Proxy
	if proxy == nil {
		return ""
	}
	through, err := proxy(&http.Request{URL: u})
	if err != nil || through == nil {
		return ""
	}
	return through.Host
}

// dial connects, under the same guard as requests.
func (d *Destination) dial(ctx context.Context, address string) (net.Conn, error) {
	return d.client.Transport().DialContext(ctx, "tcp", address)
}

// examineTLS makes the handshake that requests begin with.
func (d *Destination) examineTLS(ctx context.Context, conn net.Conn, host string) destination.Finding {
	c := &tls.Config{ServerName: host}
	if t := d.client.Transport().TLSClientConfig; t != nil {
		c.RootCAs = t.RootCAs
	}
	secure := tls.Client(conn, c)
	if err := secure.HandshakeContext(ctx); err != nil {
		return destination.Finding{Level: destination.Problem, Text: "the receiver cannot be trusted: " + err.Error(), Do: "look at the receiver's certificate, and at the host in url"}
	}
	ends := secure.ConnectionState().PeerCertificates[0].NotAfter
	if time.Until(ends) < soon {
		return destination.Finding{Level: destination.Warning, Text: "the receiver's certificate ends on " + ends.UTC().Format("2 January 2006"), Do: "have it renewed"}
	}
	return good("connections are encrypted, and the certificate is good until %s", ends.UTC().Format("2 January 2006"))
}

func good(format string, args ...any) destination.Finding {
	return destination.Finding{Text: fmt.Sprintf(format, args...)}
}
