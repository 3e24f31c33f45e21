package jq

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"runtime/metrics"
	"time"

	"github.com/itchyny/gojq"
)

// What a program may hold in memory: far more than any webhook is long. It is
// enforced in two ways, because no step of a program can be interrupted. A
// multiplication, which alone makes much of little, is refused before it is
// made; and a program that lasts is watched.
const (
	maxMemory  = 64 << 20
	maxProduct = 16 << 20
)

var errMemory = fmt.Errorf("the program wants more than %d MB of memory", maxMemory>>20)

// Nobody needs watching before watchFrom: most programs take a hundredth of it.
const (
	watchFrom  = 5 * time.Millisecond
	watchEvery = 2 * time.Millisecond
)

// watch ends a program during which memory grows too much. All that the process
// makes counts, garbage too, which may be somebody else's: to that much others
// hardly come in the time that a program has, and what fails is kept.
func watch(ctx context.Context, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for before := inUse(); ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if inUse() > before+maxMemory {
			cancel(errMemory)
			return
		}
	}
}

// inUse is how much memory objects take, garbage included.
func inUse() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// times is what takes the place of the operator *. Operands come in jq's order.
var times = func() *gojq.FuncDef {
	q, err := gojq.Parse(`def _times(l; r): r as $r | l as $l | ([$l, $r] | _fits) as $_ | $l * $r; .`)
	if err != nil {
		panic(err)
	}
	return q.FuncDefs[0]
}()

// fits refuses to multiply what would come to too much.
func fits(v any, _ []any) any {
	operands, _ := v.([]any)
	size, factor := 1.0, 1.0
	for _, o := range operands {
		switch o := o.(type) {
		case string:
			size = float64(len(o))
		case *big.Int:
			size *= float64(o.BitLen())
		case int:
			factor = float64(o)
		case float64:
			factor = o
		}
	}
	_, first := operands[0].(string)
	_, second := operands[1].(string)
	if (first || second) && size*factor > maxProduct || !first && !second && size > maxProduct {
		return errors.New("a product is too large")
	}
	return nil
}

// guard puts times in the place of each * of a program.
func guard(q *gojq.Query) {
	replace(reflect.ValueOf(q))
	q.FuncDefs = append([]*gojq.FuncDef{times}, q.FuncDefs...)
}

func replace(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return
		}
		replace(v.Elem())
		if q, ok := v.Interface().(*gojq.Query); ok {
			multiply(q)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				replace(v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			replace(v.Index(i))
		}
	}
}

func multiply(q *gojq.Query) {
	call := func(l, r *gojq.Query) *gojq.Term {
		return &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: "_times", Args: []*gojq.Query{l, r}}}
	}
	switch q.Op {
	case gojq.OpMul:
		q.Term, q.Left, q.Right, q.Op = call(q.Left, q.Right), nil, nil, 0
	case gojq.OpUpdateMul: // l *= r is r as $by | l |= . * $by
		const by = "$__by__"
		this := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeIdentity}}
		value := &gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: by}}}
		update := &gojq.Query{Left: q.Left, Op: gojq.OpModify, Right: &gojq.Query{Term: call(this, value)}}
		q.Left, q.Right, q.Op, q.Patterns = q.Right, update, gojq.OpPipe, []*gojq.Pattern{{Name: by}}
	}
}
