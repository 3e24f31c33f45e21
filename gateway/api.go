package gateway

import (
	"context"
	"fmt"
	"mime"
	"net/http"

	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/forget"
)

// target is what the other commands and the API act on while the gateway runs.
func (g *Gateway) target() control.Target {
	return control.Target{
		Journal:    g.journal,
		Configured: func() control.Configured { return configured(g.inForce.Load()) },
		Deliveries: &g.loops,
		Import:     g.ingest.Import,
		Refused:    g.ingest.Refused,
		Live:       true,
		Forget: func(ctx context.Context, r forget.Request) (forget.Reply, error) {
			reply, err := forget.Run(ctx, g.journal, g.reading.Archive, r, false)
			if !r.DryRun { // nor may memory hold them
				g.watched.Hub.Forget()
				g.loops.forget()
			}
			return reply, err
		},
	}
}

func configured(r *Resolved) (c control.Configured) {
	for _, s := range r.Sources {
		c.Sources = append(c.Sources, control.Named{Workspace: s.Workspace, Name: s.Name, Type: s.Type})
	}
	for _, d := range r.Destinations {
		c.Destinations = append(c.Destinations, control.Named{Workspace: d.Workspace, Name: d.Name, Type: string(d.Type)})
	}
	return c
}

// api serves what the commands do to those whom the console lets in: viewers
// may look, operators may do, and what people wrote is for those who may see
// it there.
func (g *Gateway) api() http.Handler {
	t := g.target()
	t.By = func(r *http.Request) string { return access.Of(r.Context()).Name }
	t.Hidden = func(r *http.Request) bool { return !access.Of(r.Context()).Bodies }
	api := control.API(t)
	return g.guard.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u := access.Of(r.Context())
		acts := r.Method != http.MethodGet && r.Method != http.MethodHead
		kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cross-Origin-Resource-Policy", "same-origin")
		switch {
		case !acts && !u.Role.May(access.Viewer), acts && !u.Role.May(access.Operator):
			http.Error(w, fmt.Sprintf("%s has not the role that this needs", u.Name), http.StatusForbidden)
		case r.URL.Query().Get("body") == "true" && !u.Bodies:
			http.Error(w, fmt.Sprintf("%s may not see what people wrote", u.Name), http.StatusForbidden)
		case acts && kind != "application/json":
			// No page elsewhere can have a browser send that unasked.
			http.Error(w, "send Content-Type: application/json", http.StatusUnsupportedMediaType)
		case acts:
			if err := g.guard.Note(r, r.Method, r.URL.Path); err != nil {
				g.log.Error("nothing is done through the API that cannot be written down", "error", err)
				http.Error(w, "the audit log cannot be written; the gateway's log says why", http.StatusServiceUnavailable)
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
			api.ServeHTTP(w, r)
		default:
			api.ServeHTTP(w, r)
		}
	}))
}

// maxRequest bounds a request to the API.
const maxRequest = 1 << 20
