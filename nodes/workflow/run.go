package workflow

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Name is the name of the workflow.
func (w *Workflow) Name() string { return w.name }

// Inputs are the names of what Run must be given, in order.
func (w *Workflow) Inputs() []string { return slices.Clone(w.inputs) }

// Steps are the names of the steps, in an order in which they can run.
func (w *Workflow) Steps() []string {
	names := make([]string, len(w.order))
	for i, at := range w.order {
		names[i] = w.steps[at].name
	}
	return names
}

// Run takes all steps, each once those it depends on have completed. In holds the workflow's inputs, as many as Inputs
// names; one that is missing or unknown is schema.ErrInvalid, before anything runs.
//
// The first step that fails stops the run: no other is begun, those that run have their context cancelled and are waited
// for. The error is an *Error, which names it; the result, never nil, tells which steps completed. Without a transaction
// these stay done. With one (InTransaction) nothing does, the steps run in the caller's goroutine, and all of them may run
// again from the start where the coordinator's InTx says so. With the context of an InTx it becomes part of that
// transaction, and its failure undoes what it did there and no more. A workflow without a transaction is outside of one also
// then, and should not be run in it: see the coordinator's InTx.
func (w *Workflow) Run(ctx context.Context, in Input) (*Result, error) {
	r := &run{Workflow: w, input: in, id: newRunID()}
	if err := r.checkInput(); err != nil {
		return r.result(), r.failed("", err)
	}
	if !w.transaction {
		err := r.parallel(ctx)
		return r.result(), err
	}
	err := r.inTransaction(ctx)
	out := r.result()
	out.Undone = err != nil && len(r.completed) > 0 && !errors.Is(err, schema.ErrOutcomeUnknown)
	return out, err
}

// run is one run of a workflow.
type run struct {
	*Workflow
	id        string
	input     Input
	outputs   []map[string]any // by step
	completed []int
}

func (r *run) failed(step string, err error) error {
	return &Error{Workflow: r.name, RunID: r.id, Step: step, Err: err}
}

func (r *run) result() *Result {
	out := &Result{RunID: r.id, Outputs: make(map[string]map[string]any, len(r.completed))}
	for _, at := range r.completed {
		out.Completed = append(out.Completed, r.steps[at].name)
		out.Outputs[r.steps[at].name] = r.outputs[at]
	}
	return out
}

// restart forgets what an earlier attempt has done.
func (r *run) restart() {
	r.outputs, r.completed = make([]map[string]any, len(r.steps)), nil
}

func (r *run) complete(at int, output map[string]any) {
	r.outputs[at] = output
	r.completed = append(r.completed, at)
}

func (r *run) checkInput() error {
	var wrong faults // the *Error around them says of which workflow
	for _, name := range r.inputs {
		if _, ok := r.input[name]; !ok {
			wrong.add(func() error { return schema.Invalid("", "", "", "input %.60q is missing", name) })
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.input)) {
		if _, ok := slices.BinarySearch(r.inputs, name); !ok {
			wrong.add(func() error { return schema.Invalid("", "", "", "unknown input %.60q", name) })
		}
	}
	return wrong.joined("", "")
}

// finished is how a step ended.
type finished struct {
	step   int
	output map[string]any
	err    error
}

// parallel runs steps as soon as they can.
func (r *run) parallel(ctx context.Context) error {
	r.restart()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	open, ready := make([]int, len(r.steps)), &indexes{}
	for i := range r.steps {
		if open[i] = len(r.steps[i].needs); open[i] == 0 {
			ready.push(i)
		}
	}
	ended := make(chan finished)
	var failure error
	for running := 0; ; {
		for failure == nil && !ready.empty() && running < r.Workflow.parallel {
			at := ready.pop()
			if err := r.begin(ctx, at, ended); err != nil {
				failure = r.failed(r.steps[at].name, err)
				cancel()
				break
			}
			running++
		}
		if running == 0 {
			return failure
		}
		done := <-ended
		running--
		switch {
		case done.err == nil:
			r.complete(done.step, done.output)
			for _, next := range r.steps[done.step].feeds {
				if open[next]--; open[next] == 0 {
					ready.push(next)
				}
			}
		case failure == nil:
			failure = r.failed(r.steps[done.step].name, done.err)
			cancel()
		}
	}
}

// begin starts a step, which tells ended when it has ended. An error means that it was not started.
func (r *run) begin(ctx context.Context, at int, ended chan<- finished) error {
	in, err := r.gather(at)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	go func() {
		out := finished{step: at, err: errGone}
		defer func() { ended <- out }() // deferred, for a function may end its goroutine
		out.output, out.err = r.steps[at].do(ctx, nil, in)
	}()
	return nil
}

// inTransaction runs the steps one after the other in one transaction.
func (r *run) inTransaction(ctx context.Context) error {
	var stopped error // by which step the last attempt was
	err := r.registry.InTx(ctx, func(ctx context.Context, tx dialect.Tx) error {
		r.restart()
		stopped = nil
		ctx = context.WithValue(ctx, transactionKey{}, tx)
		for _, at := range r.order {
			in, err := r.gather(at)
			if err == nil {
				err = ctx.Err()
			}
			var output map[string]any
			if err == nil {
				output, err = r.steps[at].do(ctx, tx, in)
			}
			if err != nil {
				stopped = r.failed(r.steps[at].name, err)
				return stopped
			}
			r.complete(at, output)
		}
		return nil
	}, r.options...)
	var own *Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own) && own == stopped:
		return stopped
	case stopped != nil: // the transaction says why it was not run again
		return r.failed(stopped.(*Error).Step, err)
	}
	return r.failed("", err)
}

// transactionKey is under what a context carries a workflow's transaction.
type transactionKey struct{}

// Transaction gives a function that is a step of a workflow InTransaction its transaction; ok is false elsewhere. It must
// be neither kept nor ended.
func Transaction(ctx context.Context) (tx dialect.Tx, ok bool) {
	tx, ok = ctx.Value(transactionKey{}).(dialect.Tx)
	return tx, ok
}
