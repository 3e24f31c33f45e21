package console

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Setup writes a first configuration.
type Setup interface {
	File() string // the configuration's path; "" if there is none
	// Open reports whether a configuration may be written: no source is
	// configured, so nothing can be lost.
	Open() bool
	Tools() []Choice     // chat tools
	Receivers() []Choice // types of destinations
	// Draft returns a configuration of the two, with ${NAME} for secrets.
	Draft(tool, receiver string) string
	// Variables returns the NAMEs in a configuration.
	Variables(text string) []string
	// Address returns the first source's name, and the path that its
	// webhooks come to.
	Address(text string, values map[string]string) (name, path string)
	// Check tells what is wrong with a configuration.
	Check(text string, values map[string]string) []string
	// Write puts a configuration in force, and writes it down.
	Write(text string, values map[string]string) error
}

// A Choice is a type of source or destination.
type Choice struct {
	Type  string `json:"type"`
	Title string `json:"title"`
}

// A setupView is the setup page.
type setupView struct {
	Open      bool          `json:"open"`
	File      string        `json:"file"`
	Tools     []Choice      `json:"tools"`
	Receivers []Choice      `json:"receivers"`
	Tool      string        `json:"tool"`
	Receiver  string        `json:"receiver"`
	Text      string        `json:"text"`
	Variables []string      `json:"variables"`
	URL       string        `json:"url"`
	Problems  []string      `json:"problems,omitempty"`
	Steps     template.HTML `json:"-"`
}

func (c *Console) setup(q *request) (any, error) {
	v := &setupView{Open: c.o.Setup.Open(), File: c.o.Setup.File(), Tools: c.o.Setup.Tools(), Receivers: c.o.Setup.Receivers(),
		Tool: known(q.FormValue("tool"), c.o.Setup.Tools(), "chatwoot"), Receiver: known(q.FormValue("receiver"), c.o.Setup.Receivers(), "file")}
	v.Text = c.o.Setup.Draft(v.Tool, v.Receiver)
	c.fill(q, v, nil)
	return v, nil
}

// known returns the type that is asked for, if there is one.
func known(asked string, list []Choice, other string) string {
	if slices.ContainsFunc(list, func(c Choice) bool { return c.Type == asked }) {
		return asked
	}
	return other
}

// fill adds what follows from the text.
func (c *Console) fill(q *request, v *setupView, values map[string]string) {
	v.Variables = c.o.Setup.Variables(v.Text)
	some := map[string]string{}
	for _, name := range v.Variables {
		some[name] = "0123456789abcdef0123456789abcdef" // of which nothing is kept
	}
	for name, value := range values {
		some[name] = value
	}
	if _, path := c.o.Setup.Address(v.Text, some); path != "" {
		v.URL = c.base(q.Request) + path
	}
	v.Steps = rendered("connectors/" + v.Tool + ".md")
}

// write checks what somebody set up, and puts it in force.
func (c *Console) write(q *request) (any, error) {
	// What is not to be written is not read either: whoever may resend calls
	// may not have files and the environment of the gateway read.
	if !c.o.Setup.Open() {
		return nil, &problem{http.StatusConflict, "There is a configuration already: edit its file, and send the process SIGHUP."}
	}
	v := &setupView{Open: c.o.Setup.Open(), File: c.o.Setup.File(), Tools: c.o.Setup.Tools(), Receivers: c.o.Setup.Receivers(),
		Tool: known(q.PostFormValue("tool"), c.o.Setup.Tools(), "chatwoot"), Receiver: known(q.PostFormValue("receiver"), c.o.Setup.Receivers(), "file"),
		Text: strings.ReplaceAll(q.PostFormValue("text"), "\r\n", "\n")}
	values := map[string]string{}
	for _, name := range c.o.Setup.Variables(v.Text) {
		values[name] = q.PostFormValue("secret-" + name)
	}
	c.fill(q, v, values)
	if v.Problems = c.o.Setup.Check(v.Text, values); len(v.Problems) > 0 {
		return v, nil
	}
	name, _ := c.o.Setup.Address(v.Text, values)
	if name == "" {
		v.Problems = []string{"There is no source yet: write one below sources."}
		return v, nil
	}
	if err := c.o.Guard.Note(q.Request, "setup", v.File); err != nil {
		return nil, err
	}
	if err := c.o.Setup.Write(v.Text, values); err != nil {
		v.Problems = strings.Split(err.Error(), "\n")
		return v, nil
	}
	return nil, &redirect{"/sources/" + url.PathEscape(name)}
}

// A redirect, as the error of a page, leads to another.
type redirect struct{ to string }

func (r *redirect) Error() string { return "go to " + r.to }

// first leads somebody who has nothing configured to where that is done.
func (c *Console) first(q *request) error {
	if c.o.Setup.Open() && !q.JSON && len(q.URL.Query()) == 0 {
		return &redirect{"/setup"}
	}
	return nil
}

func leads(err error) (to string, ok bool) {
	var r *redirect
	if errors.As(err, &r) {
		return r.to, true
	}
	return "", false
}
