package parquet

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/destination/destinationtest"
)

// An examination says which of the things that it takes is not allowed.
func TestExamine(t *testing.T) {
	good, problem := destination.Good, destination.Problem
	for _, tt := range []struct {
		name   string
		denied func(r *http.Request) bool
		want   []any
	}{
		{"all is well", func(r *http.Request) bool { return false }, []any{good, "region us-east-1", good, "written, read and deleted"}},
		{"no listing", func(r *http.Request) bool { return r.URL.Query().Has("list-type") }, []any{problem, "cannot be listed"}},
		{"no writing", func(r *http.Request) bool { return r.Method == http.MethodPut }, []any{good, "there", problem, "cannot be written"}},
		{"no reading", func(r *http.Request) bool { return r.Method == http.MethodGet && !r.URL.Query().Has("list-type") },
			[]any{good, "there", problem, "cannot be read"}},
		{"no deleting", func(r *http.Request) bool { return r.Method == http.MethodDelete }, []any{good, "there", problem, "cannot be deleted"}},
	} {
		server := newS3(t)
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if tt.denied(r) {
				w.WriteHeader(http.StatusForbidden)
				fmt.Fprint(w, "<Error><Code>AccessDenied</Code><Message>hidden</Message></Error>")
				return
			}
			server.ServeHTTP(w, r)
		}))
		destinationtest.Findings(t, tt.name, open(t, at(h.URL)).Examine(t.Context()), tt.want...)
		h.Close()
	}
}
