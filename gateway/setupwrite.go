package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/parlance-chat/parlance/destination/file"
	"github.com/parlance-chat/parlance/internal/console"
	"github.com/parlance-chat/parlance/internal/strictyaml"
)

// Write implements console.Setup.
func (s *setup) Write(a console.Addition) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, now, closed := s.current()
	if closed != "" {
		return errors.New(closed)
	}
	more, want, problems := readAddition(a, now, s.first(text))
	if len(problems) > 0 {
		return &ConfigError{problems}
	}
	lines, made, err := s.writeSecrets(a)
	if err == nil {
		err = s.put(text, lines, more, want)
	}
	for _, path := range made {
		if err != nil {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

// put writes down what is added, if it will be read as it is meant, and puts it
// in force. It does both or neither.
func (s *setup) put(text []byte, lines string, more, want *Config) error {
	env := os.LookupEnv
	if !s.first(text) {
		env = nil
	}
	if c, _, problems := decode([]byte(lines), strictyaml.Options{Env: env}); len(problems) > 0 || !reflect.DeepEqual(c, more) {
		return errors.New("gateway: what is no secret, or a part of a longer value, cannot stand in a file of its own; write the value itself")
	}
	anew, err := strictyaml.Add(text, []byte(lines))
	if err == nil {
		var c *Config
		if c, err = Parse(anew, "", os.LookupEnv); err == nil && !reflect.DeepEqual(c, want) {
			err = errors.New("it would not be read as it is meant")
		}
	}
	if err != nil {
		return fmt.Errorf("gateway: %s cannot be added to without changing what it has (%w); write the lines into it yourself, and send the process SIGHUP", s.g.config.File, err)
	}
	c := *want
	c.Log, c.Version, c.File = s.g.config.Log, s.g.config.Version, s.g.config.File
	undo, err := replace(c.File, text, anew)
	if err != nil {
		return err
	}
	if err := s.g.Reload(c); err != nil {
		return errors.Join(err, undo())
	}
	return nil
}

// replace writes a file anew: it is as it was or as it is to be, whatever
// happens. A new one is for nobody else to read.
func replace(path string, was, text []byte) (undo func() error, err error) {
	mode := fs.FileMode(0o600)
	undo = func() error { return os.Remove(path) }
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
		undo = func() error { return writeAnew(path, was, mode) }
	}
	return undo, writeAnew(path, text, mode)
}

func writeAnew(path string, text []byte, mode fs.FileMode) error {
	draft, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = draft.Write(text)
	if err = errors.Join(err, draft.Chmod(mode), draft.Sync(), draft.Close()); err == nil {
		err = os.Rename(draft.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(draft.Name()))
	}
	return nil
}

// strayFiles tells of files that destinations are to write anywhere but where
// such files are: an operator is not to write into what others read.
func (c *Config) strayFiles() (list []Problem) {
	look := func(path string, destinations []Destination) {
		for _, d := range destinations {
			if f, ok := d.Settings.(*file.Settings); ok && (!filepath.IsLocal(f.Path) || filepath.Ext(f.Path) != ".jsonl") {
				list = append(list, Problem{Path: strictyaml.Join(strictyaml.Join(strictyaml.Join(path, "destinations"), d.Name), "path"),
					Text: "what is added here may only write files below the gateway's own directory whose names end in .jsonl"})
			}
		}
	}
	look("", c.Destinations)
	for _, w := range c.Workspaces {
		look(strictyaml.Join("workspaces", w.Name), w.Destinations)
	}
	return list
}

// writeSecrets puts each secret into a file of its own, so that the
// configuration holds none. It returns the lines that say where, and the files
// that it made. One that is there already is not touched.
func (s *setup) writeSecrets(a console.Addition) (_ string, made []string, err error) {
	dir := filepath.Join(filepath.Dir(s.g.config.File), "secrets")
	text := wholeSecret.ReplaceAllStringFunc(a.Text, func(found string) string {
		name := wholeSecret.FindStringSubmatch(found)[1]
		value := strings.TrimSpace(a.Values[name])
		if value == "" || err != nil {
			return found // it comes from the environment
		}
		path := filepath.Join(dir, strings.ToLower(name))
		if old, e := os.ReadFile(path); e == nil {
			if string(old) != value {
				err = fmt.Errorf("gateway: %s is there already and holds something else; use another name than ${%s}", path, name)
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
