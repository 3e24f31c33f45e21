package parquet

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"gocloud.dev/blob"
	"pgregory.net/rapid"

	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// newS3 returns an S3 server in this process, with a bucket.
func newS3(t testing.TB) http.Handler {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("lake"); err != nil {
		t.Fatal(err)
	}
	return gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()
}

// at are settings for a bucket at a server.
func at(url string) Settings {
	return Settings{URL: "s3://lake/chat/all?use_path_style=true&endpoint=" + url, AccessKeyID: "key-id", SecretAccessKey: "the-secret"}
}

// objects returns what a store has, by key.
func objects(t testing.TB, set Settings) map[string][]byte {
	t.Helper()
	s, err := openStore(context.Background(), &set)
	if err != nil {
		t.Fatal(err)
	}
	defer s.bucket.Close()
	return s.objects(t)
}

func (s *store) objects(t testing.TB) map[string][]byte {
	t.Helper()
	all := make(map[string][]byte)
	for list := s.bucket.List(&blob.ListOptions{}); ; {
		o, err := list.Next(context.Background())
		if err == io.EOF {
			return all
		}
		if err == nil && !strings.HasSuffix(o.Key, "/none.parquet") {
			all[o.Key], err = s.bucket.ReadAll(context.Background(), o.Key)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// ids returns the ids that a table has among objects.
func ids(t testing.TB, objects map[string][]byte, table string) (list []string) {
	t.Helper()
	for key, b := range objects {
		if strings.HasPrefix(key, table+"/") {
			list = append(list, first(t, b)...)
		}
	}
	return list
}

// A breaking server fails at one request: before it is done, or after.
type breaking struct {
	http.Handler

	mu    sync.Mutex // guards the fields below
	after int        // how many requests are still done; negative never fails
	pass  bool       // whether the one that fails is done all the same
	log   []string   // what was asked
}

func (b *breaking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	fails, pass := b.after == 0, b.pass
	b.after--
	b.log = append(b.log, r.Method+" "+r.URL.Path)
	b.mu.Unlock()
	if !fails {
		b.Handler.ServeHTTP(w, r)
		return
	}
	if pass {
		b.Handler.ServeHTTP(httptest.NewRecorder(), r)
	}
	panic(http.ErrAbortHandler)
}

func (b *breaking) breakAfter(n int, pass bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.after, b.pass = n, pass
}

// A reader hands calls over in order, as a delivery and a replay do.
type reader struct {
	name        string
	sent, saved int // how many calls were taken, and where the cursor is
	lost        int // up to where calls were taken when the gateway was killed
}

func (r *reader) calls(n int) (list []string) {
	for i := r.saved; i < r.saved+n; i++ {
		list = append(list, event(fmt.Sprintf("%s%02d", r.name, i), i*30_000)) // about three a day
	}
	return list
}

// Whatever breaks, before or after it happened, whenever the gateway is killed,
// and however the calls are cut into attempts after it, also where a replay takes
// turns with what is new: no row is ever there twice, and none is missing once
// its call was taken.
func TestOnce(t *testing.T) {
	const calls, most = 10, 4 // in all, and in an attempt
	rapid.Check(t, func(rt *rapid.T) {
		server := &breaking{Handler: newS3(t), after: -1}
		h := httptest.NewServer(server)
		defer h.Close()
		start := func() *Destination {
			d := open(t, at(h.URL))
			d.remembered = most
			return d
		}
		d := start()
		set := at(h.URL)
		all, err := openStore(t.Context(), &set)
		if err != nil {
			rt.Fatal(err)
		}
		defer all.bucket.Close()
		readers := []*reader{{name: "new"}, {name: "old"}}
		var unsaved []*reader // whose cursors are on their way to the journal, in this order
		save := func(n int) {
			for _, r := range unsaved[:n] {
				r.saved = r.sent
			}
			unsaved = unsaved[n:]
		}
		for readers[0].saved < calls {
			r := readers[rapid.IntRange(0, 1).Draw(rt, "reader")]
			if other := readers[0]; r.saved >= r.lost && other.saved < other.lost {
				r = other // both begin at once, and take turns
			} else if other := readers[1]; r.saved >= r.lost && other.saved < other.lost {
				r = other
			}
			save(slices.Index(unsaved, r) + 1) // it waits for its own
			n := min(rapid.IntRange(0, most).Draw(rt, "calls"), calls-r.saved)
			server.breakAfter(rapid.IntRange(-10, 40).Draw(rt, "requests"), rapid.Bool().Draw(rt, "happened"))
			a := attempt(r.calls(n)...)
			a.Again = r == readers[1]
			err := d.Send(t.Context(), a)
			server.breakAfter(-1, false)
			if err == nil {
				r.sent = r.saved + n
				unsaved = append(unsaved, r)
			} else if destinationtest.Class(err) != "again" {
				rt.Fatalf("got %v, want what is worth another attempt", err)
			}
			there := all.objects(t)
			for _, table := range []string{"live_chat_message_sent", "tracks"} {
				onceAll(rt, ids(t, there, table), readers)
			}
			if rapid.IntRange(0, 3).Draw(rt, "killed") == 0 {
				save(rapid.IntRange(0, len(unsaved)).Draw(rt, "saved"))
				for _, r := range unsaved {
					r.lost = max(r.lost, r.sent)
				}
				unsaved, d = nil, start()
			}
		}
	})
}

// onceAll checks that no id is there twice, and that those are that were taken.
func onceAll(t *rapid.T, ids []string, readers []*reader) {
	seen := make(map[string]bool)
	for _, id := range ids {
		if seen[id] {
			t.Fatalf("%s is there twice", id)
		}
		seen[id] = true
	}
	for _, r := range readers {
		for i := range r.sent {
			if id := fmt.Sprintf("%s%02d", r.name, i); !seen[id] {
				t.Fatalf("%s is missing", id)
			}
		}
	}
}
