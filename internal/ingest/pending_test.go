package ingest

import (
	"net/http"
	"testing"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/journal"
)

// asking is a tool whose API must be asked about everything.
type asking struct{}

func (asking) Verify(*connector.Request) error { return nil }

func (asking) Parse(*connector.Request) (connector.Parsed, error) {
	return connector.Parsed{Lookups: []connector.Lookup{{Path: "/"}}, Dropped: []string{"something"}}, nil
}

// What waits for a tool's API keeps no header that may hold a secret, and is
// counted once that has answered.
func TestPending(t *testing.T) {
	h, j, registry, _ := clumsyHandler(t, "")
	rung := 0
	if err := h.SetSources([]Source{{Workspace: "default", Name: "ids", Type: "asking", Connector: asking{}, Pending: func() { rung++ }}}); err != nil {
		t.Fatal(err)
	}
	w := send(h, http.MethodPost, "/in/ids", "{}", "Content-Type", "application/json", "X-Goog-Iap-Jwt-Assertion", "a.b.c", "X-Odd", "token")
	list, err := j.Pending(t.Context(), journal.Source{Workspace: "default", Name: "ids"}, 10)
	if w.Code != http.StatusOK || rung != 1 || err != nil || len(list) != 1 || len(list[0].Header) != 1 || list[0].Header["Content-Type"][0] != "application/json" {
		t.Errorf("got %d, %d rings and %+v (%v)", w.Code, rung, list, err)
	}
	count := func(name string) (n float64) {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == name {
					n += m.GetCounter().GetValue()
				}
			}
		}
		return n
	}
	if n := count("parlance_activities_dropped_total"); n != 0 {
		t.Errorf("before the answer: got %v dropped, want none", n)
	}
	h.Answered(&journal.Webhook{Workspace: "default", Source: "ids", Unreadable: "refused"}, []string{"something"})
	if d, u := count("parlance_activities_dropped_total"), count("parlance_webhooks_unreadable_total"); d != 1 || u != 1 {
		t.Errorf("got %v dropped and %v unreadable, want one each", d, u)
	}
}
