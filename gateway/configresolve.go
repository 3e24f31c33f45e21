package gateway

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	connectors "github.com/parlance-chat/parlance/connector/all"
	destinations "github.com/parlance-chat/parlance/destination/all"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/archive"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/deliver"
	"github.com/parlance-chat/parlance/internal/ingest"
	"github.com/parlance-chat/parlance/internal/spell"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Resolved is what a configuration comes to.
type Resolved struct {
	Sources      []ResolvedSource
	Destinations []ResolvedDestination
	Console      access.Rules
	Alerts       []ResolvedAlert
}

// A ResolvedSource is a source with everything that holds for it.
type ResolvedSource struct {
	ingest.Source
	Rules     conversation.Rules
	Agents    map[string]conversation.Agent // by ID
	API       connector.API                 // of a chat tool that has to be asked; else zero
	APIToken  string
	Secrets   []string // of a chat tool
	Namespace string
}

// A ResolvedDestination is a destination with everything that holds for it.
type ResolvedDestination struct {
	Workspace, Name string
	Type            ReceiverType
	Settings        any
	Policy          deliver.Policy
	Pace            deliver.Pace
	Start           Start
}

// A ReceiverType is the name of a type of destination.
type ReceiverType string

// Open opens a destination of the type.
func (t ReceiverType) Open(settings any) (destination.Destination, error) {
	if typ := destinationType(destinations.Types(), string(t)); typ != nil {
		return typ.Open(settings)
	}
	return nil, fmt.Errorf("unknown type %s", t)
}

// of returns what the list says of the type, which must be in it.
func (t ReceiverType) of() destination.Type { return *destinationType(destinations.Types(), string(t)) }

// defaultWorkspace is the name of the one that is always there.
const defaultWorkspace = "default"

// The types of sources that are no chat tool.
const (
	typeAPI      = "api"
	typeTracking = "tracking"
	typeCustom   = "custom"
)

// Resolve fills in the defaults of what is not set, and returns what the
// configuration comes to. The error is a *ConfigError.
func (c *Config) Resolve() (*Resolved, error) {
	c.setDefaults()
	resolved, problems := newResolver().resolve(c)
	if len(problems) > 0 {
		return nil, &ConfigError{problems}
	}
	return resolved, nil
}

func (c *Config) setDefaults() {
	const day = 24 * time.Hour
	c.Data = cmp.Or(c.Data, "./data")
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:8080")
	c.Settle = cmp.Or(c.Settle, 2*time.Second)
	c.Retention.Webhooks = cmp.Or(c.Retention.Webhooks, 7*day)
	c.Retention.Events = cmp.Or(c.Retention.Events, 30*day)
	c.Archive.Enabled = cmp.Or(c.Archive.Enabled, On)
	c.Archive.Keep = cmp.Or(c.Archive.Keep, 365*day)
	c.Archive.Bodies = cmp.Or(c.Archive.Bodies, archive.Include)
}

// A resolver resolves one configuration and gathers what is wrong with it.
type resolver struct {
	connectors   []connector.Type
	destinations []destination.Type

	out      Resolved
	problems []Problem
	paths    map[string]string // of webhooks; to the configuration's path of the source
	tokens   map[string]string // of type api, likewise
	keys     map[string]string // of type tracking, likewise
	places   map[string]string // of destinations, likewise
}

func newResolver() *resolver {
	return &resolver{
		connectors:   connectors.Types(),
		destinations: destinations.Types(),
		paths:        map[string]string{},
		tokens:       map[string]string{},
		keys:         map[string]string{},
		places:       map[string]string{},
	}
}

func (r *resolver) tell(path, format string, args ...any) {
	r.problems = append(r.problems, Problem{Path: path, Text: fmt.Sprintf(format, args...)})
}

func (r *resolver) resolve(c *Config) (*Resolved, []Problem) {
	if c.Data == "" {
		r.tell("data", "is empty; write a directory, such as ./data")
	}
	if !isAddress(c.Listen) {
		r.tell("listen", "must be HOST:PORT, such as 127.0.0.1:8080, or %s", NoListener)
	}
	if u, err := url.Parse(c.PublicURL); c.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.RawQuery != "" || u.Fragment != "") {
		r.tell("public_url", "must be a URL such as https://chats.example.com")
	}
	if c.Retention.Webhooks <= 0 {
		r.tell("retention.webhooks", "must be longer than 0")
	}
	if c.Retention.Events <= 0 {
		r.tell("retention.events", "must be longer than 0")
	}
	r.console(c)
	oneOf(r, "archive", "enabled", c.Archive.Enabled, On, Off)
	oneOf(r, "archive", "bodies", c.Archive.Bodies, archive.Include, archive.Omit)
	r.rules("", c.Rules)
	r.policy("", c.Policy)
	top := Workspace{Name: defaultWorkspace, Rules: c.Rules, Policy: c.Policy, Namespace: c.Namespace, Sources: c.Sources, Destinations: c.Destinations}
	r.alerts("", "", c.Alerts)
	r.workspace("", top)
	seen := map[string]bool{}
	for _, w := range c.Workspaces {
		path := strictyaml.Join("workspaces", w.Name)
		if w.Name == defaultWorkspace {
			r.tell(path, "the workspace default is what is at the top level; move its sources and destinations there")
		}
		r.name(path, w.Name, seen)
		r.rules(path, w.Rules)
		r.policy(path, w.Policy)
		w.Rules, w.Policy, w.Namespace = w.Rules.or(c.Rules), w.Policy.or(c.Policy), cmp.Or(w.Namespace, c.Namespace)
		r.workspace(path, w)
		r.alerts(path, w.Name, w.Alerts)
	}
	return &r.out, r.problems
}

// isAddress reports whether s may stand for listen.
func isAddress(s string) bool {
	_, port, err := net.SplitHostPort(s)
	n, bad := strconv.ParseUint(port, 10, 16)
	return s == NoListener || err == nil && bad == nil && n <= 65535
}

// workspace resolves what is in a workspace whose own switches are filled in.
func (r *resolver) workspace(path string, w Workspace) {
	seen := map[string]bool{}
	for _, s := range w.Sources {
		at := strictyaml.Join(strictyaml.Join(path, "sources"), s.Name)
		r.name(at, s.Name, seen)
		r.rules(at, s.Rules)
		r.source(at, w, s)
	}
	clear(seen)
	salted := false
	for _, d := range w.Destinations {
		at := strictyaml.Join(strictyaml.Join(path, "destinations"), d.Name)
		r.name(at, d.Name, seen)
		r.policy(at, d.Policy)
		salted = r.destination(at, w, d, salted) || salted
	}
}

// name checks the name of a source, destination or workspace.
func (r *resolver) name(path, name string, seen map[string]bool) {
	const most = 63
	if name == "" || len(name) > most || name[0] == '-' || name[0] == '_' || !madeOf(name, lower+digits+"_-") {
		r.tell(path, "is no name; use up to %d of a to z, 0 to 9, _ and -, beginning with a letter or digit", most)
	}
	if seen[name] {
		r.tell(path, "is given twice")
	}
	seen[name] = true
}

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// madeOf reports whether s has no other letters than those given.
func madeOf(s, letters string) bool { return strings.Trim(s, letters) == "" }

// rules checks the values of switches.
func (r *resolver) rules(path string, s Rules) {
	oneOf(r, path, "first_message", s.FirstMessage, conversation.StartedAndSent, conversation.StartedOnly)
	oneOf(r, path, "ended", s.Ended, conversation.Explicit, conversation.Any)
	oneOf(r, path, "reopen", s.Reopen, conversation.Continue, conversation.Restart)
	oneOf(r, path, "bots", s.Bots, conversation.Include, conversation.Drop)
	oneOf(r, path, "automation", s.Automation, conversation.Drop, conversation.Include)
	oneOf(r, path, "identity", s.Identity, conversation.ExternalID, conversation.Email)
	oneOf(r, path, "inactivity_end", s.InactivityEnd, Off, On)
	oneOf(r, path, "identify", s.Identify, Off, On)
	if slices.Contains(s.Channels, "") {
		r.tell(strictyaml.Join(path, "channels"), "holds an empty channel")
	}
}

func (r *resolver) policy(path string, p Policy) {
	oneOf(r, path, "message_body", deliver.MessageBody(p.MessageBody), deliver.Include, deliver.Redact, deliver.Omit)
	oneOf(r, path, "perspective", deliver.Perspective(p.Perspective), deliver.Customer, deliver.Company)
}

// oneOf checks a value that is not set or one of a few. It does not show the
// value, for somebody may have put a secret into the wrong line.
func oneOf[T ~string](r *resolver, path, key string, value T, values ...T) {
	if value == "" || slices.Contains(values, value) {
		return
	}
	var names []string
	for _, v := range values {
		names = append(names, string(v))
	}
	r.tell(strictyaml.Join(path, key), "must be one of %s%s", strings.Join(names, ", "), meant(string(value), names))
}

// meant asks whether somebody meant one of the known words.
func meant(word string, known []string) string {
	if near := spell.Nearest(word, known); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

// or returns rules with what they do not set as in outer.
func (s Rules) or(outer Rules) Rules {
	channels := s.Channels
	if channels == nil {
		channels = outer.Channels
	}
	return Rules{
		FirstMessage:  cmp.Or(s.FirstMessage, outer.FirstMessage),
		Ended:         cmp.Or(s.Ended, outer.Ended),
		Reopen:        cmp.Or(s.Reopen, outer.Reopen),
		Bots:          cmp.Or(s.Bots, outer.Bots),
		Automation:    cmp.Or(s.Automation, outer.Automation),
		Channels:      channels,
		Identity:      cmp.Or(s.Identity, outer.Identity),
		Inactivity:    cmp.Or(s.Inactivity, outer.Inactivity),
		InactivityEnd: cmp.Or(s.InactivityEnd, outer.InactivityEnd),
		Identify:      cmp.Or(s.Identify, outer.Identify),
	}
}

func (p Policy) or(outer Policy) Policy {
	return Policy{cmp.Or(p.MessageBody, outer.MessageBody), cmp.Or(p.Perspective, outer.Perspective)}
}
