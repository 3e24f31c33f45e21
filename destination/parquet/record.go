package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/parlance-chat/parlance/destination"
)

// recordKey is where the record of the last attempt is. Readers pass over what
// begins with an underscore.
const recordKey = "_parlance/attempt.json"

// recordVersion goes up when an older program could not go on from a record.
const recordVersion = 1

// A record is what makes rows be there once, whatever an attempt came to and
// whichever calls are in the next one. It is written before the files of an
// attempt, with their names, and after them, with the ids of their calls.
//
// Whoever finds names knows that the attempt was not finished. Its calls come
// again, in whatever company, so its files go. Whoever finds ids knows that
// these calls have their rows, also where the gateway ended before it moved
// its cursor, and passes them over if they come again.
type record struct {
	Version int `json:"version"`
	// Taken are the ids of calls that have their rows and may come again, those
	// of the latest attempt first. Again are those of calls that were delivered
	// once more. That takes turns with what is new, however often the one has its
	// turn before the other comes back to what it does not know to be taken.
	Taken [][]string `json:"taken,omitempty"`
	Again [][]string `json:"again,omitempty"`
	// Columns tells which columns the tables have.
	Columns string `json:"columns"`
	// Files are those of an attempt that was not finished.
	Files []string `json:"files,omitempty"`
	// Gone are files that were removed since. They are once more, in case that a
	// store wrote one after it had been given up.
	Gone []string `json:"gone,omitempty"`
}

// last reads the record. Without one it is empty.
func (s *store) last(ctx context.Context) (record, error) {
	var r record
	b, err := s.read(ctx, recordKey)
	if err != nil || b == nil {
		return r, err
	}
	if json.Unmarshal(b, &r) != nil || r.Version == 0 {
		return r, errors.New(recordKey + " cannot be read; if that stays so, remove it: then rows of the last attempt may be there twice")
	}
	if r.Version > recordVersion {
		return r, &destination.Pause{Reason: recordKey + " was written by a later version of parlance, which must go on here"}
	}
	return r, nil
}

// note writes the record.
func (s *store) note(ctx context.Context, r record) error {
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return s.write(ctx, recordKey, "application/json", b)
}

// of returns those taken of what is delivered once more, or of what is new.
func (r *record) of(again bool) *[][]string {
	if again {
		return &r.Again
	}
	return &r.Taken
}

// part returns the calls that have no rows yet, each once, with their ids, and
// which of those taken may still come again: of earlier attempts whose calls do
// not come now, as many as are to be remembered.
func (r record) part(a destination.Attempt, remembered int) (left []destination.Call, ids []string, taken [][]string) {
	own, there := *r.of(a.Again), make(map[string]int)
	for _, list := range *r.of(!a.Again) {
		for _, id := range list {
			there[id] = len(own) // of none of these attempts
		}
	}
	for i, list := range own {
		for _, id := range list {
			there[id] = i
		}
	}
	fresh, again := make(map[string]bool, len(a.Calls)), make(map[int]bool)
	for _, c := range a.Calls {
		if i, ok := there[c.MessageID]; ok {
			again[i] = true
		} else if !fresh[c.MessageID] {
			fresh[c.MessageID] = true
			left, ids = append(left, c), append(ids, c.MessageID)
		}
	}
	var others [][]string
	for i, list := range own {
		if again[i] {
			taken = append(taken, list) // before the others: it was in the latest attempt, too
		} else if remembered -= len(list); i == 0 || remembered >= 0 {
			others = append(others, list)
		}
	}
	return left, ids, append(taken, others...)
}

// gone returns the files of an attempt that was not finished, except those
// that are about to be written again.
func (r record) gone(files []file) []string {
	again := keys(files)
	return slices.DeleteFunc(slices.Clone(r.Files), func(key string) bool { return slices.Contains(again, key) })
}
