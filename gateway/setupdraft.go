package gateway

import (
	"crypto/rand"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"

	connectors "github.com/parlance-chat/parlance/connector/all"
	destinations "github.com/parlance-chat/parlance/destination/all"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/destination"
	"github.com/parlance-chat/parlance/internal/console"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Offers implements console.Setup.
func (s *setup) Offers(kind string) (list []console.Choice) {
	if kind == console.KindDestination {
		for _, t := range destinations.Types() {
			list = append(list, console.Choice{Type: t.Name, Title: t.Title})
		}
		return list
	}
	for _, t := range connectors.Types() {
		if t.Name != typeCustom {
			list = append(list, console.Choice{Type: t.Name, Title: t.Title})
		}
	}
	slices.SortFunc(list, func(a, b console.Choice) int {
		return strings.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title))
	})
	return append(list, console.Choice{Type: typeCustom, Title: "another tool (custom)"}, console.Choice{Type: typeAPI, Title: "a program of your own (activity API)"},
		console.Choice{Type: typeTracking, Title: "Segment's SDKs (tracking)"})
}

// A setting is one that an entry cannot do without, or that nobody should miss.
type setting struct {
	key, value string
	hint       string // what to type; "" if there is nothing to type
	note       string // behind it, in the file
	secret     bool
	list       bool // of several values, with commas between them
	raw        bool // value is YAML
}

// Draft implements console.Setup.
func (s *setup) Draft(workspace string, parts []console.Part) string {
	var b strings.Builder
	indent := ""
	if workspace != defaultWorkspace {
		fmt.Fprintf(&b, "workspaces:\n  %s:\n", workspace)
		indent = "    "
	}
	for i := range parts {
		p := &parts[i]
		if p.Name == "" {
			p.Name = s.free(workspace, p.Kind, p.Type)
		}
		settings := sourceSettings(p.Type)
		if p.Kind == console.KindDestination {
			settings = destinationSettings(p.Type, p.Name)
		}
		given := map[string]string{}
		for _, f := range p.Fields {
			given[f.Key] = f.Value
		}
		p.Fields = nil
		fmt.Fprintf(&b, "%[1]s%[2]ss:\n%[1]s  %[3]s:\n%[1]s    type: %[4]s\n", indent, p.Kind, strictyaml.Scalar(p.Name), p.Type)
		for _, one := range settings {
			if one.hint != "" && !one.secret {
				if v, ok := given[one.key]; ok {
					one.value = strings.TrimSpace(v)
				}
				p.Fields = append(p.Fields, console.Field{Key: one.key, Value: one.value, Hint: one.hint})
			}
			fmt.Fprintf(&b, "%s    %s: %s\n", indent, one.key, one.yaml(variable(workspace, p.Name, one.key), indent))
		}
	}
	return b.String()
}

// yaml returns the value as it stands in the file.
func (s setting) yaml(variable, indent string) string {
	v := s.value
	switch {
	case s.secret:
		v = `"${` + variable + `}"`
	case s.raw:
		v = strings.ReplaceAll(v, "\n", "\n"+indent)
	case s.list:
		var list []string
		for one := range strings.SplitSeq(v, ",") {
			if one = strings.TrimSpace(one); one != "" {
				list = append(list, strictyaml.Scalar(one))
			}
		}
		v = "[" + strings.Join(list, ", ") + "]"
	default:
		v = strictyaml.Scalar(v)
	}
	if s.note != "" {
		v += "      # " + s.note
	}
	return v
}

// free returns a name that no other of the workspace has.
func (s *setup) free(workspace, kind, typ string) string {
	taken := s.g.destinationsOf(workspace)
	usual := typ
	if kind == console.KindSource {
		taken = nil
		for _, r := range s.g.inForce.Load().Sources {
			if r.Workspace == workspace {
				taken = append(taken, r.Name)
			}
		}
		usual = "support"
		if typ == typeAPI {
			usual = "shop"
		} else if typ == typeTracking {
			usual = "website"
		}
	}
	name := usual
	for n := 1; slices.Contains(taken, name); n++ {
		if name = typ; n > 1 {
			name = fmt.Sprintf("%s-%d", typ, n)
		}
	}
	return name
}

var notOfVariables = regexp.MustCompile(`[^A-Z0-9]+`)

// variable returns the variable that stands for a secret.
func variable(workspace, name, key string) string {
	v := name + "_" + key
	if workspace != defaultWorkspace {
		v = workspace + "_" + v
	}
	if v = notOfVariables.ReplaceAllString(strings.ToUpper(v), "_"); '0' <= v[0] && v[0] <= '9' {
		v = "_" + v
	}
	return v
}

func sourceSettings(typ string) []setting {
	switch typ {
	case typeAPI:
		return []setting{{key: "token", secret: true}}
	case typeTracking:
		return []setting{{key: "write_key", secret: true}}
	}
	i := slices.IndexFunc(connectors.Types(), func(t connector.Type) bool { return t.Name == typ })
	if i < 0 {
		return nil
	}
	t := connectors.Types()[i]
	list := []setting{{key: "secret", secret: true}}
	if t.Signs == connector.Never {
		list = []setting{{key: "unsigned", value: "true", raw: true, note: t.Title + " signs nothing: whoever knows the path can tell anything"},
			{key: "path", value: rand.Text(), raw: true}}
	}
	if t.API != nil && !t.API.Optional {
		list = append(list, setting{key: "api_token", secret: true})
		if t.API.URL == "" {
			list = append(list, setting{key: "api_url", hint: "the address of " + t.Title + "'s API, such as https://YOURS.example.com"})
		}
	}
	if t.Zoneless {
		list = append(list, setting{key: "timezone", value: "UTC", hint: "where the tool's clock stands, such as Europe/Berlin"})
	}
	if t.Name == typeCustom {
		list = append(list, setting{key: "signature", value: "{header: X-Signature}", raw: true, note: "that carries the secret, or what it signs"},
			setting{key: "program", value: "|\n      {type: \"message\", conversation_id: .chat, time: .at, by: .role, message: {id: .id, body: .text}}", raw: true})
	}
	return list
}

// destinationSettings are those of which the type says that something is wrong
// as long as nobody has set them.
func destinationSettings(typ, name string) (list []setting) {
	t := destinationType(destinations.Types(), typ)
	if t == nil {
		return nil
	}
	settings := t.Settings()
	wrong := unset(t)
	for _, key := range strictyaml.Keys(settings) {
		one := setting{key: key, hint: wrong[key], secret: slices.Contains(strictyaml.SecretKeys(settings), key), list: slices.Contains(strictyaml.ListKeys(settings), key)}
		switch {
		case key == "region": // whose default is for one half of the world
			one.value = reflect.ValueOf(settings).Elem().FieldByName("Region").String()
			one.hint, one.note = one.value+" or eu", "or eu"
		case one.hint == "":
			continue
		case typ == "file" && name == typ:
			one.value = "./events.jsonl"
		case typ == "file":
			one.value = "./" + name + ".jsonl"
		}
		list = append(list, one)
	}
	return list
}

// unset returns what a type says of its settings as long as nobody has set
// them, by their keys.
func unset(t *destination.Type) map[string]string {
	wrong := map[string]string{}
	checked, ok := t.Settings().(interface{ Check() error })
	if !ok {
		return wrong
	}
	errs := []error{checked.Check()}
	if joined := (interface{ Unwrap() []error })(nil); errors.As(errs[0], &joined) {
		errs = joined.Unwrap()
	}
	for _, err := range errs {
		if err != nil {
			key, text, _ := strings.Cut(err.Error(), ": ")
			wrong[key] = strings.TrimPrefix(text, "is missing; ")
		}
	}
	return wrong
}
