package strictyaml

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// expand replaces ${NAME} by the environment variable.
func (d *decoder) expand(text string) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "${")
		if !found {
			b.WriteString(text)
			return b.String(), nil
		}
		if literal, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(literal + "${")
			text = after
			continue
		}
		name, rest, closed := strings.Cut(after, "}")
		if !closed || !isName(name) {
			return "", errors.New("has ${ without a variable's name and }; write ${NAME}, or $${ for ${ itself")
		}
		value, err := d.variable(name)
		if err != nil {
			return "", err
		}
		b.WriteString(before + value)
		text = rest
	}
}

func (d *decoder) variable(name string) (string, error) {
	if d.o.Env != nil {
		if value, ok := d.o.Env(name); ok {
			d.doc.hide(value)
			return value, nil
		}
	}
	return "", fmt.Errorf("the environment variable %s is not set", name)
}

func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// secret returns the secret that a value stands for.
func (d *decoder) secret(raw string) (string, error) {
	path, inFile := strings.CutPrefix(raw, "file:")
	s, err := d.expand(path)
	if err == nil && inFile {
		s, err = d.readFile(s)
	}
	if err != nil {
		return "", err
	}
	switch s {
	case "":
		return "", errors.New("is empty")
	case hidden:
		return "", errors.New("was hidden when it was printed; write the secret itself, \"${NAME}\" or file:PATH")
	}
	d.doc.hide(s)
	return s, nil
}

func (d *decoder) readFile(path string) (string, error) {
	if d.o.ReadFile != nil {
		return d.o.ReadFile(path)
	}
	return readFile(path)
}

// readFile returns what is in a file, without the white space around it.
func readFile(path string) (string, error) {
	const most = 64 << 10
	f, err := os.Open(path)
	if err != nil {
		return "", fileError(path, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err != nil {
		return "", fileError(path, err)
	}
	if len(b) > most {
		return "", fmt.Errorf("file %s is too large", path)
	}
	return strings.TrimSpace(string(b)), nil
}

func fileError(path string, err error) error {
	if cause, ok := errors.AsType[*fs.PathError](err); ok {
		err = cause.Err
	}
	return fmt.Errorf("file %s: %w", path, err)
}
