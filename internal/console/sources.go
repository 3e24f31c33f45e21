package console

import (
	"context"
	"html/template"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/journal"
)

// Sources tell of where chats come from.
type Sources interface {
	// Sources returns those of a workspace, in the order of the configuration.
	Sources(workspace string) []Source
	// Intake tells what has come from one.
	Intake(ctx context.Context, s journal.Source) (journal.Intake, error)
	// Refusals returns its last requests that were not taken, newest first.
	Refusals(workspace, source string) []Refusal
	// Unreadable returns webhooks of a workspace that could not be read,
	// newest first.
	Unreadable(ctx context.Context, workspace string, limit int) ([]journal.Webhook, error)
	// Try returns what would become of a webhook's body.
	Try(ctx context.Context, workspace, source string, header http.Header, body []byte) (Tried, error)
}

// A Source is where chats come from.
type Source struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Title string `json:"title"` // of its type, for people
	// Path is where its webhooks come to. A part of it may be a secret.
	Path   string `json:"path"`
	Secret bool   `json:"secret,omitempty"` // Path is one
	// Passes says that it passes calls of others through as they are.
	Passes bool `json:"passes"`
	// Playable says that its tool can be played, on the playground.
	Playable bool `json:"playable"`
}

// A Refusal is a request that was not taken.
type Refusal struct {
	At     time.Time `json:"at"`
	Status int       `json:"status"`
	Reason string    `json:"reason"`
	Text   string    `json:"text"`
}

// Tried is what would become of a webhook.
type Tried struct {
	Unreadable string   `json:"unreadable,omitempty"`
	Dropped    []string `json:"dropped,omitempty"` // why something was left out
	Activities []string `json:"activities"`        // as JSON
	Calls      []string `json:"calls"`             // as JSON
}

// A sourceView is one source and what has come of it.
type sourceView struct {
	Source
	URL        string    `json:"url"`
	Last       time.Time `json:"last,omitzero"`
	Unreadable int64     `json:"unreadable"`
	Refused    int       `json:"refused"`
	// State is "waiting" for the first webhook, "good" or "trouble".
	State string `json:"state"`

	Refusals   []Refusal     `json:"refusals,omitempty"`
	Unread     []webhookView `json:"unreadable_webhooks,omitempty"`
	Steps      template.HTML `json:"-"` // the page of its type
	Tried      *Tried        `json:"tried,omitempty"`
	TriedBody  string        `json:"-"`
	TryProblem string        `json:"try_problem,omitempty"`
}

// Title implements the heading of the page.
func (v *sourceView) Title() string { return v.Name }

// StateText says the state in words.
func (v *sourceView) StateText() string {
	switch v.State {
	case "waiting":
		return "waiting for the first webhook…"
	case "trouble":
		return "needs a look"
	}
	return "webhooks come"
}

type sourcesView struct {
	Sources []*sourceView `json:"sources"`
}

func (c *Console) sources(q *request) (any, error) {
	var v sourcesView
	for _, s := range c.o.Sources.Sources(q.Workspace) {
		one, err := c.sourceView(q, s)
		if err != nil {
			return nil, err
		}
		v.Sources = append(v.Sources, one)
	}
	return v, nil
}

func (c *Console) sourceView(q *request, s Source) (*sourceView, error) {
	in, err := c.o.Sources.Intake(q.Context(), journal.Source{Workspace: q.Workspace, Name: s.Name})
	if err != nil {
		return nil, err
	}
	if s.Secret && !q.User.Role.May(access.Operator) {
		s.Path = strings.TrimSuffix(s.Path, path.Base(s.Path)) + hidden
	}
	v := &sourceView{Source: s, URL: c.base(q.Request) + s.Path, Last: in.Last, Unreadable: in.Unreadable, State: "good",
		Refusals: c.o.Sources.Refusals(q.Workspace, s.Name)}
	v.Refused = len(v.Refusals)
	lately := v.Refused > 0 && v.Refusals[0].At.After(in.Last)
	switch {
	case in.Unreadable > 0 || lately:
		v.State = "trouble"
	case in.Last.IsZero():
		v.State = "waiting"
	}
	return v, nil
}

// base returns how the world calls the gateway, as far as is known.
func (c *Console) base(r *http.Request) string {
	if c.o.PublicURL != "" {
		return strings.TrimRight(c.o.PublicURL, "/")
	}
	return "http://" + r.Host
}

// unreadShown is how many unreadable webhooks a source's page shows.
const unreadShown = 20

func (c *Console) source(q *request) (any, error) {
	v, err := c.oneSource(q)
	if err != nil {
		return nil, err
	}
	list, err := c.o.Sources.Unreadable(q.Context(), q.Workspace, 1000)
	if err != nil {
		return nil, err
	}
	for _, w := range list {
		if w.Source == v.Name && len(v.Unread) < unreadShown {
			v.Unread = append(v.Unread, viewOf(w, q.User))
		}
	}
	v.Steps = rendered("connectors/" + v.Type + ".md")
	return v, nil
}

// oneSource finds the source that the path names.
func (c *Console) oneSource(q *request) (*sourceView, error) {
	for _, s := range c.o.Sources.Sources(q.Workspace) {
		if s.Name == q.name {
			return c.sourceView(q, s)
		}
	}
	return nil, notFound("There is no such source in this workspace.")
}

// maxTry bounds a body that somebody tries. No form is larger.
const maxTry = 1 << 20

// try shows what would become of a body. Nothing is kept.
func (c *Console) try(q *request) (any, error) {
	body := q.PostFormValue("body")
	made, err := c.source(q)
	if err != nil {
		return nil, err
	}
	v := made.(*sourceView)
	v.TriedBody = body
	header := http.Header{}
	for line := range strings.Lines(q.PostFormValue("headers")) {
		if name, value, ok := strings.Cut(line, ":"); ok {
			header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
		}
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", "application/json")
	}
	if strings.TrimSpace(body) == "" {
		v.TryProblem = "There is no body to try: paste one that the tool sent."
		return v, nil
	}
	tried, err := c.o.Sources.Try(q.Context(), q.Workspace, v.Name, header, []byte(body))
	if err != nil {
		v.TryProblem = err.Error()
		return v, nil
	}
	v.Tried = &tried
	return v, nil
}
