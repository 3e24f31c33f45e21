package console

import (
	"bytes"
	"encoding/json"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/journal"
)

// A frame is what stands around a page.
type frame struct {
	Title      string
	Path       string // of the page
	Twin       string // address of the JSON twin
	Nav        []link
	Workspaces []string
	Request    *request
	Data       any
}

// A link leads to a page.
type link struct {
	Href, Name string
	Here       bool
	Count      int64 // of what waits there for somebody
	operators  bool  // only they can do anything there
}

// navigation is what stands above every page, in this order.
var navigation = []link{{Href: "/", Name: "Live"}, {Href: "/conversations", Name: "Conversations"}, {Href: "/reports", Name: "Reports"}, {Href: "/destinations", Name: "Destinations"},
	{Href: parkedPath, Name: "Parked"}, {Href: "/sources", Name: "Sources"}, {Href: "/quality", Name: "Quality"}, {Href: "/playground", Name: "Playground", operators: true}, {Href: "/setup", Name: "Setup", operators: true},
	{Href: "/audit", Name: "Audit log", operators: true}}

const parkedPath = "/parked"

// show answers with a page or its twin.
func (c *Console) show(w http.ResponseWriter, r *http.Request, p page, t *template.Template) {
	form := r.ParseForm()
	q := c.request(r)
	switch {
	case !p.everybody && !q.User.Role.May(p.role):
		c.fail(w, q, &problem{http.StatusForbidden, operatorsOnly})
		return
	case errors.As(form, new(*http.MaxBytesError)):
		c.fail(w, q, &problem{http.StatusRequestEntityTooLarge, "That is more than this form takes."})
		return
	}
	data, err := p.data(q)
	if to, ok := leads(err); ok {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	if err != nil {
		c.fail(w, q, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store") // what people wrote is not to stay in a browser's files
	if q.JSON {
		writeJSON(w, http.StatusOK, data)
		return
	}
	c.render(w, q, http.StatusOK, t, p.name, data)
}

func (c *Console) render(w http.ResponseWriter, q *request, status int, t *template.Template, title string, data any) {
	if titled, ok := data.(interface{ Title() string }); ok {
		title = titled.Title()
	}
	f := frame{Title: title, Path: q.URL.Path, Twin: twin(q.URL), Request: q, Data: data}
	if q.User.Name != "" { // nothing is told to those who are not known
		f.Nav, f.Workspaces = c.navigation(q), c.o.Workspaces()
	}
	var b bytes.Buffer
	if err := t.Execute(&b, f); err != nil {
		c.o.Log.Error("console: page", "page", title, "error", err)
		http.Error(w, "this page is broken; the gateway's log says why", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = b.WriteTo(w) // the browser is gone; nobody to tell
}

// navigation is what stands above a page.
func (c *Console) navigation(q *request) (list []link) {
	for _, l := range navigation {
		if l.operators && !q.User.Role.May(access.Operator) {
			continue
		}
		l.Here = l.Href == q.URL.Path || l.Href != "/" && strings.HasPrefix(q.URL.Path, l.Href+"/")
		if l.Href == parkedPath {
			var err error
			if l.Count, err = c.o.Journal.CountParked(q.Context(), journal.ParkedQuery{Workspace: q.Workspace}); err != nil && q.Context().Err() == nil {
				c.o.Log.Error("console: parked calls cannot be counted", "error", err) // the page may be right without
			}
		}
		if q.Workspace != "default" {
			l.Href += "?workspace=" + url.QueryEscape(q.Workspace)
		}
		list = append(list, l)
	}
	return list
}

// twin returns the address of a page in JSON.
func twin(u *url.URL) string {
	path := u.EscapedPath() + ".json"
	if u.Path == "/" {
		path = "/index.json"
	}
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path
}

// fail answers with what is wrong.
func (c *Console) fail(w http.ResponseWriter, q *request, err error) {
	p := &problem{http.StatusInternalServerError, "Something went wrong here. The gateway's log says what."}
	if !errors.As(err, &p) && q.Context().Err() == nil {
		c.o.Log.Error("console", "path", q.URL.Path, "error", err)
	}
	if q.JSON {
		writeJSON(w, p.status, map[string]string{"error": p.text})
		return
	}
	c.render(w, q, p.status, failed(), http.StatusText(p.status), p.text)
}

var failed = parsed("failed.html")

func writeJSON(w http.ResponseWriter, status int, data any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(data) // the client is gone; nobody to tell
}
