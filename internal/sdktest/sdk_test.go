package sdktest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/internal/ingest"
	"github.com/parlance-chat/parlance/internal/journal"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
	"github.com/parlance-chat/parlance/internal/npmtest"
)

const writeKey = "sdk-key"

// install installs the SDKs once, and returns the directory.
func install(t testing.TB) string {
	dir := npmtest.Install(t, "testdata", "--omit=optional")
	for _, script := range []string{"segment.mjs", "rudderstack.mjs", "standardwebhooks.mjs"} {
		npmtest.Copy(t, filepath.Join("testdata", script), dir)
	}
	return dir
}

func command(t *testing.T, dir string, limit time.Duration, name string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// What a program tells an SDK arrives once, in order, and untouched, also if
// the first request is refused with 503. It is one batch: several, Segment's
// SDK sends at once.
func TestSDKs(t *testing.T) {
	dir := install(t)
	for _, script := range []string{"segment.mjs", "rudderstack.mjs"} {
		t.Run(script, func(t *testing.T) {
			j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			h := ingest.New(ingest.Options{Journal: j, Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry()})
			if err := h.SetSources([]ingest.Source{{Workspace: "default", Name: "website", Type: "tracking", WriteKeys: []string{writeKey}}}); err != nil {
				t.Fatal(err)
			}
			var requests atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if requests.Add(1) == 1 {
					w.Header().Set("Retry-After", "1")
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				h.ServeHTTP(w, r)
			}))
			defer server.Close()
			command(t, dir, time.Minute, "node", script, server.URL, writeKey)
			check(t, j)
		})
	}
}

// check compares what arrived with what the scripts tell.
func check(t *testing.T, j *sqlite.Journal) {
	now, cancel := context.WithCancel(t.Context())
	cancel()
	webhooks, err := j.Webhooks(now, journal.Source{Workspace: "default", Name: "website"}, 0, 1000)
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	var calls []journal.Event
	for _, w := range webhooks {
		calls = append(calls, w.Calls...)
	}
	var names []string
	ids := map[string]bool{}
	for _, c := range calls {
		names = append(names, c.Name)
		ids[c.MessageID] = true
	}
	if want := []string{"identify", "Order Completed", "page", "screen", "group", "alias", "Live Chat Message Sent"}; !slices.Equal(names, want) {
		t.Fatalf("got %q, want %q", names, want)
	}
	if len(ids) != len(calls) {
		t.Errorf("got %d messageIds, want %d", len(ids), len(calls))
	}
	for i, want := range map[int]string{
		0: `{"traits":{"plan":"gold","seats":1.5},"userId":"u-1"}`,
		1: `{"properties":{"total":19.9,"items":[1,2]},"userId":"u-1"}`,
		2: `{"name":"Docs","userId":"u-1"}`,
		3: `{"name":"Home","userId":"u-1"}`,
		4: `{"groupId":"g-1","traits":{"name":"Example"}}`,
		5: `{"previousId":"u-1","userId":"u-2"}`,
		6: `{"properties":{"conversation_id":"17","message_id":"m1","message_body":"hello","conversation_duration":0}}`,
	} {
		var got, wanted map[string]any
		if err := json.Unmarshal(calls[i].JSON, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(want), &wanted); err != nil {
			t.Fatal(err)
		}
		for key, value := range wanted {
			if !reflect.DeepEqual(got[key], value) {
				t.Errorf("%s: %s got %v, want %v", names[i], key, got[key], value)
			}
		}
	}
	if list, err := j.Unreadable(t.Context(), "default", 10); err != nil || len(list) != 1 {
		t.Errorf("got %d held back (%v), want the one that breaks the specification", len(list), err)
	}
}
