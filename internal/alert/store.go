package alert

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"sync"
)

// A Store remembers in a file what receivers were told, so that a restart tells
// nothing twice and forgets nothing. Its methods may be called concurrently.
type Store struct {
	path string

	mu    sync.Mutex // guards the field below, and the file
	hooks map[string]map[subject]told
}

// OpenStore reads the file, if there is one. With an error, the store knows
// nothing, and is good all the same.
func OpenStore(path string) (*Store, error) {
	s := &Store{path: path, hooks: map[string]map[subject]told{}}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &s.hooks)
	}
	if err != nil {
		s.hooks = map[string]map[subject]told{}
		return s, fmt.Errorf("alert: %s: %w", path, err)
	}
	return s, nil
}

// Keep forgets all hooks but those of the names.
func (s *Store) Keep(names map[string]bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.hooks)
	maps.DeleteFunc(s.hooks, func(name string, _ map[subject]told) bool { return !names[name] })
	if len(s.hooks) == before {
		return nil
	}
	return s.write()
}

// load returns what a hook was told; nil if nothing is known of it.
func (s *Store) load(hook string) map[subject]told {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.hooks[hook])
}

func (s *Store) save(hook string, known map[subject]told) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks[hook] = maps.Clone(known)
	return s.write()
}

// write replaces the file as a whole. The caller holds mu.
func (s *Store) write() error {
	b, err := json.Marshal(s.hooks)
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.path+".new", b, 0o600); err != nil {
		return fmt.Errorf("alert: %w", err)
	}
	if err := os.Rename(s.path+".new", s.path); err != nil {
		return fmt.Errorf("alert: %w", err)
	}
	return nil
}
