package gateway

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	connectors "github.com/parlance-chat/parlance/connector/all"
	destinations "github.com/parlance-chat/parlance/destination/all"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/internal/console"
)

// setup writes the first configuration. It implements console.Setup.
type setup struct {
	g  *Gateway
	mu sync.Mutex // held while one is written, for there is one first
}

// File implements console.Setup.
func (s *setup) File() string { return s.g.config.File }

// Open implements console.Setup: only where there is nothing that could be
// lost.
func (s *setup) Open() bool {
	return s.g.config.File != "" && len(s.g.inForce.Load().Sources) == 0
}

// Tools implements console.Setup.
func (s *setup) Tools() (list []console.Choice) {
	for _, t := range connectors.Types() {
		if t.Name != typeCustom {
			list = append(list, console.Choice{Type: t.Name, Title: t.Title})
		}
	}
	slices.SortFunc(list, func(a, b console.Choice) int {
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	return append(list, console.Choice{Type: typeAPI, Title: "a program of your own (activity API)"}, console.Choice{Type: typeTracking, Title: "Segment's SDKs (tracking)"})
}

// drafts are the settings that the usual receivers need.
var drafts = map[string]string{
	"file":        "path: ./events.jsonl",
	"segment":     "write_key: \"${SEGMENT_KEY}\"\n    region: us        # or eu",
	"rudderstack": "write_key: \"${RUDDERSTACK_KEY}\"\n    endpoint: https://YOURS.dataplane.rudderstack.com",
	"jitsu":       "write_key: \"${JITSU_KEY}\"\n    endpoint: https://YOURS.d.jitsu.com",
	"customerio":  "write_key: \"${CUSTOMERIO_KEY}\"\n    region: us        # or eu",
	"posthog":     "project_key: \"${POSTHOG_KEY}\"\n    region: us        # or eu",
	"postgres":    "url: \"${POSTGRES_URL}\"        # postgres://USER:PASSWORD@HOST:5432/DATABASE",
	"webhook":     "url: https://YOURS.example.com/hook\n    secret: \"${WEBHOOK_SECRET}\"",
}

// Receivers implements console.Setup.
func (s *setup) Receivers() (list []console.Choice) {
	for _, t := range destinations.Types() {
		if drafts[t.Name] != "" {
			list = append(list, console.Choice{Type: t.Name, Title: t.Title})
		}
	}
	return list
}

// Draft implements console.Setup.
func (s *setup) Draft(tool, receiver string) string {
	var b strings.Builder
	b.WriteString("sources:\n")
	switch tool {
	case typeAPI:
		b.WriteString("  shop:\n    type: api\n    token: \"${SHOP_TOKEN}\"\n")
	case typeTracking:
		b.WriteString("  website:\n    type: tracking\n    write_key: \"${WEBSITE_KEY}\"\n")
	default:
		for _, t := range connectors.Types() {
			if t.Name == tool {
				b.WriteString(draftSource(t))
			}
		}
	}
	if drafts[receiver] != "" {
		fmt.Fprintf(&b, "destinations:\n  %s:\n    type: %s\n    %s\n", receiver, receiver, drafts[receiver])
	}
	return b.String()
}

func draftSource(t connector.Type) string {
	var b strings.Builder
	fmt.Fprintf(&b, "  support:\n    type: %s\n", t.Name)
	if t.Signs == connector.Never {
		fmt.Fprintf(&b, "    unsigned: true      # %s signs nothing: whoever knows the path can tell anything\n    path: %s\n", t.Title, rand.Text())
	} else {
		b.WriteString("    secret: \"${SUPPORT_SECRET}\"\n")
	}
	if t.API != nil && !t.API.Optional {
		b.WriteString("    api_token: \"${SUPPORT_API_TOKEN}\"\n")
		if t.API.URL == "" {
			b.WriteString("    api_url: https://YOURS.example.com\n")
		}
	}
	if t.Zoneless {
		b.WriteString("    timezone: UTC       # where the tool's clock stands\n")
	}
	return b.String()
}

// wholeSecret is a value that is nothing but a variable.
var wholeSecret = regexp.MustCompile(`"?\$\{([A-Za-z_][A-Za-z0-9_]*)\}"?`)

// Check implements console.Setup.
func (s *setup) Check(text string, values map[string]string) []string {
	_, err := s.parse(text, values)
	var wrong *ConfigError
	if !errors.As(err, &wrong) {
		return nil
	}
	var list []string
	for _, p := range wrong.Problems {
		list = append(list, p.String())
	}
	return list
}

// parse reads a configuration as it is written on the page. Where it is kept is
// as it was.
func (s *setup) parse(text string, values map[string]string) (*Config, error) {
	return Parse([]byte(text), filepath.Base(s.g.config.File), func(name string) (string, bool) {
		if v := values[name]; v != "" {
			return v, true
		}
		return os.LookupEnv(name)
	})
}

// Write implements console.Setup.
func (s *setup) Write(text string, values map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.Open() {
		return errors.New("gateway: there is a configuration already; edit the file, and send SIGHUP")
	}
	if old, err := os.ReadFile(s.g.config.File); err == nil && len(strings.TrimSpace(string(old))) > 0 {
		return fmt.Errorf("gateway: %s is not empty; edit it, and send SIGHUP", s.g.config.File)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	values = maps.Clone(values)
	for name, value := range values {
		values[name] = strings.TrimSpace(value) // as what is read from files is
	}
	meant, err := s.parse(text, values)
	if err != nil {
		return err
	}
	text, made, err := s.writeSecrets(text, values)
	if err == nil {
		err = s.putInForce(text, meant)
	}
	if err != nil {
		for _, path := range made {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// putInForce writes a configuration down, which must be read as it is meant. What
// cannot be written down is not put in force, nor the other way round.
func (s *setup) putInForce(text string, meant *Config) error {
	c, err := s.parse(text, nil)
	if err != nil || !reflect.DeepEqual(c, meant) {
		return errors.New("gateway: what is no secret, or a part of a longer value, cannot stand in a file of its own; leave it empty here, and set it in the environment")
	}
	c.Log, c.Version, c.File = s.g.config.Log, s.g.config.Version, s.g.config.File
	draft, err := os.CreateTemp(filepath.Dir(c.File), filepath.Base(c.File)+".*") // which nobody else may read
	if err != nil {
		return err
	}
	_, err = draft.WriteString(text)
	if err = errors.Join(err, draft.Close()); err == nil {
		err = s.g.Reload(*c)
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return os.Rename(draft.Name(), c.File)
}

// writeSecrets puts each secret into a file of its own, so that the
// configuration holds none. It returns the configuration that says where, and
// the files that it made. One that is there already is not touched.
func (s *setup) writeSecrets(text string, values map[string]string) (_ string, made []string, err error) {
	dir := filepath.Join(filepath.Dir(s.g.config.File), "secrets")
	text = wholeSecret.ReplaceAllStringFunc(text, func(found string) string {
		name := wholeSecret.FindStringSubmatch(found)[1]
		value := values[name]
		if value == "" || err != nil {
			return found // it comes from the environment
		}
		path := filepath.Join(dir, strings.ToLower(name))
		if old, e := os.ReadFile(path); e == nil {
			if string(old) != value {
				err = fmt.Errorf("gateway: %s is there already and holds something else; remove it, or write file:%[1]s in place of ${%s}", path, name)
			}
		} else if err = writeNew(path, value); err == nil {
			made = append(made, path)
		}
		return fmt.Sprintf("%q", "file:"+filepath.ToSlash(path))
	})
	return text, made, err
}

// writeNew writes a file that is not there yet, for nobody else to read.
func writeNew(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// Variables implements console.Setup.
func (s *setup) Variables(text string) (list []string) {
	for _, found := range wholeSecret.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(list, found[1]) {
			list = append(list, found[1])
		}
	}
	return list
}

// Address implements console.Setup.
func (s *setup) Address(text string, values map[string]string) (name, path string) {
	c, err := s.parse(text, values)
	if err != nil || len(c.Sources) == 0 {
		return "", ""
	}
	first := c.Sources[0]
	switch first.Type {
	case typeAPI:
		return first.Name, "/v1/activities"
	case typeTracking:
		return first.Name, "/v1/batch"
	}
	path = cmp.Or(string(first.Path), first.Name)
	typed := slices.Contains(slices.Collect(maps.Values(values)), path)
	if !typed && !strings.Contains(text, path) {
		path = "…" // of the environment or of a file, which are nobody's to read here
	}
	return first.Name, "/in/" + path
}
