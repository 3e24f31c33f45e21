package console

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Setup adds sources and destinations to the configuration.
type Setup interface {
	State() SetupState
	// Offers returns the types of a kind.
	Offers(kind string) []Choice
	// Draft returns what a configuration has of the parts, with ${NAME} for
	// secrets. It fills in names that are not given, and the fields.
	Draft(workspace string, parts []Part) string
	// Examine tells what there is to add, and what is wrong with it.
	Examine(a Addition) Examined
	// Write puts an addition in force, and writes it down.
	Write(a Addition) error
}

// The kinds of what is added.
const (
	KindSource      = "source"
	KindDestination = "destination"
)

// A SetupState says what can be added to.
type SetupState struct {
	File   string `json:"file"`             // the configuration's path; "" if there is none
	Empty  bool   `json:"empty"`            // nothing is configured, and something can be
	Closed string `json:"closed,omitempty"` // why nothing can be written; "" if it can
}

// A Choice is a type of source or destination.
type Choice struct {
	Type  string `json:"type"`
	Title string `json:"title"`
}

// A Part is a source or destination that is to be.
type Part struct {
	Kind   string  `json:"kind"`
	Type   string  `json:"type"`
	Name   string  `json:"name"`
	Fields []Field `json:"fields,omitempty"` // settings that it cannot do without, but for secrets

	Choices []Choice `json:"choices"`
}

// A Field is a setting.
type Field struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Hint  string `json:"hint"`
}

// An Addition is what is to be added: a part of a configuration, and what was
// typed for the ${NAME}s in it.
type Addition struct {
	Text   string
	Values map[string]string
}

// Examined says what is in an addition.
type Examined struct {
	Variables   []string // the NAMEs in it
	Names       []string // of sources and destinations
	Source      string   // the first source; "" if there is none
	Path        string   // that its webhooks come to
	Destination string   // likewise
	Problems    []string
}

// A setupView is a page on which something is added.
type setupView struct {
	SetupState
	Parts     []Part        `json:"parts"`
	Text      string        `json:"text"`
	Variables []string      `json:"variables"`
	URL       string        `json:"url,omitempty"`
	Problems  []string      `json:"problems,omitempty"`
	Steps     template.HTML `json:"-"`
}

// Has reports whether something of a kind is to be.
func (v *setupView) Has(kind string) bool {
	return slices.ContainsFunc(v.Parts, func(p Part) bool { return p.Kind == kind })
}

// Rows is how high the text's field is.
func (v *setupView) Rows() int { return max(6, strings.Count(v.Text, "\n")+3) }

// usual is the type that a page begins with.
func (s SetupState) usual(kind string) string {
	switch {
	case kind == KindSource:
		return "chatwoot"
	case s.Empty:
		return "file" // which shows the events at once
	}
	return "segment"
}

// setup returns the page on which the kinds are added.
func (c *Console) setup(kinds ...string) func(*request) (any, error) {
	return func(q *request) (any, error) {
		v := c.setupView(q, kinds)
		v.Text = c.o.Setup.Draft(q.Workspace, v.Parts)
		c.examine(q, v, nil)
		v.Problems = nil // nothing was typed yet
		return v, nil
	}
}

// setupView returns the page as it was chosen. What was typed for another type
// is forgotten.
func (c *Console) setupView(q *request, kinds []string) *setupView {
	v := &setupView{SetupState: c.o.Setup.State()}
	for _, kind := range kinds {
		p := Part{Kind: kind, Type: v.usual(kind), Choices: c.o.Setup.Offers(kind)}
		if asked := q.FormValue(kind); slices.ContainsFunc(p.Choices, func(c Choice) bool { return c.Type == asked }) {
			p.Type = asked
		}
		if q.FormValue(kind+".was") == p.Type {
			p.Name = strings.TrimSpace(q.FormValue(kind + ".name"))
			for key := range q.Form {
				if field, ok := strings.CutPrefix(key, kind+".of."); ok {
					p.Fields = append(p.Fields, Field{Key: field, Value: q.FormValue(key)})
				}
			}
		}
		v.Parts = append(v.Parts, p)
	}
	return v
}

// examine adds what follows from the text.
func (c *Console) examine(q *request, v *setupView, values map[string]string) Examined {
	e := c.o.Setup.Examine(Addition{v.Text, values})
	v.Variables, v.Problems = e.Variables, e.Problems
	if e.Path != "" {
		v.URL = c.base(q.Request) + e.Path
	}
	v.Steps = rendered(v.Parts[0].Kind + "s/" + v.Parts[0].Type + ".md")
	if v.Has(KindSource) {
		v.Steps = rendered("connectors/" + v.Parts[0].Type + ".md")
	}
	return e
}

// write returns what checks what somebody adds, and puts it in force.
func (c *Console) write(kinds ...string) func(*request) (any, error) {
	return func(q *request) (any, error) {
		v := c.setupView(q, kinds)
		// What is not to be written is not read either: whoever may resend
		// calls may not have files and the environment of the gateway read.
		if v.Closed != "" {
			return nil, &problem{http.StatusConflict, v.Closed}
		}
		c.o.Setup.Draft(q.Workspace, v.Parts) // for the fields
		v.Text = strings.ReplaceAll(q.PostFormValue("text"), "\r\n", "\n")
		a := Addition{v.Text, map[string]string{}}
		for key := range q.PostForm {
			if name, ok := strings.CutPrefix(key, "secret-"); ok {
				a.Values[name] = q.PostFormValue(key)
			}
		}
		e := c.examine(q, v, a.Values)
		if len(v.Problems) > 0 {
			return v, nil
		}
		if err := c.o.Guard.Note(q.Request, "setup", v.File+": "+strings.Join(e.Names, ", ")); err != nil {
			return nil, err
		}
		if err := c.o.Setup.Write(a); err != nil {
			v.Problems = strings.Split(err.Error(), "\n")
			return v, nil
		}
		to := "/destinations/" + url.PathEscape(e.Destination)
		if e.Source != "" {
			to = "/sources/" + url.PathEscape(e.Source)
		}
		return nil, &redirect{to + "?" + url.Values{"workspace": {q.Workspace}}.Encode()}
	}
}

// A redirect, as the error of a page, leads to another.
type redirect struct{ to string }

func (r *redirect) Error() string { return "go to " + r.to }

// first leads somebody who has nothing configured to where that is done.
func (c *Console) first(q *request) error {
	if q.JSON || len(q.URL.Query()) > 0 {
		return nil
	}
	for _, w := range c.o.Workspaces() {
		if len(c.o.Sources.Sources(w)) > 0 {
			return nil
		}
	}
	if c.o.Setup.State().File == "" {
		return nil
	}
	return &redirect{"/setup"}
}

func leads(err error) (to string, ok bool) {
	var r *redirect
	if errors.As(err, &r) {
		return r.to, true
	}
	return "", false
}
