// Package jq runs the jq programs that a configuration holds: they see neither
// files nor environment nor network, end within a time, and when they fail the
// error holds nothing of what they were given.
package jq

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/itchyny/gojq"
)

// runTime bounds one run.
const runTime = 500 * time.Millisecond

// A Program may be run concurrently.
type Program struct{ code *gojq.Code }

// Compile reads a program, with the names of variables that Run gives it, such
// as "$headers". Its errors say where they are.
func Compile(source string, variables []string, functions ...gojq.CompilerOption) (*Program, error) {
	q, err := gojq.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", place(source, err), err)
	}
	guard(q)
	options := append([]gojq.CompilerOption{gojq.WithVariables(variables), gojq.WithEnvironLoader(func() []string { return nil }),
		gojq.WithFunction("_fits", 0, 0, fits)}, functions...)
	code, err := gojq.Compile(q, options...)
	if err != nil {
		return nil, err
	}
	return &Program{code}, nil
}

// place says where in a program an error is.
func place(source string, err error) string {
	var wrong *gojq.ParseError
	if !errors.As(err, &wrong) {
		return "it is not jq"
	}
	before := source[:min(max(wrong.Offset, 0), len(source))]
	return fmt.Sprintf("line %d, column %d", strings.Count(before, "\n")+1, len(before)-strings.LastIndexByte(before, '\n'))
}

// Run calls f with each output for an input, until f returns an error. The
// input is what encoding/json makes of JSON.
func (p *Program) Run(input any, f func(output any) error, values ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), runTime)
	defer cancel()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	defer time.AfterFunc(watchFrom, func() { watch(ctx, stop) }).Stop()
	outputs := p.code.RunWithContext(ctx, input, values...)
	for {
		v, ok := outputs.Next()
		if !ok {
			return nil
		}
		if err, ok := v.(error); ok {
			return failure(ctx, err)
		}
		if err := f(v); err != nil {
			return err
		}
	}
}

// failure tells why a program failed, without what it held: jq's own words
// quote values.
func failure(ctx context.Context, err error) error {
	var halt *gojq.HaltError
	switch {
	case errors.Is(context.Cause(ctx), errMemory):
		return errMemory
	case ctx.Err() != nil:
		return fmt.Errorf("the program ran longer than %s", runTime)
	case errors.As(err, &halt):
		return errors.New("the program halted")
	}
	kind := err.Error()
	if i := strings.IndexAny(kind, `:"{[(`); i >= 0 {
		kind = strings.TrimSpace(kind[:i])
	}
	return fmt.Errorf("the program failed: %.60s", kind)
}
