package sdktest

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/all"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/internal/npmtest"
	"github.com/parlance-chat/parlance/internal/strictyaml"
	"github.com/parlance-chat/parlance/livechat"
)

// benchmarked is how many calls each side hands over. Of 50,000 at once,
// Segment's SDK sends some twice.
const benchmarked = 10_000

// BenchmarkSend compares the destinations that speak HTTP with their platforms'
// own SDKs for Node, which hold in memory what they are told. Ours writes it to
// a journal, in commits of 1,000 that are synced, and delivers it from there, as
// the gateway does. Both hand the same calls to the same receiver in this
// process, in turn; the SDK has already started. Segment's stands for those of
// Hightouch and Dreamdata, which are forks of it, and for Google, which has
// none, a loop over fetch.
func BenchmarkSend(b *testing.B) {
	dir := npmtest.Install(b, filepath.Join("testdata", "bench"), "--omit=optional")
	npmtest.Copy(b, filepath.Join("testdata", "bench", "bench.mjs"), dir)
	for _, tt := range []struct{ name, sdk, settings string }{
		{"segment", "segment", "write_key: a-key"},
		{"rudderstack", "rudderstack", "write_key: a-key"},
		{"jitsu", "jitsu", "write_key: a-key:secret"},
		{"customerio", "customerio", "write_key: a-key"},
		{"hightouch", "segment", "write_key: a-key"},
		{"dreamdata", "segment", "write_key: a-key"},
		{"posthog", "posthog", "project_key: a-key"},
		{"mixpanel", "mixpanel", "project_token: a-key"},
		{"amplitude", "amplitude", "api_key: a-key"},
		{"ga4", "ga4", "measurement_id: G-1\napi_secret: a-key"},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var ours, sdks time.Duration
			for b.Loop() {
				ours += handOver(b, func(r *receiver) time.Duration {
					d := open(b, tt.name, tt.settings+"\nendpoint: "+r.URL)
					defer d.Close()
					return throughJournal(b, d, r.all)
				})
				sdks += handOver(b, func(r *receiver) time.Duration { return throughSDK(b, dir, tt.sdk, r.URL) })
			}
			calls := benchmarked * float64(b.N)
			b.ReportMetric(0, "ns/op") // which is that of both
			b.ReportMetric(calls/ours.Seconds(), "calls/s")
			b.ReportMetric(calls/sdks.Seconds(), "SDK-calls/s")
			b.ReportMetric(float64(sdks)/float64(ours), "ratio")
		})
	}
}

// open opens a destination as the gateway does.
func open(b *testing.B, name, settings string) destination.Destination {
	types := all.Types()
	typ := types[slices.IndexFunc(types, func(t destination.Type) bool { return t.Name == name })]
	into := typ.Settings()
	if _, problems := strictyaml.Decode([]byte(settings), into, strictyaml.Options{}); len(problems) > 0 {
		b.Fatal(problems)
	}
	d, err := typ.Open(into)
	if err != nil {
		b.Fatal(err)
	}
	return d
}

// A receiver counts the calls of every platform's requests.
type receiver struct {
	*httptest.Server
	all chan struct{} // closed once it has as many as are benchmarked

	mu  sync.Mutex // guards the fields below
	got int
	err error
}

// handOver runs a receiver, and checks that it gets every call once.
func handOver(b *testing.B, send func(*receiver) time.Duration) time.Duration {
	r := &receiver{all: make(chan struct{})}
	r.Server = httptest.NewServer(r)
	defer r.Close()
	took := send(r)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.got != benchmarked || r.err != nil {
		b.Fatalf("the receiver got %d calls (%v), want %d", r.got, r.err, benchmarked)
	}
	return took
}

// ServeHTTP implements http.Handler. Its answer is what each platform says if
// all is well.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	calls, err := calls(req)
	_, _ = io.WriteString(w, `{"success":true,"ok":true,"status":1,"code":200}`) // who sends sees if it fails
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.err = err
	}
	if r.got += calls; calls > 0 && r.got == benchmarked {
		close(r.all)
	}
}

// calls counts a request's calls by a property that no platform's format
// changes or leaves out.
func calls(r *http.Request) (int, error) {
	in := io.Reader(r.Body)
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			return 0, err
		}
		in = z
	}
	body, err := io.ReadAll(in)
	if err != nil {
		return 0, err
	}
	if form, ok := bytes.CutPrefix(body, []byte("data=")); ok { // Mixpanel's SDK
		if body, err = base64.StdEncoding.AppendDecode(nil, form); err != nil {
			return 0, err
		}
	}
	return bytes.Count(body, []byte(`"conversation_duration":`)), nil
}

// throughSDK has an SDK send all calls.
func throughSDK(b *testing.B, dir, sdk, url string) time.Duration {
	cmd := exec.CommandContext(b.Context(), "node", "bench.mjs", sdk, url, strconv.Itoa(benchmarked))
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%v\n%s", err, said.Bytes())
	}
	ms, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// throughJournal commits all calls and delivers them, until the journal too
// knows that they have arrived.
func throughJournal(b *testing.B, d destination.Destination, all <-chan struct{}) time.Duration {
	j, err := sqlite.Open(b.TempDir(), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	if _, err := j.Cursor(b.Context(), "default", "d"); err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	commits := slices.Collect(slices.Chunk(applied(), 1000))
	var loop sync.WaitGroup
	began := time.Now()
	loop.Go(func() {
		_ = deliver.Run(ctx, deliver.Options{ // nil, as it says
			Journal: j, Workspace: "default", Name: "d", Destination: d,
			Log: slog.New(slog.DiscardHandler), Metrics: deliver.NewMetrics(prometheus.NewRegistry()),
		})
	})
	for _, list := range commits {
		if err := j.Commit(b.Context(), journal.Source{Workspace: "default", Name: "s"}, list, 0); err != nil {
			b.Fatal(err)
		}
	}
	select {
	case <-all:
	case <-time.After(2 * time.Minute):
	}
	stop()
	loop.Wait()
	took := time.Since(began)
	if lag, err := j.Lag(b.Context(), "default", "d"); err != nil || lag.Events != 0 {
		b.Fatalf("the journal has %d events (%v) that have not arrived", lag.Events, err)
	}
	return took
}

// applied returns the calls.
func applied() (list []journal.Applied) {
	for n := range benchmarked {
		c, id := journal.Conversation{Workspace: "default", Source: "s", ID: strconv.Itoa(n % 500)}, uuid.NewString()
		list = append(list, journal.Applied{Conversation: c, Events: []journal.Event{{
			Workspace: "default", Source: "s", Conversation: c.ID, Name: "Live Chat Message Sent", MessageID: id,
			JSON: fmt.Appendf(nil, `{"userId":"u-%[1]s","type":"track","event":"Live Chat Message Sent","properties":{"conversation_id":"%[1]s","conversation_duration":%[2]d,"message_id":"m%[2]d","message_body":"Where is my order?"},"context":{"library":{"name":"parlance","version":"1.0.0"}},"messageId":"%[3]s","timestamp":"%[4]s"}`,
				c.ID, n, id, livechat.FormatTime(time.Now())),
		}}})
	}
	return list
}
