package nats

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/parlance-chat/parlance/internal/listentest"
)

// forBoth runs a test with a stream that takes batches, and with one that does
// not, as servers before 2.14 have.
func forBoth(t *testing.T, test func(t *testing.T, batches bool)) {
	t.Run("batches", func(t *testing.T) { test(t, true) })
	t.Run("no batches", func(t *testing.T) { test(t, false) })
}

// inOrder checks that a stream has all of so many calls once, those of each
// conversation in order.
func inOrder(t *testing.T, url string, want int) {
	t.Helper()
	_, calls := stored(t, url)
	if len(calls) != want {
		t.Errorf("got %d calls, want %d", len(calls), want)
	}
	last := map[int]int{}
	for _, c := range calls {
		var n int
		if _, err := fmt.Sscanf(c[strings.Index(c, `"n":`):], `"n":%d`, &n); err != nil {
			t.Fatal(err)
		}
		if before, ok := last[n%3]; ok && n <= before {
			t.Errorf("conversation %d: %d after %d", n%3, n, before)
		}
		last[n%3] = n
	}
}

// Where a stream refuses one call of a conversation and would take the next,
// that one does not get ahead.
func TestNothingGetsAhead(t *testing.T) {
	forBoth(t, func(t *testing.T, batches bool) {
		s := run(t, server.Options{JetStream: true, StoreDir: t.TempDir()})
		configure := func(bytes int64) {
			manage(t, s, func(js jetstream.JetStream) {
				_, err := js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{
					Name: "chats", Subjects: []string{"parlance.>"}, Discard: jetstream.DiscardNew, MaxBytes: bytes, AllowBatchPublish: batches,
				})
				if err != nil {
					t.Fatal(err)
				}
			})
		}
		configure(5000)
		a := attempt(0, 12)
		a.Calls[3].JSON = []byte(strings.Replace(string(a.Calls[3].JSON), "Sent", "Sent"+strings.Repeat("x", 5000), 1))
		d := open(t, settings(s))
		for range 2 {
			if err := d.Send(t.Context(), a); classOf(err) != "again" {
				t.Fatalf("got %v, want another attempt", err)
			}
			a.Retry++
		}
		inOrder(t, s.ClientURL(), 9) // of conversation 0, the first call alone
		configure(-1)
		for range 2 { // and again, as after a crash
			if err := d.Send(t.Context(), a); err != nil {
				t.Fatal(err)
			}
			a.Retry = 0
		}
		inOrder(t, s.ClientURL(), 12)
	})
}

// While the servers of a cluster choose another leader all the time, each call
// arrives once, and each conversation stays in order.
func TestLeaders(t *testing.T) {
	forBoth(t, func(t *testing.T, batches bool) {
		const size, enough = 50, 10
		urls := cluster(t)
		nc, err := nats.Connect(urls[0])
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		js, err := jetstream.New(nc)
		if err != nil {
			t.Fatal(err)
		}
		create := jetstream.StreamConfig{Name: "chats", Subjects: []string{"parlance.>"}, Replicas: 3, Duplicates: repetitions, AllowBatchPublish: batches}
		for _, err = js.CreateStream(t.Context(), create); err != nil; _, err = js.CreateStream(t.Context(), create) {
			if t.Context().Err() != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond) // there is no leader yet
		}
		stop, stopped := make(chan struct{}), make(chan struct{})
		var changes, failed atomic.Int32
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				case <-time.After(time.Duration(1+failed.Load()/10) * 100 * time.Millisecond): // so that a slow machine gets to the end
					if m, err := nc.Request("$JS.API.STREAM.LEADER.STEPDOWN.chats", nil, time.Second); err == nil && strings.Contains(string(m.Data), `"success":true`) {
						changes.Add(1)
					}
				}
			}
		}()
		s := *Type().Settings().(*Settings)
		s.Servers, s.Stream = urls, "chats"
		d := open(t, s)
		calls := 0
		for ; changes.Load() < enough; calls += size {
			for a := attempt(calls, calls+size); ; a.Retry++ {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // answers get lost
				err := d.Send(ctx, a)
				cancel()
				if err == nil {
					break
				}
				if classOf(err) != "again" {
					t.Fatal(err)
				}
				failed.Add(1)
				time.Sleep(20 * time.Millisecond)
			}
		}
		close(stop)
		<-stopped
		t.Logf("%d changes of the leader, %d attempts of %d failed", changes.Load(), failed.Load(), calls/size)
		inOrder(t, urls[0], calls)
	})
}

// cluster runs three servers, and returns where they listen.
func cluster(t *testing.T) (urls []string) {
	t.Helper()
	var routes []string
	var ports []int
	for range 3 {
		port := listentest.Port(t)
		ports, routes = append(ports, port), append(routes, fmt.Sprintf("nats://127.0.0.1:%d", port))
	}
	for i, port := range ports {
		s := run(t, server.Options{
			ServerName: fmt.Sprint("s", i), JetStream: true, StoreDir: t.TempDir(), Routes: server.RoutesFromStr(strings.Join(routes, ",")),
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: port},
		})
		urls = append(urls, s.ClientURL())
	}
	return urls
}

// Servers before 2.14 do not know batches, and some refuse what they do not
// know. This one speaks for such a server as far as it goes.
func TestOldServer(t *testing.T) {
	s := run(t, server.Options{})
	nc, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	got := 0
	for subject, answer := range map[string]func(*nats.Msg) string{
		"$JS.API.STREAM.INFO.chats": func(*nats.Msg) string {
			return `{"error":{"code":404,"err_code":10059,"description":"stream not found"}}`
		},
		"$JS.API.STREAM.CREATE.chats": func(m *nats.Msg) string {
			if strings.Contains(string(m.Data), "allow_batched") {
				return `{"error":{"code":400,"err_code":10025,"description":"invalid JSON"}}`
			}
			return `{"config":{"name":"chats"}}`
		},
		"parlance.>": func(*nats.Msg) string {
			got++
			return fmt.Sprintf(`{"stream":"chats","seq":%d}`, got)
		},
	} {
		if _, err := nc.Subscribe(subject, func(m *nats.Msg) { _ = m.Respond([]byte(answer(m))) }); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := open(t, settings(s)).Send(t.Context(), attempt(0, 10)); err != nil {
		t.Fatal(err)
	}
	if got != 10 {
		t.Errorf("got %d calls, want 10", got)
	}
}
