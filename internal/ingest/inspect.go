package ingest

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parlance-chat/parlance/conversation"
	"github.com/parlance-chat/parlance/internal/spell"
)

// A shape says what a JSON object may hold: for each key another shape, or a
// form.
type shape map[string]any

// A form says what a value must look like.
type form string

const (
	text   form = "a string"
	moment form = "a time like 2026-03-02T09:00:00Z"
)

// activityShape is an activity as the API takes it.
var activityShape = shape{
	"id": text, "type": text, "conversation_id": text, "time": moment, "by": text,
	"message":    shape{"id": text, "body": text},
	"agent":      shape{"id": text, "name": text, "username": text},
	"customer":   shape{"user_id": text, "anonymous_id": text, "contact_id": text, "email": text, "name": text},
	"started_at": moment, "channel": text, "conversation_url": text,
}

// inspect says all that is wrong with an activity that did not decode.
func inspect(i int, raw json.RawMessage) Problems {
	s := inspection{index: i}
	usable, ok := s.object("", raw, activityShape)
	if !ok {
		return s.problems
	}
	// What has the right form may still be wrong, and tells what is missing.
	var a conversation.Activity
	b, err := json.Marshal(usable)
	if err == nil {
		err = strict(b, &a)
	}
	if err != nil {
		s.add("", "is not an activity")
		return s.problems
	}
	for _, p := range check(i, a) {
		if !slices.ContainsFunc(s.problems, func(q Problem) bool { return q.Path == p.Path }) {
			s.problems = append(s.problems, p)
		}
	}
	return s.problems
}

// An inspection collects problems.
type inspection struct {
	index    int
	problems Problems
}

func (s *inspection) add(path, problem string) {
	s.problems = append(s.problems, Problem{s.index, path, problem})
}

// object returns what has the right form.
func (s *inspection) object(path string, raw json.RawMessage, allowed shape) (map[string]any, bool) {
	usable := map[string]any{}
	given := map[string]bool{}
	ok := members(raw, func(key string, value json.RawMessage) bool {
		if given[key] {
			s.add(path+short(key), "is given twice")
			return true
		}
		given[key] = true
		switch want := allowed[key].(type) {
		case shape:
			if string(value) == "null" {
				break
			}
			if v, ok := s.object(path+key+".", value, want); ok {
				usable[key] = v
			}
		case form:
			if fits(value, want) {
				usable[key] = value
			} else {
				s.add(path+key, "must be "+string(want))
			}
		default:
			s.unknown(path, key, slices.Sorted(maps.Keys(allowed)))
		}
		return true
	})
	if !ok {
		s.add(strings.TrimSuffix(path, "."), "must be an object")
	}
	return usable, ok
}

func fits(value json.RawMessage, want form) bool {
	if want == moment {
		return strict(value, new(time.Time)) == nil
	}
	return strict(value, new(string)) == nil
}

func (s *inspection) unknown(path, key string, known []string) {
	problem := "unknown key"
	if n := spell.Nearest(strings.ToLower(short(key)), known); n != "" {
		problem += "; did you mean " + path + n + "?"
	}
	s.add(path+short(key), problem)
}

// short cuts a key that somebody made up to what can be shown.
func short(key string) string {
	if len(key) > 60 {
		key = key[:60]
	}
	return strings.ToValidUTF8(key, "?")
}
