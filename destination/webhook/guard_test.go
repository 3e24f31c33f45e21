package webhook

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"code.dny.dev/ssrf"
	"golang.org/x/net/dns/dnsmessage"

	"github.com/parlance-chat/parlance/destination"
)

func TestGuard(t *testing.T) {
	for _, address := range []string{
		"127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", // loopback, private
		"169.254.169.254", "100.100.100.200", "192.0.0.192", "168.63.129.16", "[fd00:ec2::254]", // metadata
		"169.254.1.1", "100.64.0.1", "198.18.0.1", "224.0.0.1", "239.255.255.250", "255.255.255.255", "240.0.0.1",
		"[::1]", "[::]", "[fe80::1]", "[fe80::1%25eth0]", "[fc00::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]",
		"[::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[2001:0:1::]",
		"localhost", "LocalHost",
	} {
		url := "http://" + address + "/"
		s := settings(url)
		if err := s.Check(); err != nil {
			t.Errorf("%s, allowed: %v", address, err)
		}
		s.AllowPrivate = false
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), "allow_private") {
			t.Errorf("%s: got %v, want an error with what to write", address, err)
		}
	}
	for _, address := range []string{"8.8.8.8", "172.32.0.1", "[2606:4700::1111]", "example.com", "localhost.example.com"} {
		s := settings("https://" + address + "/")
		s.AllowPrivate = false
		if err := s.Check(); err != nil {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A name that the check cannot see through is caught when it is dialed: what
// counts is the address, whatever the name meant before.
func TestNameOfPrivateAddress(t *testing.T) {
	reached := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer server.Close()
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	s := settings("https://example.com/")
	s.AllowPrivate = false
	d := open(t, s)
	// The URL is changed behind the back of its check.
	for _, host := range []string{"localhost", "127.0.0.1"} {
		d.s.URL = settings("http://" + host + ":" + port).URL
		err := d.Send(t.Context(), one("a"))
		var pause *destination.Pause
		if !errors.As(err, &pause) || !strings.Contains(pause.Reason, "allow_private") {
			t.Errorf("%s: got %v, want a pause", host, err)
		}
	}
	if reached {
		t.Error("it was reached")
	}
}

// DNS may say one thing when asked, and another when dialed.
func TestRebinding(t *testing.T) {
	dns, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	go answer(dns, [4]byte{93, 184, 215, 14}, [4]byte{127, 0, 0, 1})
	dialer := net.Dialer{Control: guard.Safe}
	dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", dns.LocalAddr().String())
	}}
	hosts, err := dialer.Resolver.LookupNetIP(t.Context(), "ip4", "hook.example.")
	if err != nil || len(hosts) != 1 || guard.SafeAddr(hosts[0]) != nil {
		t.Fatalf("asked: got %v (%v), want a public address", hosts, err)
	}
	if _, err := dialer.DialContext(t.Context(), "tcp4", "hook.example.:80"); !errors.Is(err, ssrf.ErrProhibitedIP) {
		t.Errorf("dialed: got %v, want that the address is prohibited", err)
	}
}

// answer answers the first question with one address, and all others with
// another.
func answer(dns net.PacketConn, first, then [4]byte) {
	b := make([]byte, 512)
	for a := first; ; a = then {
		n, from, err := dns.ReadFrom(b)
		if err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(b[:n]) != nil {
			continue
		}
		m.Response, m.Additionals = true, nil
		m.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET},
			Body:   &dnsmessage.AResource{A: a},
		}}
		if out, err := m.Pack(); err == nil {
			_, _ = dns.WriteTo(out, from)
		}
	}
}
