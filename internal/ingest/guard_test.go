package ingest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal/sqlite"
)

// A clumsy connector panics in one of its methods, and drops what it is told to.
type clumsy struct{ in string }

func (c clumsy) fall(in string, r *connector.Request) {
	if c.in == in {
		panic(string(r.Body) + "Jane Roe")
	}
}

func (c clumsy) Verify(r *connector.Request) error { c.fall("Verify", r); return nil }
func (c clumsy) Parse(r *connector.Request) (connector.Parsed, error) {
	return connector.Parsed{Dropped: strings.Split(string(r.Body), ",")}, nil
}
func (c clumsy) Scrub(b []byte) []byte { c.fall("Scrub", &connector.Request{Body: b}); return b }
func (c clumsy) Keys(r *connector.Request) []string {
	c.fall("Keys", r)
	return nil
}
func (c clumsy) Greet(r *connector.Request) (string, error) { c.fall("Greet", r); return "", nil }

// noKeys has nothing.
type noKeys struct{}

func (noKeys) Get(context.Context, string) ([]byte, error)   { return nil, nil }
func (noKeys) Visit(context.Context, string) ([]byte, error) { return nil, nil }

func clumsyHandler(t *testing.T, in string) (h *Handler, j *sqlite.Journal, registry *prometheus.Registry, told *bytes.Buffer) {
	j, err := sqlite.Open(t.TempDir(), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() }) // there is nothing in it that must last
	registry, told = prometheus.NewRegistry(), &bytes.Buffer{}
	h = New(Options{Journal: j, Log: slog.New(slog.NewTextHandler(told, nil)), Registerer: registry, Keys: noKeys{}})
	if err := h.SetSources([]Source{{Workspace: "default", Name: "clumsy", Connector: clumsy{in}}}); err != nil {
		t.Fatal(err)
	}
	return h, j, registry, told
}

// Whatever panics in a connector, nothing of a webhook is logged, and nothing
// that could not be scrubbed is stored.
func TestPanicsTellNothing(t *testing.T) {
	for _, in := range []string{"Verify", "Scrub", "Keys", "Greet"} {
		h, j, _, told := clumsyHandler(t, in)
		method := "POST"
		if in == "Greet" {
			method = "GET"
		}
		w := send(h, method, "/in/clumsy", "Jane Roe")
		if w.Code != 500 || len(stored(t, j)) != 0 {
			t.Errorf("%s: got %d, and %d stored", in, w.Code, len(stored(t, j)))
		}
		if text := told.String() + w.Body.String(); strings.Contains(text, "Jane") || !strings.Contains(told.String(), "panicked") {
			t.Errorf("%s: told %s", in, text)
		}
	}
	h, j, _, told := clumsyHandler(t, "Scrub")
	if n, err := h.Import(t.Context(), "default", "clumsy", []connector.Request{{Body: []byte("Jane Roe")}}); n != 1 || err != nil {
		t.Errorf("import: got %d unreadable (%v), want 1", n, err)
	}
	for _, w := range stored(t, j) {
		told.WriteString(w.Unreadable + string(w.Body))
	}
	if strings.Contains(told.String(), "Jane") {
		t.Errorf("import: told %s", told)
	}
}

// However many reasons a connector makes up, there are few series.
func TestReasonsAreFew(t *testing.T) {
	h, _, registry, _ := clumsyHandler(t, "")
	for i := range 100 {
		send(h, "POST", "/in/clumsy", fmt.Sprintf("private_note,Jane Roe,order_%d", i))
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "reason" && f.GetName() == "parlance_activities_dropped_total" {
					counts[l.GetValue()] = m.GetCounter().GetValue()
				}
			}
		}
	}
	if len(counts) != maxReasons+1 || counts["private_note"] != 100 || counts["Jane Roe"] != 0 || counts["other"] != 300-100-maxReasons+1 {
		t.Errorf("got %v", counts)
	}
}
