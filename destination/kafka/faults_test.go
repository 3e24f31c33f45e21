package kafka

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// serve runs brokers that tell clients to come to an address.
func serve(t *testing.T, address string, o ...kfake.Opt) (c *kfake.Cluster, target string) {
	c = run(t, append(o, kfake.ListenFn(func(network, _ string) (net.Listener, error) {
		l, err := net.Listen(network, "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		target = l.Addr().String()
		return elsewhere{l, address}, nil
	}))...)
	return c, target
}

// elsewhere is a listener that says it is at another address.
type elsewhere struct {
	net.Listener
	address string
}

func (e elsewhere) Addr() net.Addr {
	a, _ := net.ResolveTCPAddr("tcp", e.address) // of a listener of ours
	return a
}

func TestFaults(t *testing.T) {
	destinationtest.TestStreamFaults(t, destinationtest.StreamHarness{
		Serve: func(t *testing.T, address string) string { _, target := serve(t, address); return target },
		Open: func(t *testing.T, address string) destination.Destination {
			s := *Type().Settings().(*Settings)
			s.Brokers, s.Topic, s.Compression = []string{address}, "chats", "none" // so that the proxy sees calls
			return open(t, s)
		},
		Received: func(t *testing.T, address string) []string { return values(stored(t, address, "chats")) },
		Cases:    append(answers(), logins()...),
	})
}

// answers are the cases of brokers that say what is wrong.
func answers() (cases []destinationtest.Case) {
	for _, f := range []struct {
		err      *kerr.Error
		class    string
		happened bool
	}{
		{err: kerr.TopicAuthorizationFailed, class: "pause"},
		{err: kerr.ClusterAuthorizationFailed, class: "pause"},
		{err: kerr.NotLeaderForPartition, class: "again"},
		{err: kerr.LeaderNotAvailable, class: "again"},
		{err: kerr.NotEnoughReplicas, class: "again"},
		{err: kerr.NotEnoughReplicasAfterAppend, class: "again", happened: true}, // failed, but happened
		{err: kerr.RequestTimedOut, class: "again", happened: true},
		{err: kerr.KafkaStorageError, class: "again"},
		{err: kerr.UnknownTopicOrPartition, class: "again"},
		{err: kerr.OutOfOrderSequenceNumber, class: "again"},
		{err: kerr.UnknownServerError, class: "again"},
	} {
		var c *kfake.Cluster
		var fault *kfake.FaultHandle
		cases = append(cases, destinationtest.Case{
			Name: f.err.Message, Class: f.class, Happened: f.happened,
			Open: func(t *testing.T) destination.Destination {
				c = run(t)
				fault = c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: f.err, Count: -1})
				return open(t, settings(c))
			},
			Mend:     func(*testing.T) { fault.Remove() },
			Received: func(t *testing.T) []string { return values(stored(t, c.ListenAddrs()[0], "chats")) },
		})
	}
	return cases
}

// logins are the cases of what somebody has to mend.
func logins() (cases []destinationtest.Case) {
	certificate := func(t *testing.T) kfake.Opt {
		s := httptest.NewTLSServer(nil)
		s.Close()
		return kfake.TLS(s.TLS)
	}
	for _, f := range []struct {
		name, class string
		brokers     func(*testing.T) kfake.Opt
		wrong       func(*Settings)
	}{
		{name: "TLS failure", class: "again", brokers: certificate, wrong: func(s *Settings) { s.TLS = true }},
		{name: "not encrypted", class: "again", brokers: certificate},
		{name: "wrong password", class: "pause", brokers: func(*testing.T) kfake.Opt { return kfake.EnableSASL() }, wrong: func(s *Settings) {
			s.SASL, s.User, s.Password = "scram-sha-256", "admin", "s3cret"
		}},
		{name: "no such topic", class: "pause", wrong: func(s *Settings) { s.Topic = "absent" }},
	} {
		var right *kfake.Cluster
		cases = append(cases, destinationtest.Case{
			Name: f.name, Class: f.class,
			Open: func(t *testing.T) destination.Destination {
				var o []kfake.Opt
				if f.brokers != nil {
					o = append(o, f.brokers(t))
				}
				wrong := run(t, o...)
				if f.name == "wrong password" { // these brokers would leave without a word, and Kafka's do not
					wrong.ControlKey(int16(kmsg.SASLAuthenticate), func(q kmsg.Request) (kmsg.Response, error, bool) {
						wrong.KeepControl()
						r := q.ResponseKind().(*kmsg.SASLAuthenticateResponse)
						r.ErrorCode = kerr.SaslAuthenticationFailed.Code
						return r, nil, true
					})
				}
				s := settings(wrong)
				if f.wrong != nil {
					f.wrong(&s)
				}
				return open(t, s)
			},
			Reopen: func(t *testing.T) destination.Destination {
				right = run(t)
				return open(t, settings(right))
			},
			Received: func(t *testing.T) []string { return values(stored(t, right.ListenAddrs()[0], "chats")) },
		})
	}
	return cases
}

// insist sends until it is done, as package deliver does.
func insist(t *testing.T, d *Destination, a destination.Attempt) {
	t.Helper()
	for ; ; a.Retry++ {
		err := d.Send(t.Context(), a)
		if err == nil {
			return
		}
		if destinationtest.Class(err) != "again" || a.Retry > 1000 {
			t.Fatal(err)
		}
	}
}

// Whatever brokers do, each conversation stays in order.
func TestOrder(t *testing.T) {
	const calls = 2000
	c := run(t, kfake.NumBrokers(3))
	random := rand.New(rand.NewPCG(1, 2))
	errs := []*kerr.Error{
		kerr.NotLeaderForPartition, kerr.NotEnoughReplicas, kerr.NotEnoughReplicasAfterAppend, kerr.RequestTimedOut,
		kerr.UnknownServerError, kerr.OutOfOrderSequenceNumber, kerr.UnknownProducerID, kerr.CorruptMessage,
	}
	d := open(t, settings(c))
	d.more = append(d.more, kgo.ProducerBatchMaxBytes(600)) // so that a partition's part of an attempt is several batches
	failed := 0
	for from := 0; from < calls; from += 50 {
		for a := attempt(from, from+50); ; failed++ {
			h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: errs[random.IntN(len(errs))], Partitions: []int32{random.Int32N(3)}, Count: random.IntN(2*retries) + 1})
			if random.IntN(3) == 0 {
				c.ShufflePartitionLeaders()
			}
			err := d.Send(t.Context(), a)
			h.Remove()
			if err == nil {
				break
			}
			if destinationtest.Class(err) != "again" {
				t.Fatal(err)
			}
		}
	}
	again := inOrder(t, stored(t, c.ListenAddrs()[0], "chats"), calls)
	t.Logf("%d attempts failed; %d of %d calls came again", failed, again, calls)
}

// An acknowledgement that got lost is asked for again, and nothing comes twice:
// the brokers know the sequence.
func TestLostAcknowledgement(t *testing.T) {
	destinationtest.TestStreamFaults(t, destinationtest.StreamHarness{
		Serve: func(t *testing.T, address string) string { _, target := serve(t, address); return target },
		Open: func(t *testing.T, address string) destination.Destination {
			s := *Type().Settings().(*Settings)
			s.Brokers, s.Topic, s.Compression = []string{address}, "chats", "none"
			return open(t, s)
		},
		Received: func(t *testing.T, address string) []string { return values(stored(t, address, "chats")) },
		Heals:    true,
	})
}

// While one partition fails, what others took does not come again.
func TestOnePartitionFails(t *testing.T) {
	c := run(t)
	d := open(t, settings(c))
	h := c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotEnoughReplicas, Partitions: []int32{1}, Count: -1})
	for range 5 {
		if err := d.Send(t.Context(), attempt(0, 100)); destinationtest.Class(err) != "again" {
			t.Fatalf("got %v", err)
		}
	}
	h.Remove()
	insist(t, d, attempt(0, 100))
	if again := inOrder(t, stored(t, c.ListenAddrs()[0], "chats"), 100); again != 0 || len(d.taken) != 0 {
		t.Errorf("%d came again, want none; %d are remembered", again, len(d.taken))
	}
}

// A call that is too large is refused alone, and those of its conversation come
// behind it.
func TestTooLarge(t *testing.T) {
	c := run(t)
	if err := c.CreateTopic("small", 3, map[string]string{"max.message.bytes": "2000"}); err != nil {
		t.Fatal(err)
	}
	d := open(t, settings(c, func(s *Settings) { s.Topic, s.Compression = "small", "none" }))
	a := attempt(0, 4)
	large := []byte(`{"type":"track","event":"` + strings.Repeat("x", 3000) + `","n":1}`)
	a.Calls[1].JSON = large
	if err := d.Send(t.Context(), a); destinationtest.Class(err) != "refusal" {
		t.Fatalf("got %v, want a refusal", err)
	}
	for _, c := range a.Calls {
		err := d.Send(t.Context(), destination.Attempt{Calls: []destination.Call{c}})
		if want := string(c.JSON) == string(large); errors.As(err, new(*destination.Refusal)) != want || err != nil && !want {
			t.Errorf("%s: got %v", c.MessageID, err)
		}
	}
	if again := inOrder(t, stored(t, c.ListenAddrs()[0], "small"), 3); again != 0 {
		t.Errorf("%d came again, want none", again)
	}
	a = attempt(0, 1)
	a.Calls[0].JSON = []byte(`{"event":"` + strings.Repeat("x", 2<<20) + `"}`)
	if err := d.Send(t.Context(), a); destinationtest.Class(err) != "refusal" {
		t.Errorf("larger than the library sends: got %v, want a refusal", err)
	}
}

// Brokers that throttle are left alone for as long as they want.
func TestThrottled(t *testing.T) {
	c := run(t)
	var throttles atomic.Bool
	c.ControlKey(int16(kmsg.Metadata), func(q kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		if !throttles.Load() {
			return nil, nil, false
		}
		r := q.ResponseKind().(*kmsg.MetadataResponse)
		r.ThrottleMillis = 3000
		return r, nil, true
	})
	d := open(t, settings(c))
	throttles.Store(true)
	_ = d.Send(t.Context(), attempt(0, 1)) // fails, and is told to wait
	var wait *destination.Wait
	if err := d.Send(t.Context(), attempt(0, 1)); !errors.As(err, &wait) || wait.For > 3*time.Second {
		t.Fatalf("got %v, want to wait", err)
	}
	throttles.Store(false)
	time.Sleep(wait.For)
	insist(t, d, attempt(0, 1))
}

func TestCreatesTopic(t *testing.T) {
	c := run(t)
	d := open(t, settings(c, func(s *Settings) { s.Topic, s.CreateTopic = "of-{workspace}.{source}", true }))
	insist(t, d, attempt(0, 20))
	inOrder(t, stored(t, c.ListenAddrs()[0], "of-acme.desk"), 20)
}
