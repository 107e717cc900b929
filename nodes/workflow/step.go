package workflow

import (
	"context"
	"errors"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// errGone is of a function that called runtime.Goexit, as t.FailNow does.
var errGone = errors.New("the function ended its goroutine")

// do carries out a step. A panic becomes an error.
func (s *planned) do(ctx context.Context, tx dialect.Tx, in Input) (out map[string]any, err error) {
	defer func() {
		if value := recover(); value != nil {
			out, err = nil, &PanicError{Value: value, Stack: debug.Stack()}
		}
	}()
	if s.handler != nil {
		return s.handler.Do(ctx, tx, s.operation, in)
	}
	return s.fn(ctx, in)
}

// gather puts the inputs of a step together: what was known beforehand, and what others gave.
func (r *run) gather(at int) (Input, error) {
	s := &r.steps[at]
	in := merged([]Input{s.input})
	for _, line := range s.wires {
		source := map[string]any(r.input)
		from := inputName
		if line.from != fromInput {
			source, from = r.outputs[line.from], r.steps[line.from].name
		}
		value, ok := enter(source, line.path)
		if !ok {
			return nil, schema.Invalid("", "", "", "there is no %.60q", from+"."+line.path)
		}
		value = cloned(value)
		if line.in == "" {
			in[line.to] = value
			continue
		}
		object, ok := in[line.to].(map[string]any)
		if !ok {
			object = map[string]any{}
			in[line.to] = object
		}
		object[line.in] = value
	}
	return in, nil
}

// enter finds what a path leads to: names of objects, which may hold dots themselves, and numbers of arrays.
func enter(value any, path string) (any, bool) {
	for path != "" {
		name, rest, _ := strings.Cut(path, ".")
		switch v := value.(type) {
		case map[string]any:
			if whole, ok := v[path]; ok {
				return whole, true
			}
			inner, ok := v[name]
			if !ok {
				return nil, false
			}
			value = inner
		case []any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(v) {
				return nil, false
			}
			value = v[n]
		case []map[string]any:
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(v) {
				return nil, false
			}
			value = v[n]
		default:
			return nil, false
		}
		path = rest
	}
	return value, true
}
