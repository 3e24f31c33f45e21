package gateway

import (
	"fmt"
	"os"
	"slices"
	"strings"

	destinations "github.com/parlance-chat/parlance/destination/all"

	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Default returns the configuration that an empty file has.
func Default() *Config {
	var c Config
	c.setDefaults()
	return &c
}

// A Problem is one thing that is wrong with a configuration.
type Problem = strictyaml.Problem

// A ConfigError is all that is wrong with a configuration.
type ConfigError struct{ Problems []Problem }

// Error lists the problems, one a line.
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString("the configuration cannot be used:")
	for _, p := range e.Problems {
		b.WriteString("\n" + p.String())
	}
	return b.String()
}

// Load reads a configuration file, and the environment that it refers to. If
// its content is wrong, the error is a *ConfigError.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("gateway: configuration: %w", err)
	}
	return Parse(data, path, os.LookupEnv)
}

// Parse reads a configuration. The name is the file's, for problems, and env
// looks an environment variable up. The error is a *ConfigError.
func Parse(data []byte, name string, env func(string) (string, bool)) (*Config, error) {
	c, problems := read(data, strictyaml.Options{File: name, Env: env})
	if len(problems) > 0 {
		return nil, &ConfigError{problems}
	}
	return c, nil
}

// Peek reads of a configuration file what Control needs, whatever is wrong with
// the rest: who only looks needs none of the secrets.
func Peek(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("gateway: configuration: %w", err)
	}
	c, problems := read(data, strictyaml.Options{File: path, Env: os.LookupEnv})
	problems = slices.DeleteFunc(problems, func(p Problem) bool {
		key, _, below := strings.Cut(p.Path, ".")
		return key != "" && key != "data" && key != "retention" && (key != "workspaces" || below)
	})
	if len(problems) > 0 {
		return nil, &ConfigError{problems}
	}
	return c, nil
}

func read(data []byte, o strictyaml.Options) (*Config, []Problem) {
	c, doc, problems := decode(data, o)
	_, more := newResolver().resolve(c)
	return c, doc.Merge(problems, more)
}

// decode reads what may be a part of a configuration.
func decode(data []byte, o strictyaml.Options) (*Config, *strictyaml.Document, []Problem) {
	c := Default()
	known := destinations.Types()
	o.Further = func(of any) (any, bool) {
		d, ok := of.(*Destination)
		if !ok {
			return nil, false
		}
		if t := destinationType(known, d.Type); t != nil {
			d.Settings = t.Settings()
		}
		return d.Settings, true
	}
	doc, problems := strictyaml.Decode(data, c, o)
	if c.Settle == 0 {
		c.Settle = NoSettle
	}
	return c, doc, problems
}
