package workflow

import (
	"context"
	"slices"

	"github.com/schemactor/schemactor/nodes"
)

// Input are named values: of a step, and of a workflow as a whole.
type Input = map[string]any

// Func is a step that is a Go function. It gets the step's inputs, which are its own, and gives its outputs by name. It may
// be called at the same time as other steps, and again where a transaction is run again. In a workflow InTransaction it uses
// nodes by In, with what Transaction gives. An error or a panic fails the step.
type Func func(ctx context.Context, in Input) (map[string]any, error)

// Option says how a workflow runs.
type Option func(*Builder)

// InTransaction has all steps run in one transaction, one after the other: all take effect or none. Its options are those
// of the coordinator's InTx: Isolation, ReadOnly, RetryFor.
func InTransaction(opts ...func(*nodes.Transaction)) Option {
	opts = slices.Clone(opts)
	return func(b *Builder) { b.transaction, b.options = true, opts }
}

// Parallel sets how many steps run at the same time at most, one or more; without it 8. In a transaction it is always one.
func Parallel(steps int) Option { return func(b *Builder) { b.parallel = steps } }

const (
	defaultParallel = 8
	// inputName is the name under which connections find the inputs of the workflow itself.
	inputName = "input"
)

// Builder collects what a workflow is made of. Faults are left to Build, so that calls can be chained. It is for one
// goroutine at a time.
type Builder struct {
	name        string
	transaction bool
	options     []func(*nodes.Transaction)
	parallel    int
	steps       []step
	connections []connection
	waits       []wait
}

// step is one step as it was given.
type step struct {
	name  string
	call  *Call
	fn    Func
	input Input
}

// connection leads from step.output to step.input.
type connection struct{ from, to string }

// wait is a step that comes after others.
type wait struct {
	name    string
	earlier []string
}

// Call is an operation on a model.
type Call struct {
	model, operation string
	input            []Input
}

// Op is the operation of a model, both by name: see dynamic.Operations for those there are. Inputs that are known beforehand
// are given here, the others by Connect; of two of one name the later one counts.
func Op(model, operation string, input ...Input) Call { return Call{model, operation, input} }

// New begins a workflow. Its name, which must not be empty, stands in every error.
func New(name string, opts ...Option) *Builder {
	b := &Builder{name: name, parallel: defaultParallel}
	for _, option := range opts {
		option(b)
	}
	return b
}

// Step adds an operation under a name, which no other step may have. A name holds no dot, and is not "input", which means
// the inputs of the workflow itself.
func (b *Builder) Step(name string, call Call) *Builder {
	b.steps = append(b.steps, step{name: name, call: &call, input: merged(call.input)})
	return b
}

// Func adds a function under a name, as Step does, with the inputs that are known beforehand.
func (b *Builder) Func(name string, fn Func, input ...Input) *Builder {
	b.steps = append(b.steps, step{name: name, fn: fn, input: merged(input)})
	return b
}

// Connect leads an output of one step, as "make.key" or "make.row.id", to an input of another, as "read.key" or
// "order.row.user_id". From "input.email" it leads what Run is given under that name. One of several rows is named by
// its number, from 0: "all.rows.0.id".
func (b *Builder) Connect(from, to string) *Builder {
	b.connections = append(b.connections, connection{from, to})
	return b
}

// After has a step wait for others, from which it takes nothing.
func (b *Builder) After(name string, earlier ...string) *Builder {
	b.waits = append(b.waits, wait{name, slices.Clone(earlier)})
	return b
}

// merged copies inputs, so that what the caller does to his later is not seen. Later ones win.
func merged(inputs []Input) Input {
	out := Input{}
	for _, in := range inputs {
		for name, value := range in {
			out[name] = cloned(value)
		}
	}
	return out
}

// cloned copies the objects and arrays of a value; what else there is is shared.
func cloned(value any) any {
	switch v := value.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, value := range v {
			out[name] = cloned(value)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = cloned(value)
		}
		return out
	case []map[string]any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = cloned(value)
		}
		return out
	case []string:
		return slices.Clone(v)
	}
	return value
}
