package nats

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// run runs a real server, in this process.
func run(t testing.TB, o server.Options) *server.Server {
	t.Helper()
	o.Host, o.NoLog, o.NoSigs = "127.0.0.1", true, true
	if o.Port == 0 {
		o.Port = -1
	}
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	go s.Start()
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

func settings(s *server.Server, change ...func(*Settings)) Settings {
	out := *Type().Settings().(*Settings)
	out.Servers, out.Stream, out.Create = []string{s.ClientURL()}, "chats", true
	for _, f := range change {
		f(&out)
	}
	return out
}

func open(t testing.TB, s Settings) *Destination {
	t.Helper()
	d, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// stored returns what the stream has, in order.
func stored(t *testing.T, url string) (subjects, calls []string) {
	t.Helper()
	nc, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), "chats")
	if err != nil {
		t.Fatal(err)
	}
	for n := uint64(1); n <= stream.CachedInfo().State.LastSeq; n++ {
		m, err := stream.GetMsg(t.Context(), n)
		if err != nil {
			t.Fatal(err)
		}
		subjects, calls = append(subjects, m.Subject), append(calls, string(m.Data))
	}
	return subjects, calls
}

func attempt(from, to int) (a destination.Attempt) {
	for n := from; n < to; n++ {
		a.Calls = append(a.Calls, destination.Call{
			Workspace: "acme", Source: "desk", MessageID: fmt.Sprint("m", n), Conversation: fmt.Sprint("c", n%3),
			JSON: fmt.Appendf(nil, `{"type":"track","event":"Live Chat Message Sent","n":%d}`, n),
		})
	}
	return a
}

func TestDestination(t *testing.T) {
	s := run(t, server.Options{JetStream: true, StoreDir: t.TempDir()})
	destinationtest.Test(t, destinationtest.Harness{
		Type:     Type(),
		Settings: func(*testing.T) any { o := settings(s); return &o },
		Received: func(t *testing.T) []string { _, calls := stored(t, s.ClientURL()); return calls },
	})
}

// A server that is gone in the middle loses nothing, and what comes again is
// dropped by the stream.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	s := run(t, server.Options{JetStream: true, StoreDir: dir})
	port := s.Addr().(*net.TCPAddr).Port
	d := open(t, settings(s))
	if err := d.Send(t.Context(), attempt(0, 50)); err != nil {
		t.Fatal(err)
	}
	s.Shutdown()
	s.WaitForShutdown()
	for range 2 {
		if err := d.Send(t.Context(), attempt(0, 100)); classOf(err) != "again" {
			t.Fatalf("without a server: got %v", err)
		}
	}
	s = run(t, server.Options{JetStream: true, StoreDir: dir, Port: port})
	for range 2 {
		if err := d.Send(t.Context(), attempt(0, 100)); err != nil {
			t.Fatal(err)
		}
	}
	subjects, calls := stored(t, s.ClientURL())
	if len(calls) != 100 || subjects[0] != "parlance.acme.desk.live_chat_message_sent" {
		t.Fatalf("got %d calls, the first at %s", len(calls), subjects[0])
	}
	inOrder(t, s.ClientURL(), 100)
}

func TestMeaning(t *testing.T) {
	js := run(t, server.Options{JetStream: true, StoreDir: t.TempDir(), MaxPayload: 2000})
	plain := run(t, server.Options{})
	locked := run(t, server.Options{JetStream: true, StoreDir: t.TempDir(), Authorization: "t0ken"})
	for name, tt := range map[string]struct {
		s    Settings
		want string
	}{
		"created":       {settings(js), "ok"},
		"no stream":     {settings(js, func(s *Settings) { s.Create, s.Stream = false, "absent" }), "pause"},
		"no JetStream":  {settings(plain), "again"},
		"no token":      {settings(locked), "pause"},
		"wrong token":   {settings(locked, func(s *Settings) { s.Token = "other" }), "pause"},
		"right token":   {settings(locked, func(s *Settings) { s.Token = "t0ken" }), "ok"},
		"nobody there":  {settings(js, func(s *Settings) { s.Servers = []string{"nats://127.0.0.1:1"} }), "again"},
		"not encrypted": {settings(js, func(s *Settings) { s.Servers = []string{strings.Replace(js.ClientURL(), "nats:", "tls:", 1)} }), "again"},
	} {
		err := open(t, tt.s).Send(t.Context(), attempt(0, 3))
		if classOf(err) != tt.want || err != nil && strings.Contains(err.Error(), "t0ken") {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
	a := attempt(7, 8)
	a.Calls[0].JSON = fmt.Appendf(nil, `{"type":"track","event":%q}`, strings.Repeat("x", 3000))
	if err := open(t, settings(js)).Send(t.Context(), a); classOf(err) != "refusal" {
		t.Errorf("too large: got %v", err)
	}
}

func classOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, new(*destination.Refusal)):
		return "refusal"
	case errors.As(err, new(*destination.Pause)):
		return "pause"
	}
	return "again"
}
