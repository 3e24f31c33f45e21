// Package console shows a gateway to people: pages for a browser, each with a
// twin in JSON for programs.
package console

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/control"
	"github.com/parlance-chat/parlance/internal/live"
	"github.com/parlance-chat/parlance/internal/trace"
)

//go:embed templates
var templates embed.FS

// Options are what a Console needs.
type Options struct {
	Log   *slog.Logger
	Guard *access.Guard
	Hub   *live.Hub
	// Journal is read, and nothing is written to it.
	Journal Journal
	// Rules return how a source's conversations are told.
	Rules   trace.Rules
	Sources Sources
	Setup   Setup
	// Play has the chat tool of a source tell of the last activity of a
	// conversation's history. The gateway's address is as its own users see it.
	Play func(ctx context.Context, workspace, source, address string, history []conversation.Activity) error
	// Control does what the API does, as whoever the context says.
	Control    *control.Client
	Deliveries Deliveries
	// Destinations returns the names of a workspace's destinations.
	Destinations func(workspace string) []string
	// Archive has the conversations; nil if there is none.
	Archive *archive.Archive
	// PublicURL is how the world calls the gateway; "" if nobody said.
	PublicURL string
	// Workspaces returns the names of all workspaces.
	Workspaces func() []string
}

// A Console is the pages. Its methods may be called concurrently.
type Console struct {
	o      Options
	mux    *http.ServeMux
	inner  http.Handler // mux behind the guard
	routes []string
	left   chan struct{} // closed when nobody is to be shown anything any more
	leave  sync.Once
	plays  plays
	air    air
	crowd  crowd
}

// New returns a console.
func New(o Options) *Console {
	c := &Console{o: o, mux: http.NewServeMux(), left: make(chan struct{}), air: air{hub: o.Hub}}
	c.inner = o.Guard.Wrap(c.mux)
	c.add(page{path: "/", name: "Live", file: "live.html", data: c.live})
	c.add(page{path: "/health", name: "Health", file: "health.html", data: c.health})
	c.add(page{path: "/events/{name}", name: "Event", file: "event.html", data: c.event})
	c.add(page{path: "/conversations", name: "Conversations", file: "conversations.html", data: c.conversations})
	c.add(page{path: "/conversations/{name}", name: "Conversation", file: "conversation.html", data: c.conversation})
	c.add(page{path: "/reports", name: "Reports", file: "reports.html", data: c.reports})
	c.handle("GET /reports/{name}", access.Viewer, c.download)
	c.add(page{path: "/webhooks/{name}", name: "Webhook", file: "webhook.html", data: c.webhook})
	c.add(page{path: "/quality", name: "Quality", file: "quality.html", data: c.quality})
	c.add(page{path: "/playground", name: "Playground", file: "playground.html", data: c.playground})
	c.handle("POST /playground", access.Operator, c.say)
	c.add(page{path: "/destinations", name: "Destinations", file: "destinations.html", data: c.destinations})
	c.add(page{path: "/destinations/{name}", name: "Destination", file: "destination.html", data: c.destination})
	c.add(page{method: "POST", path: "/destinations/{name}", name: "Destination", file: "destination.html", role: access.Operator, data: c.act})
	c.add(page{path: "/parked", name: "Parked calls", file: "parked.html", data: c.parked})
	c.add(page{method: "POST", path: "/parked", name: "Parked calls", file: "parked.html", role: access.Operator, data: c.parkedAct})
	c.addSetup("/setup", "Setup", KindSource, KindDestination)
	c.addSetup("/setup/source", "Add a source", KindSource)
	c.addSetup("/setup/destination", "Add a destination", KindDestination)
	c.add(page{path: "/sources", name: "Sources", file: "sources.html", data: c.sources})
	c.add(page{path: "/sources/{name}", name: "Source", file: "source.html", data: c.source})
	c.add(page{method: "POST", path: "/sources/{name}", name: "Source", file: "source.html", data: c.try})
	c.add(page{path: "/docs/{name...}", name: "Documentation", file: "doc.html", data: c.doc})
	c.add(page{path: "/audit", name: "Audit log", file: "audit.html", role: access.Operator, data: c.audit})
	c.add(page{path: "/login", name: "Log in", file: "login.html", data: c.login, everybody: true})
	c.handle("POST /login", "", c.enter)
	c.handle("POST /logout", "", c.exit)
	c.handle("GET /login/oidc", "", c.depart)
	c.handle("GET /login/oidc/callback", "", c.arrive)
	c.handle("GET /live/stream", access.Viewer, c.watching(c.stream))
	c.handle("GET /assets/", "", assets())
	// No route: others answer at other addresses, and send browsers here.
	c.mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		c.show(w, r, page{role: access.Viewer, data: func(*request) (any, error) { return nil, notFound("There is no page at this address.") }}, nil)
	})
	return c
}

// Leave ends what would go on for as long as somebody watches.
func (c *Console) Leave() { c.leave.Do(func() { close(c.left) }) }

// handle adds what is no page. Without a role it is everybody's.
func (c *Console) handle(pattern string, role access.Role, h http.HandlerFunc) {
	c.routes = append(c.routes, pattern)
	c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if role != "" && !access.Of(r.Context()).Role.May(role) {
			http.Error(w, operatorsOnly, http.StatusForbidden)
			return
		}
		h(w, r)
	})
}

const operatorsOnly = "This is for operators. You are logged in as a viewer."

// Routes are the patterns that the console answers, for a mux that has others'
// too.
func (c *Console) Routes() []string { return c.routes }

// ServeHTTP implements http.Handler.
func (c *Console) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	// Nothing but our own files: what a chat tool's users write cannot run, nor
	// call anybody, even if it got past the escaping.
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "+
		"form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	r.Body = http.MaxBytesReader(w, r.Body, maxTry+64<<10)
	c.inner.ServeHTTP(w, r)
}

// A page is one of the console's.
type page struct {
	method string // empty is GET
	path   string // such as "/conversations" or "/conversations/{id}"
	name   string // above the page, unless what it shows has a Title
	file   string // its template
	role   access.Role
	// everybody means that nobody has to be logged in.
	everybody bool
	// data returns what the page shows, which is its JSON twin too. Its error
	// may be a *problem.
	data func(*request) (any, error)
}

// patterns are those of the page and of its twin.
func (p page) patterns() []string {
	method := cmp.Or(p.method, http.MethodGet) + " "
	switch {
	case p.path == "/":
		return []string{method + "/{$}", method + "/index.json"}
	case strings.HasSuffix(p.path, "}"):
		return []string{method + p.path} // the twin's suffix is within the last value
	}
	return []string{method + p.path, method + p.path + ".json"}
}

// A request is one for a page.
type request struct {
	*http.Request
	User      access.User
	Workspace string
	Zone      *time.Location // the viewer's
	JSON      bool           // the twin is asked for
	name      string         // the value of the path without the twin's suffix
}

// A problem is an error with a status.
type problem struct {
	status int
	text   string
}

func (p *problem) Error() string { return p.text }

func notFound(format string, args ...any) error {
	return &problem{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

func badRequest(format string, args ...any) error {
	return &problem{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

// parsed returns a page's template with what stands around it, which is parsed
// when it is first shown: most gateways are looked at by nobody, and all of
// them together take 2 MB.
func parsed(file string) func() *template.Template {
	return sync.OnceValue(func() *template.Template {
		return template.Must(template.New("layout.html").Funcs(functions).ParseFS(templates, "templates/layout.html", "templates/parts.html", "templates/"+file))
	})
}

// add adds a page.
func (c *Console) add(p page) {
	t := parsed(p.file)
	if p.role == "" {
		p.role = access.Viewer
	}
	for _, pattern := range p.patterns() {
		c.routes = append(c.routes, pattern)
		c.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { c.show(w, r, p, t()) })
	}
}

// addSetup adds a page on which the kinds are added.
func (c *Console) addSetup(path, name string, kinds ...string) {
	c.add(page{path: path, name: name, file: "setup.html", data: c.setup(kinds...)})
	c.add(page{method: "POST", path: path, name: name, file: "setup.html", role: access.Operator, data: c.write(kinds...)})
}

// request reads what all pages have in common.
func (c *Console) request(r *http.Request) *request {
	q := &request{Request: r, User: access.Of(r.Context()), Workspace: "default", Zone: time.UTC}
	if w := r.FormValue("workspace"); w != "" && slices.Contains(c.o.Workspaces(), w) {
		q.Workspace = w
	}
	zone := r.FormValue("tz")
	if zone == "" {
		if cookie, err := r.Cookie("tz"); err == nil {
			zone = cookie.Value
		}
	}
	if z, err := time.LoadLocation(zone); err == nil && zone != "" && zone != "Local" {
		q.Zone = z
	}
	// A name may end like a twin's address: it is escaped there then.
	if q.name = r.PathValue("name"); strings.HasSuffix(r.URL.EscapedPath(), ".json") {
		q.JSON, q.name = true, strings.TrimSuffix(q.name, ".json")
	}
	return q
}
