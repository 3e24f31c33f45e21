package nats

import (
	"crypto/tls"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

func TestFaults(t *testing.T) {
	destinationtest.TestStreamFaults(t, destinationtest.StreamHarness{
		Serve: func(t *testing.T, _ string) string {
			return strings.TrimPrefix(run(t, server.Options{JetStream: true, StoreDir: t.TempDir()}).ClientURL(), "nats://")
		},
		Open: func(t *testing.T, address string) destination.Destination {
			s := *Type().Settings().(*Settings)
			s.Servers, s.Stream, s.Create = []string{"nats://" + address}, "chats", true
			return open(t, s)
		},
		Received: func(t *testing.T, address string) []string {
			_, calls := stored(t, "nats://"+address)
			return calls
		},
		Once:   true,
		Secret: "t0ken",
		Cases: []destinationtest.Case{
			locked("wrong token", func(s *Settings) { s.Token = "not-t0ken" }),
			locked("no token", func(s *Settings) { s.Token = "" }),
			encrypted(),
			streamCase("stream is missing", "pause", false),
			streamCase("stream is full", "again", true),
		},
	})
}

// locked is the case of a server that does not let us in.
func locked(name string, wrong func(*Settings)) destinationtest.Case {
	var s *server.Server
	right := func(s *Settings) { s.Token = "t0ken" }
	return destinationtest.Case{
		Name: name, Class: "pause",
		Open: func(t *testing.T) destination.Destination {
			s = run(t, server.Options{JetStream: true, StoreDir: t.TempDir(), Authorization: "t0ken"})
			return open(t, settings(s, wrong))
		},
		Reopen: func(t *testing.T) destination.Destination { return open(t, settings(s, right)) },
		Received: func(t *testing.T) []string {
			_, calls := stored(t, strings.Replace(s.ClientURL(), "//", "//t0ken@", 1))
			return calls
		},
	}
}

// encrypted is the case of a server whose certificate nobody knows.
func encrypted() destinationtest.Case {
	var right *server.Server
	return destinationtest.Case{
		Name: "TLS failure", Class: "again",
		Open: func(t *testing.T) destination.Destination {
			c := httptest.NewTLSServer(nil)
			defer c.Close()
			s := run(t, server.Options{JetStream: true, StoreDir: t.TempDir(), TLSConfig: &tls.Config{Certificates: c.TLS.Certificates}})
			return open(t, settings(s))
		},
		Reopen: func(t *testing.T) destination.Destination {
			right = run(t, server.Options{JetStream: true, StoreDir: t.TempDir()})
			return open(t, settings(right))
		},
		Received: func(t *testing.T) []string { _, calls := stored(t, right.ClientURL()); return calls },
	}
}

// stream makes the stream, for so many messages.
func stream(t *testing.T, js jetstream.JetStream, messages int64) {
	t.Helper()
	_, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{
		Name: "chats", Subjects: []string{"parlance.>"}, Discard: jetstream.DiscardNew, MaxMsgs: messages,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// streamCase is the case of a stream that is full, or of none, until it is
// mended.
func streamCase(name, class string, full bool) destinationtest.Case {
	var s *server.Server
	create := func(t *testing.T, messages int64) {
		manage(t, s, func(js jetstream.JetStream) { stream(t, js, messages) })
	}
	return destinationtest.Case{
		Name: name, Class: class, Happened: full, // for some
		Open: func(t *testing.T) destination.Destination {
			s = run(t, server.Options{JetStream: true, StoreDir: t.TempDir()})
			if full {
				create(t, 3)
			}
			return open(t, settings(s, func(s *Settings) { s.Create = false }))
		},
		Mend:     func(t *testing.T) { create(t, -1) },
		Received: func(t *testing.T) []string { _, calls := stored(t, s.ClientURL()); return calls },
	}
}
