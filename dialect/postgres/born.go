package postgres

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	bornSave = "SAVEPOINT schemactor_born"
	bornUndo = "ROLLBACK TO SAVEPOINT schemactor_born"
	bornDrop = "RELEASE SAVEPOINT schemactor_born"

	// scratchName is a table in the model's own namespace, for roles that may not make temporary ones.
	scratchName = "schemactor_scratch"
)

// Born implements dialect.Inspector: the model becomes a temporary table under a savepoint that is rolled back, or, where
// the role may not make temporary tables, a permanent one that is rolled back as well. Foreign keys are the model's own,
// with an empty namespace resolved, for a temporary table cannot point at a permanent one.
func (d *DB) Born(ctx context.Context, tx dialect.Tx, model *schema.Table) (*schema.Live, error) {
	if _, err := tx.Exec(ctx, bornSave); err != nil {
		return nil, bornFault(model, err)
	}
	seen, err := d.bear(ctx, tx, model, schema.Ref{Namespace: "pg_temp", Name: model.Ref().Name})
	if err != nil && errors.Is(Classify(err), schema.ErrPermission) {
		seen, err = d.bearAgain(ctx, tx, model, err)
	}
	// Also after a failure the transaction is left as it was, even where the caller has lost patience.
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	for _, sql := range []string{bornUndo, bornDrop} {
		if _, undoErr := tx.Exec(clean, sql); undoErr != nil && err == nil {
			err = undoErr
		}
	}
	if err != nil {
		return nil, bornFault(model, err)
	}
	live := *seen.live
	live.Ref, live.ForeignKeys = fit(model.Ref()), nil
	for _, fk := range model.ForeignKeys() {
		live.ForeignKeys = append(live.ForeignKeys, d.bornForeignKey(model, fk, seen.current))
	}
	return &live, nil
}

// bearAgain is bear in the model's own namespace, after refused kept it out of the temporary one.
func (d *DB) bearAgain(ctx context.Context, tx dialect.Tx, model *schema.Table, refused error) (*sight, error) {
	if _, err := tx.Exec(ctx, bornUndo); err != nil {
		return nil, err
	}
	seen, err := d.bear(ctx, tx, model, schema.Ref{Namespace: model.Ref().Namespace, Name: scratchName})
	if err != nil {
		return nil, refused
	}
	return seen, nil
}

// bear makes the scratch table and reads it.
func (d *DB) bear(ctx context.Context, tx dialect.Tx, model *schema.Table, ref schema.Ref) (*sight, error) {
	for _, sql := range d.create(model, ref, false) {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	seen, err := inspect(ctx, tx, []schema.Ref{ref})
	if err != nil {
		return nil, err
	}
	if seen[0].live == nil {
		return nil, &schema.Error{Kind: schema.ErrMissing, Detail: "the scratch table vanished"}
	}
	return &seen[0], nil
}

func (d *DB) bornForeignKey(model *schema.Table, fk schema.ForeignKey, current string) schema.ForeignKey {
	stored := func(names []string) []string {
		out := make([]string, len(names))
		for i, name := range names {
			out[i] = d.FitName(name)
		}
		return out
	}
	target := fit(fk.References)
	if target.Namespace == "" {
		target.Namespace = current
	}
	return schema.ForeignKey{
		Name: d.FitName(schema.ForeignKeyName(model.Ref(), fk)), Columns: stored(fk.Columns), References: target,
		RefColumns: stored(fk.RefColumns), OnDelete: fk.OnDelete, OnUpdate: fk.OnUpdate,
	}
}

func bornFault(model *schema.Table, err error) error {
	e := *named("compare", err)
	if e.Table == "" {
		e.Table = model.Ref().String()
	}
	return &e
}
