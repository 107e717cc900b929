package postgres

import (
	"context"
	"errors"
	"strconv"

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
// the role may not make temporary tables, a permanent one that is rolled back as well. Where neither may be, on a
// standby and in a read-only transaction it is put together from the model. Foreign keys are always the model's own, with
// an empty namespace resolved, for a temporary table cannot point at a permanent one.
func (d *DB) Born(ctx context.Context, tx dialect.Tx, model *schema.Table) (*schema.Live, error) {
	if _, err := tx.Exec(ctx, bornSave); err != nil {
		return nil, bornFault(model, err)
	}
	seen, err := d.bear(ctx, tx, model, schema.Ref{Namespace: "pg_temp", Name: model.Ref().Name})
	if refused(err) {
		seen, err = d.bearAgain(ctx, tx, model)
	}
	// Also after a failure the transaction is left as it was, even where the caller has lost patience.
	clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTimeout)
	defer cancel()
	for _, sql := range []string{bornUndo, bornDrop} {
		if _, undoErr := tx.Exec(clean, sql); undoErr != nil && err == nil {
			err = undoErr
		}
	}
	if err == nil && seen == nil {
		seen, err = d.parse(ctx, tx, model)
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

// bearAgain is bear in the model's own namespace. It gives nothing where the role may not do that either.
func (d *DB) bearAgain(ctx context.Context, tx dialect.Tx, model *schema.Table) (*sight, error) {
	if _, err := tx.Exec(ctx, bornUndo); err != nil {
		return nil, err
	}
	seen, err := d.bear(ctx, tx, model, schema.Ref{Namespace: model.Ref().Namespace, Name: scratchName})
	if refused(err) || err != nil && Classify(err).Code == "3F000" {
		return nil, nil
	}
	if err == nil {
		seen.live.KeyName = ""
	}
	return seen, err
}

// refused reports whether an error says that this session may not make a table.
func refused(err error) bool {
	if err == nil {
		return false
	}
	e := Classify(err)
	return errors.Is(e, schema.ErrPermission) || e.Code == "25006"
}

// bear makes the scratch table and reads it. Its checks and indexes have names that nobody else gives, for the model's
// own may be taken where the scratch table stands; the result has the model's.
func (d *DB) bear(ctx context.Context, tx dialect.Tx, model *schema.Table, ref schema.Ref) (*sight, error) {
	own, scratch, back := d.ownNames(model), names{}, map[string]string{}
	name := func(list []string) (out []string) {
		for _, target := range list {
			out = append(out, scratchName+strconv.Itoa(len(back)))
			back[out[len(out)-1]] = target
		}
		return out
	}
	scratch.checks, scratch.indexes = name(own.checks), name(own.indexes)
	for _, sql := range d.create(model, ref, scratch) {
		if _, err := tx.Exec(ctx, sql); err != nil {
			return nil, err
		}
	}
	seen, err := inspect(ctx, tx, []schema.Ref{ref})
	if err != nil {
		return nil, err
	}
	live := seen[0].live
	if live == nil {
		return nil, &schema.Error{Kind: schema.ErrMissing, Detail: "the scratch table vanished"}
	}
	for i := range live.Indexes {
		live.Indexes[i].Name = back[live.Indexes[i].Name]
	}
	for i := range live.Checks {
		live.Checks[i].Name = back[live.Checks[i].Name]
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
