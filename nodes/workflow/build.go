package workflow

import (
	"context"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/nodes/dynamic"
)

// Registry is where workflows find their models: a *coordinator.Coordinator, with what it was told to Expose.
type Registry interface {
	// Handler finds a model by the name of its struct or of its table; ok is false where there is none, or more than one.
	Handler(name string) (h dynamic.Handler, ok bool)
	// InTx runs fn in one transaction, and again where it has to be.
	InTx(ctx context.Context, fn func(ctx context.Context, tx dialect.Tx) error, opts ...func(*nodes.Transaction)) error
}

// Workflow is a workflow that was found right. It is immutable, and may be run many times and at the same time.
type Workflow struct {
	name        string
	registry    Registry
	transaction bool
	options     []func(*nodes.Transaction)
	parallel    int
	inputs      []string // names, ordered
	steps       []planned
	order       []int
}

// planned is a step with everything looked up.
type planned struct {
	name      string
	handler   dynamic.Handler // nil for a function
	operation string
	fn        Func
	input     Input
	wires     []wire
	needs     []int // the steps before it, ordered
	feeds     []int // the steps behind it
}

// wire brings one value to a step.
type wire struct {
	from   int    // a step, or fromInput
	path   string // in what it gives
	to, in string // the input, and the field in it or nothing
}

// fromInput stands for the inputs of the workflow.
const fromInput = -1

// building is the work of one Build.
type building struct {
	*Workflow
	builder *Builder
	places  map[string]int
	faults  faults
}

// Build checks a workflow against the models of a registry. All faults come in one joined error, which matches
// schema.ErrInvalid: an unknown model, operation, input, output or column, a value that its column cannot hold, an input
// that is missing or given twice, a step's name that is used twice, connections of a step to itself or in a circle, no
// steps at all; beyond a hundred they are only counted. The builder may be used on, without effect on the
// result. It touches no database.
func (b *Builder) Build(r Registry) (*Workflow, error) {
	w := &building{
		Workflow: &Workflow{
			name: b.name, registry: r, transaction: b.transaction, options: slices.Clone(b.options), parallel: b.parallel,
			steps: make([]planned, len(b.steps)),
		},
		builder: b,
		places:  make(map[string]int, len(b.steps)),
	}
	if b.name == "" {
		w.fault("the workflow has no name")
	}
	if r == nil {
		w.fault("no registry given")
	}
	if len(b.steps) == 0 {
		w.fault("there are no steps")
	}
	if b.parallel < 1 {
		w.fault("Parallel(%d): want at least one", b.parallel)
	}
	w.take()
	if r != nil {
		w.connect()
		w.look()
	}
	w.sort()
	if err := w.faults.joined("build workflow", w.name); err != nil {
		return nil, err
	}
	return w.Workflow, nil
}
