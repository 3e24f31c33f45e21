package doctor

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/phrase"
)

const (
	reachTime = 15 * time.Second
	// soon is how long before its end a certificate is told of.
	soon = 14 * 24 * time.Hour
	// A clock that is off by some shifts events' times where a receiver corrects
	// them by sentAt. One that is off by much has tools' signatures refused.
	offSome = 10 * time.Second
	offMuch = 4 * time.Minute
)

// A Clock is how far a host's clock is ahead of ours.
type Clock struct {
	Host  string
	Ahead time.Duration
}

// A reached is what was found out about an address.
type reached struct {
	found  []destination.Finding
	clocks []Clock
}

// reach asks the host of a URL for nothing in particular.
func reach(ctx context.Context, address string) (r reached) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return r // who speaks something else looks by itself
	}
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.Scheme+"://"+u.Host+"/", nil)
	if err != nil {
		return r
	}
	req.Header.Set("User-Agent", "parlance")
	before := time.Now()
	resp, err := transport.RoundTrip(req) // which follows no redirect
	if err != nil {
		r.add(unreachable(u.Host, err))
		return r
	}
	resp.Body.Close()
	took := time.Since(before)
	text := fmt.Sprintf("%s answers, in %d ms", u.Host, took.Milliseconds())
	if resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		end := resp.TLS.PeerCertificates[0].NotAfter
		text += ", with a certificate until " + end.UTC().Format(time.DateOnly)
		r.add(certificate(u.Host, end.Sub(before)))
	}
	r.add(destination.Finding{Text: text})
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// It is cut to seconds, and was written somewhere between.
		r.clocks = append(r.clocks, Clock{u.Host, at.Add(500 * time.Millisecond).Sub(before.Add(took / 2))})
	}
	return r
}

func (r *reached) add(f destination.Finding) {
	if f.Text != "" {
		r.found = append(r.found, f)
	}
}

// certificate warns of one that ends soon.
func certificate(host string, left time.Duration) destination.Finding {
	if left >= soon {
		return destination.Finding{}
	}
	return destination.Finding{Level: destination.Warning, Text: "the certificate of " + host + " ends in " + phrase.Span(left),
		Do: "have it renewed; once it has ended, nothing is sent any more"}
}

// unreachable says why a host does not answer.
func unreachable(host string, err error) destination.Finding {
	f := destination.Finding{Level: destination.Problem, Text: host + " does not answer: " + err.Error(), Do: "is endpoint right, and may this machine open connections to it? A proxy is named by HTTPS_PROXY"}
	var dns *net.DNSError
	var expired x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		f.Text, f.Do = "there is no host "+host, "is endpoint right, and does this machine have a network and DNS?"
	case errors.As(err, &dns):
		f.Text, f.Do = "the name "+host+" cannot be looked up: "+dns.Err, "look at this machine's DNS (/etc/resolv.conf)"
	case errors.As(err, &expired) && expired.Reason == x509.Expired:
		f.Text, f.Do = "the certificate of "+host+" is not valid now: "+expired.Error(), "have it renewed; or is this machine's clock wrong?"
	case errors.As(err, new(x509.UnknownAuthorityError)):
		f.Text, f.Do = "nobody whom this machine trusts has signed the certificate of "+host, "install the authority's certificate, which SSL_CERT_FILE may name; or does a proxy stand between?"
	case errors.As(err, new(x509.HostnameError)):
		f.Text, f.Do = "the certificate at "+host+" is another host's", "is endpoint right?"
	case errors.As(err, &certificate):
		f.Do = "look at the receiver's certificate"
	case errors.Is(err, context.DeadlineExceeded):
		f.Text = fmt.Sprintf("%s does not answer within %s", host, reachTime)
	}
	return f
}

// OurClock compares our clock with others'. One of them may be wrong, so that
// the one in the middle counts.
func OurClock(clocks []Clock) destination.Finding {
	if len(clocks) == 0 {
		return destination.Finding{}
	}
	slices.SortFunc(clocks, func(a, b Clock) int { return cmp.Compare(a.Ahead, b.Ahead) })
	c := clocks[len(clocks)/2]
	which, by := "behind", c.Ahead
	if by < 0 {
		which, by = "ahead of", -by
	}
	if by < offSome {
		return destination.Finding{Text: "this machine's clock agrees with " + c.Host + "'s"}
	}
	f := destination.Finding{Level: destination.Warning, Text: fmt.Sprintf("this machine's clock is %s %s %s's: where a receiver corrects times by sentAt, events come out wrong by that", by.Round(time.Second), which, c.Host),
		Do: "turn on time synchronisation, such as with: timedatectl set-ntp true"}
	if by >= offMuch {
		f.Level = destination.Problem
		f.Text += ", and tools' signatures may be refused as too old"
	}
	return f
}
