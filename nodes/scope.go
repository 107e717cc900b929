package nodes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// run is one transaction of Transact, from begin to end.
type run struct {
	settings Transaction
	gates    []schema.Gate // that could not be passed in it
	lost     error         // of a nested function: the transaction cannot succeed any more, whatever others make of it

	mu sync.Mutex // held while a statement is sent, so that none is on its way when the transaction ends
	tx dialect.Tx
}

// scope is the transaction as a function sees it. Nodes tell it, by NotEnsured, which gates they could not pass.
type scope struct {
	run   *run
	depth int
	ended bool // under run.mu
}

// scopeKey is under what a context carries the scope of an owner.
type scopeKey struct{ owner any }

// around gives the innermost scope of an owner that a context is inside of, or nil.
func around(ctx context.Context, owner any) *scope {
	if owner == nil {
		return nil
	}
	s, _ := ctx.Value(scopeKey{owner}).(*scope)
	return s
}

// scope runs fn with a scope of its own.
func (r *run) scope(ctx context.Context, depth int, fn func(context.Context, dialect.Tx) error) error {
	s := &scope{run: r, depth: depth}
	defer s.end()
	if r.settings.Owner != nil {
		ctx = context.WithValue(ctx, scopeKey{r.settings.Owner}, s)
	}
	return fn(ctx, s)
}

// nested runs fn in a savepoint.
func (s *scope) nested(ctx context.Context, t Transaction, fn func(context.Context, dialect.Tx) error) error {
	settings := &s.run.settings
	if t.Options != settings.Options || t.RetryFor != settings.RetryFor {
		return schema.Invalid(settings.name(), settings.Table, "",
			"a nested transaction is of the kind of the one around it: it takes no other options")
	}
	if s.over() {
		return abandoned(settings.name())
	}
	own := &fnError{}
	err := dialect.Nested(ctx, s, fmt.Sprintf("schemactor_tx_%d", s.depth+1), func(ctx context.Context) error {
		if own.error = s.run.scope(ctx, s.depth+1, fn); own.error != nil {
			return own
		}
		return nil
	})
	switch err {
	case nil:
		return nil
	case error(own):
		err = own.error
	default: // the savepoint itself failed, or the way back to it
		err = settings.failed(ctx, "savepoint", err)
	}
	if settings.refused(err) {
		s.run.lose(err)
	}
	return err
}

// fnError is the error of a nested function, told apart from those of its savepoint.
type fnError struct{ error }

// Unwrap gives the function's own error.
func (e *fnError) Unwrap() error { return e.error }

// lostTo gives the error of the outermost function, and that of a nested one by which the transaction is lost, whatever
// became of it on its way.
func (r *run) lostTo(err error) error {
	switch {
	case r.lost == nil || err != nil && r.settings.refused(err):
		return err
	case err == nil:
		return r.lost
	}
	return errors.Join(err, r.lost)
}

// lose records that the transaction cannot succeed any more.
func (r *run) lose(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lost = err
}

// Exec implements dialect.Querier.
func (s *scope) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	if s.ended {
		return 0, abandoned("")
	}
	return s.run.tx.Exec(ctx, sql, args...)
}

// Query implements dialect.Querier.
func (s *scope) Query(ctx context.Context, sql string, args ...any) (dialect.Rows, error) {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	if s.ended {
		return nil, abandoned("")
	}
	return s.run.tx.Query(ctx, sql, args...)
}

// NotEnsured records a gate that has to be passed before the transaction can succeed.
func (s *scope) NotEnsured(gate schema.Gate) {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	if !s.ended && !slices.Contains(s.run.gates, gate) {
		s.run.gates = append(s.run.gates, gate)
	}
}

// Behind implements dialect.Wrapped.
func (s *scope) Behind() (dialect.Tx, error) {
	if s.over() {
		return nil, abandoned("")
	}
	return s.run.tx, nil
}

// Commit refuses: Transact alone knows whether the transaction may be committed.
func (s *scope) Commit(context.Context) error {
	return schema.Invalid("commit", "", "", "the transaction ends when its function returns")
}

// Rollback refuses: to roll back, the function returns an error.
func (s *scope) Rollback(context.Context) error {
	return schema.Invalid("rollback", "", "", "the transaction ends when its function returns; return an error")
}

func (s *scope) end() {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	s.ended = true
}

func (s *scope) over() bool {
	s.run.mu.Lock()
	defer s.run.mu.Unlock()
	return s.ended
}

// abandoned is the answer to who kept a transaction beyond its function.
func abandoned(op string) error {
	return schema.Invalid(op, "", "", "the transaction has ended: its function has returned")
}
