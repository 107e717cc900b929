package faults_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// Keys of the rows that those write who are not killed.
const (
	recoveryRow = programRows
	victimRows  = 2 * programRows
	rivalRows   = 3 * programRows
)

// aftermath is what is found where a program was killed.
type aftermath struct {
	*scenario
	database string
	address  string
	killed   time.Time
	written  killWritten
	keys     []int64                         // of goods that the killed one and its rival were told to have
	settle   func(ctx context.Context) error // ends everyone else who is at the tables; may be nil
}

// recover is what the next program does: it uses its tables, by no other means than any program's. It gives how long after
// the kill it has them. Everybody else ends before it is judged whether the database is as if nobody had been killed.
func (a *aftermath) recover(ctx context.Context) (took time.Duration, err error) {
	d, err := openAt(ctx, a.address)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	p, err := a.program(d, coordinator.Config{})
	if err != nil {
		return 0, err
	}
	err = p.use(ctx, recoveryRow)
	took = time.Since(a.killed)
	if err == nil {
		err = settledProgram(p.coordinator)
	}
	if err := errors.Join(err, p.coordinator.Close(ctx)); err != nil {
		return took, err
	}
	a.keys = append(a.keys, recoveryRow)
	if a.settle != nil {
		if err := a.settle(ctx); err != nil {
			return took, err
		}
	}
	return took, a.judge(ctx, d)
}

func settledProgram(c *coordinator.Coordinator) error {
	for _, status := range c.Status() {
		if status.State != schema.StateReady || status.Behind {
			return fmt.Errorf("%s is %s, behind %v", status.Table, status.State, status.Behind)
		}
	}
	return nil
}

// judge has the database checked.
func (a *aftermath) judge(ctx context.Context, d dialect.Dialect) error {
	model, err := a.model()
	if err != nil {
		return err
	}
	boxes, err := schema.TableOf[boxFirst](boxesTable())
	if err != nil {
		return err
	}
	applied, err := a.applied(ctx, d, model.Ref())
	if err != nil {
		return err
	}
	verdict, err := checker.Check(ctx, d, []checker.Table{
		{Model: model, Applied: applied, Keys: a.keys}, {Model: boxes, Applied: 1, Keys: []int64{recoveryRow}},
	}, a.rules(a.database, a.written)...)
	if err != nil {
		return err
	}
	return verdict.Err()
}

// applied is how many applied revisions there must be: one for making the table and one for changing it, with its statements.
func (a *aftermath) applied(ctx context.Context, d dialect.Dialect, ref schema.Ref) (int, error) {
	history, err := dialect.LedgerOf(d).History(ctx, d.Reader(), ref)
	if err != nil {
		return 0, err
	}
	for _, r := range history {
		switch {
		case r.State == schema.RevisionFailed:
			return 0, fmt.Errorf("a step failed: %s", r.Failure)
		case r.State == schema.RevisionAdopted:
			return 0, fmt.Errorf("adopted, where all was done by statements of the library")
		case len(r.Statements) == 0:
			return 0, fmt.Errorf("%s without statements", r.State)
		}
	}
	if a.base == baseEmpty {
		return 1, nil
	}
	return 2, nil
}

// whole holds ledger and catalogue to saying the same at any moment, but for a change that was announced as one of
// several steps: the one transaction that wrote both was carried out, or it was not. A server may be at a commit that
// nobody hears of any more, between the two answers that make a survey; it cannot be so twice.
func whole(ctx context.Context, d dialect.Dialect) error {
	if halves(ctx, d) == nil {
		return nil
	}
	return halves(ctx, d)
}

func halves(ctx context.Context, d dialect.Dialect) error {
	refs := []schema.Ref{{Name: "goods"}, {Name: "boxes"}}
	survey, err := d.Survey(ctx, refs)
	if err != nil {
		return err
	}
	for i, sighting := range survey.Sightings {
		entry, hash := sighting.Entry, sighting.CatalogHash
		switch {
		case entry == nil && hash == "", entry != nil && entry.CatalogHash == hash && !entry.Tampered:
			continue
		case hash == "":
			return fmt.Errorf("%s: in the ledger, and not in the catalogue", refs[i])
		}
		history, err := dialect.LedgerOf(d).History(ctx, d.Reader(), refs[i])
		if err != nil {
			return err
		}
		if len(history) == 0 || history[len(history)-1].State != schema.RevisionApplying {
			return fmt.Errorf("%s: the catalogue is not what the ledger says (which has an entry: %v)", refs[i], entry != nil)
		}
	}
	return nil
}

// visit is another program of the older version, which writes to what it finds.
func (a *aftermath) visit(ctx context.Context, d dialect.Dialect) error {
	w := &killWriter{d: d, sc: a.scenario}
	for range 2 {
		if err := w.write(ctx); err != nil {
			return err
		}
	}
	a.written = w.written
	return nil
}
