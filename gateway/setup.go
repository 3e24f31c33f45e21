package gateway

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/parlance-chat/parlance/internal/console"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// setup adds sources and destinations to the configuration. The first are a
// configuration of their own. It implements console.Setup.
type setup struct {
	g  *Gateway
	mu sync.Mutex // held while the file is written
}

// State implements console.Setup.
func (s *setup) State() console.SetupState {
	text, _, closed := s.current()
	return console.SetupState{File: s.g.config.File, Empty: closed == "" && s.first(text), Closed: closed}
}

// first reports whether there is no configuration yet. Then whoever is here sets
// the gateway up, and may use what the machine has for it. Those who add to one
// may not: an operator of a gateway has neither its secrets nor its files.
func (s *setup) first(text []byte) bool {
	return len(bytes.TrimSpace(text)) == 0 && len(s.g.inForce.Load().Sources) == 0
}

// current returns the file's text and what it says, or for people why nothing
// is written there.
func (s *setup) current() (text []byte, c *Config, closed string) {
	const paste = "Write the lines below into it yourself, and send the process SIGHUP."
	path := s.g.config.File
	if path == "" {
		return nil, nil, "This gateway was configured by a program, so nothing is written here; below is what a configuration file would hold."
	}
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, nil, fmt.Sprintf("%s is a link or no file, which is not written here. %s", path, paste)
	}
	if err == nil {
		if text, err = os.ReadFile(path); err == nil {
			err = writable(path, info.Mode())
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Sprintf("The gateway may not write %s. %s", path, paste)
	}
	if c, err = Parse(text, filepath.Base(path), os.LookupEnv); err != nil {
		return nil, nil, fmt.Sprintf("Something is wrong in %s: 'parlance check' says what. %s", path, paste)
	}
	if !sameReloaded(c, s.g.latest.Load()) {
		return nil, nil, fmt.Sprintf("%s has changes that are not in force yet, and they would come with yours. Send the process SIGHUP first.", path)
	}
	return text, c, ""
}

// writable returns why a file may not be written. Whom nothing stops, such as
// root, is stopped by what the file's owner wants.
func writable(path string, mode fs.FileMode) error {
	if mode.Perm()&0o200 == 0 {
		return fs.ErrPermission
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// sameReloaded reports whether two configurations are the same in what a reload
// puts in force.
func sameReloaded(a, b *Config) bool {
	of := func(c *Config) []any {
		return []any{c.Rules, c.Policy, c.Namespace, c.Sources, c.Destinations, c.Alerts, c.Workspaces, c.Console}
	}
	return reflect.DeepEqual(of(a), of(b))
}

// wholeSecret is a value that is nothing but a variable.
var wholeSecret = regexp.MustCompile(`"?\$\{([A-Za-z_][A-Za-z0-9_]*)\}"?`)

// Examine implements console.Setup.
func (s *setup) Examine(a console.Addition) console.Examined {
	text, now, closed := s.current()
	if closed != "" {
		now = Default()
	}
	more, _, problems := readAddition(a, now, closed == "" && s.first(text))
	out := described(more, a)
	for _, p := range problems {
		out.Problems = append(out.Problems, p.String())
	}
	return out
}

// readAddition reads what is to be added, and returns what the configuration is
// to be with it, and what is wrong with that.
func readAddition(a console.Addition, now *Config, first bool) (more, want *Config, problems []Problem) {
	var missing []Problem
	o := strictyaml.Options{Env: func(name string) (string, bool) {
		if v := strings.TrimSpace(a.Values[name]); v != "" { // as what is read from files is
			return v, true
		}
		p := Problem{Path: name, Text: "is empty: type it below"}
		if first {
			if v, ok := os.LookupEnv(name); ok {
				return v, true
			}
			p.Text += ", or start the gateway with it in its environment"
		}
		if !slices.Contains(missing, p) {
			missing = append(missing, p)
		}
		return "", false
	}}
	if !first {
		o.ReadFile = func(string) (string, error) {
			return "", errors.New(`no file of this machine is read for what is added here; write "${NAME}", and type it below`)
		}
	}
	more, doc, problems := decode([]byte(a.Text), o)
	want, wrong := now.with(more, first)
	if want != nil {
		_, wrong = newResolver().resolve(want)
	}
	if !first {
		wrong = append(wrong, more.strayFiles()...)
	}
	problems = slices.DeleteFunc(doc.Merge(problems, wrong), func(p Problem) bool {
		return slices.ContainsFunc(missing, func(m Problem) bool { return p.Text == "the environment variable "+m.Path+" is not set" })
	})
	for i := range problems {
		if p := &problems[i]; p.Path != "" {
			p.Path = fmt.Sprintf("line %d: %s", p.Line, p.Path)
		}
		problems[i].Line = 0
	}
	return more, want, append(missing, problems...)
}

// described says what there is to add. What was not typed may be any secret of
// the machine, so that it does not show.
func described(c *Config, a console.Addition) (out console.Examined) {
	for _, found := range wholeSecret.FindAllStringSubmatch(a.Text, -1) {
		if !slices.Contains(out.Variables, found[1]) {
			out.Variables = append(out.Variables, found[1])
		}
	}
	for _, w := range slices.Concat([]Workspace{{Name: defaultWorkspace, Sources: c.Sources, Destinations: c.Destinations}}, c.Workspaces) {
		for _, s := range w.Sources {
			if out.Names = append(out.Names, s.Name); out.Source == "" {
				out.Source, out.Path = s.Name, s.address(w.Name, a)
			}
		}
		for _, d := range w.Destinations {
			out.Names, out.Destination = append(out.Names, d.Name), cmp.Or(out.Destination, d.Name)
		}
	}
	return out
}

// address is where what is added is told of chats.
func (s Source) address(workspace string, a console.Addition) string {
	switch s.Type {
	case typeAPI:
		return "/v1/activities"
	case typeTracking:
		return "/v1/batch"
	}
	path := string(s.Path)
	typed := strings.Contains(a.Text, path)
	for _, v := range a.Values {
		typed = typed || strings.TrimSpace(v) == path
	}
	if !typed {
		path = "…"
	}
	r := ResolvedSource{}
	r.Workspace, r.Name, r.Path = workspace, s.Name, path
	return r.webhookPath()
}

// with returns a configuration with what is added to it, or what is wrong with
// adding that.
func (c *Config) with(more *Config, first bool) (*Config, []Problem) {
	switch {
	case first && len(more.Sources) == 0:
		return nil, []Problem{{Text: "There is no source yet: write one below sources."}}
	case first:
		return more, nil
	case len(more.Sources)+len(more.Destinations)+len(more.Workspaces) == 0:
		return nil, []Problem{{Text: "There is nothing to add: write a source below sources, or a destination below destinations."}}
	}
	rest, out := *more, *c
	rest.Sources, rest.Destinations, rest.Workspaces = nil, nil, nil
	alone := reflect.DeepEqual(&rest, Default())
	out.Sources, out.Destinations = slices.Concat(c.Sources, more.Sources), slices.Concat(c.Destinations, more.Destinations)
	out.Workspaces = slices.Clone(c.Workspaces)
	for _, w := range more.Workspaces {
		i := slices.IndexFunc(out.Workspaces, func(o Workspace) bool { return o.Name == w.Name })
		if alone = alone && i >= 0 && reflect.DeepEqual(w, Workspace{Name: w.Name, Sources: w.Sources, Destinations: w.Destinations}); alone {
			to := &out.Workspaces[i]
			to.Sources, to.Destinations = slices.Concat(to.Sources, w.Sources), slices.Concat(to.Destinations, w.Destinations)
		}
	}
	if !alone {
		return nil, []Problem{{Text: "Only sources and destinations of workspaces that there are can be added here; edit the file for anything else."}}
	}
	return &out, nil
}
