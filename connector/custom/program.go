package custom

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/itchyny/gojq"

	"github.com/parlance-chat/parlance/connector"
	"github.com/parlance-chat/parlance/connector/field"
	"github.com/parlance-chat/parlance/internal/jq"
)

// compile reads a program.
func compile(program string) (*jq.Program, error) {
	p, err := jq.Compile(program, []string{"$headers", "$query", "$received"},
		gojq.WithFunction("parse_time", 0, 1, parseTime),
		gojq.WithFunction("plain_text", 0, 0, text("plain_text", connector.PlainText)),
		gojq.WithFunction("plain_markdown", 0, 0, text("plain_markdown", connector.PlainMarkdown)),
		gojq.WithFunction("stable_id", 0, 0, stableID),
	)
	if err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	return p, nil
}

// parseTime reads a time in any form; with an argument, one that says nothing
// of its zone is in that zone.
func parseTime(v any, args []any) any {
	s, ok := v.(string)
	if !ok {
		b, err := json.Marshal(v)
		if err != nil {
			return errors.New("parse_time: not a time")
		}
		s = string(b)
	}
	zone := time.UTC
	if len(args) > 0 {
		name, _ := args[0].(string)
		var err error
		if zone, err = time.LoadLocation(name); err != nil || name == "" {
			return errors.New("parse_time: not the name of a time zone, such as Europe/Paris")
		}
	}
	t, err := field.ParseTimeIn(s, zone)
	if err != nil {
		return errors.New("parse_time: not a time")
	}
	return t.Format("2006-01-02T15:04:05.999999999Z07:00")
}

// text makes a function of strings one of jq; null stays null.
func text(name string, f func(string) string) func(any, []any) any {
	return func(v any, _ []any) any {
		if v == nil {
			return nil
		}
		s, ok := v.(string)
		if !ok {
			return errors.New(name + ": not a string")
		}
		return f(s)
	}
}

// stableID makes an id of any value, the same for ever.
func stableID(v any, _ []any) any {
	b, err := gojq.Marshal(v) // with its keys in order
	if err != nil {
		return errors.New("stable_id: not a value")
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:12])
}
