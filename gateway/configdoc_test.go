package gateway

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/parlance-chat/parlance/connector"
	destinations "github.com/parlance-chat/parlance/destination/all"
	"github.com/parlance-chat/parlance/internal/console/access"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// docs/config.md is made of the comments of the structs and holds every key.
// -update rewrites it.
func TestConfigManual(t *testing.T) {
	manual, err := template.New("config.md.tmpl").Funcs(template.FuncMap{
		"table":        table,
		"comment":      comment,
		"example":      func() (string, error) { b, err := os.ReadFile("testdata/example.yaml"); return string(b), err },
		"destinations": destinationTypes,
	}).ParseFiles("testdata/config.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := manual.Execute(&b, nil); err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/config.md", b.String())
}

// The manual's example is right, and has every key there is.
func TestManualExample(t *testing.T) {
	data, err := os.ReadFile("testdata/example.yaml")
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "old")
	if err := os.WriteFile(secret, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "/run/secrets/chatwoot-old", secret)
	if _, err := Parse([]byte(text), "example.yaml", func(name string) (string, bool) { return strings.Repeat(name, 3), true }); err != nil {
		t.Error(err)
	}
	structs := []any{&Config{}, &Retention{}, &Archive{}, &Source{}, &Agent{}, &Signature{}, &Destination{}, &Filter{}, &Batch{}, &RateLimit{}, &Workspace{}, &Console{}, &ConsoleUser{}, &ConsoleToken{}, &ConsoleOIDC{}, &Alert{}, &Lag{}}
	for _, typ := range destinations.Types() {
		structs = append(structs, typ.Settings())
	}
	for _, s := range structs {
		for _, key := range strictyaml.Keys(s) {
			if !strings.Contains(text, key+":") {
				t.Errorf("%T: the example lacks %s", s, key)
			}
		}
	}
}

// defaults are the structs of this package that have defaults.
func defaults(name string) any {
	switch name {
	case "Config":
		return *Default()
	case "Retention":
		return Default().Retention
	case "Archive":
		return Default().Archive
	case "Rules":
		return defaultRules()
	case "Policy":
		return defaultPolicy()
	case "Source":
		return Source{Validate: "strict"}
	case "Agent":
		return Agent{}
	case "Filter":
		return Filter{}
	case "Batch":
		return Batch{}
	case "RateLimit":
		return RateLimit{}
	case "Signature":
		return Signature{Hash: connector.HMACSHA256, Signed: "{body}", Value: "{signature}", Encoding: "hex", Key: "text", Unit: "s", Tolerance: connector.ReplayWindow}
	case "Workspace":
		return Workspace{}
	case "Alert":
		return Alert{}
	case "Lag":
		return Lag{Age: lateAfter}
	case "Console":
		return Console{Bodies: access.Viewer}
	case "ConsoleUser":
		return ConsoleUser{}
	case "ConsoleToken":
		return ConsoleToken{}
	case "ConsoleOIDC":
		return ConsoleOIDC{}
	default:
		return Destination{}
	}
}

func table(dir, name string) (string, error) { return tableOf(dir, name, defaults(name)) }

// tableOf returns the keys of a struct as a table, with what v holds as their
// defaults.
func tableOf(dir, name string, v any) (string, error) {
	_, spec, err := find(dir, name)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| key | is | default | meaning |\n|---|---|---|---|\n")
	for _, f := range spec.Fields.List {
		if f.Tag == nil {
			continue // embedded
		}
		key, how, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("yaml"), ",")
		if key == "" || key == "-" {
			continue
		}
		value := reflect.ValueOf(v).FieldByName(f.Names[0].Name)
		if f.Doc == nil {
			return "", fmt.Errorf("%s.%s has no comment", name, f.Names[0].Name)
		}
		meaning := strings.ReplaceAll(strings.Join(strings.Fields(f.Doc.Text()), " "), "|", `\|`)
		usual := shown(value)
		if value.IsZero() && how == "omitempty" && !value.Type().ConvertibleTo(reflect.TypeFor[bool]()) {
			usual = ""
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key, kind(value.Type()), usual, meaning)
	}
	return b.String(), nil
}

// kind says what a value of type t is, in the user's words.
func kind(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case t == reflect.TypeFor[Secret]():
		return "secret"
	case t == reflect.TypeFor[strictyaml.Text]():
		return "text or file"
	case t == reflect.TypeFor[[]Secret]():
		return "secret or list"
	case t == reflect.TypeFor[[]string]():
		return "list"
	case t.Kind() == reflect.String:
		return "text"
	case t.Kind() == reflect.Bool:
		return "`true` or `false`"
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Struct:
		return "mapping"
	default:
		return "number"
	}
}

func shown(v reflect.Value) string {
	d, isDuration := v.Interface().(time.Duration)
	switch {
	case isDuration && d != 0 && d%(24*time.Hour) == 0:
		return fmt.Sprintf("`%dd`", d/(24*time.Hour))
	case v.Kind() == reflect.Struct, v.IsZero() && v.Kind() != reflect.Bool && (!v.CanInt() || isDuration):
		return ""
	case v.Kind() == reflect.Slice:
		return "`[" + strings.Join(v.Interface().([]string), ", ") + "]`"
	default:
		return fmt.Sprintf("`%v`", v.Interface())
	}
}

// comment returns the comment of a struct.
func comment(dir, name string) (string, error) {
	doc, _, err := find(dir, name)
	return strings.Join(strings.Fields(doc), " "), err
}

// find returns the comment and the fields of a struct in the package in dir.
func find(dir, name string) (string, *ast.StructType, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return "", nil, err
	}
	for _, path := range paths {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		if err != nil {
			return "", nil, err
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.TYPE {
				continue
			}
			i := slices.IndexFunc(g.Specs, func(s ast.Spec) bool { return s.(*ast.TypeSpec).Name.Name == name })
			if i < 0 {
				continue
			}
			if s, ok := g.Specs[i].(*ast.TypeSpec).Type.(*ast.StructType); ok {
				return g.Doc.Text(), s, nil
			}
		}
	}
	return "", nil, fmt.Errorf("no struct %s in %s", name, dir)
}

// destinationTypes lists the types of destinations with their settings.
func destinationTypes() (string, error) {
	var b strings.Builder
	for _, t := range destinations.Types() {
		settings := reflect.ValueOf(t.Settings()).Elem()
		rows, err := tableOf(filepath.Join("../destination", t.Name), settings.Type().Name(), settings.Interface())
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "### %s: %s\n\n%s\n", t.Name, t.Title, rows)
	}
	return b.String(), nil
}
