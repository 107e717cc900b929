package actors

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// mismatchError says that a live table does not match its model, and that no plan may or can change that.
type mismatchError struct {
	changes []schema.Change
	plan    *schema.Plan // may be nil
	faults  []string
}

func (e *mismatchError) Error() string { return e.cause().Error() }

func (e *mismatchError) Is(target error) bool { return target == schema.ErrSchemaMismatch }

// cause is the sentinel with what no statement can settle.
func (e *mismatchError) cause() error {
	if len(e.faults) == 0 {
		return schema.ErrSchemaMismatch
	}
	return fmt.Errorf("%w: %s", schema.ErrSchemaMismatch, strings.Join(e.faults, "; "))
}

// staleModelError says that a newer program's table cannot serve this model.
type staleModelError struct {
	changes []schema.Change // the obstacles
	plan    *schema.Plan
}

func (e *staleModelError) Error() string { return schema.ErrStaleModel.Error() }

func (e *staleModelError) Is(target error) bool { return target == schema.ErrStaleModel }

// verified is the whole attempt in ModeVerify: one look, no lock, no ledger, every difference named.
func (a *attempt) verified(ctx context.Context) (*schema.Snapshot, error) {
	a.enter(schema.PhaseInspect, "")
	s, t := a.system, a.table
	var live *schema.Live
	err := s.dialect.Aside(ctx, func(ctx context.Context, tx dialect.Tx) error {
		lives, err := s.inspect(ctx, tx, []schema.Ref{t.ref})
		if err != nil {
			return err
		}
		if live = lives[0]; live == nil {
			return &mismatchError{changes: []schema.Change{{Kind: schema.MissingTable, Object: t.model.String()}}}
		}
		a.enter(schema.PhaseVerify, "")
		found, err := s.study(ctx, tx, t, nil, live, schema.Policy{})
		if err != nil {
			return err
		}
		if blocking := found.plan.Blocking(); len(blocking) > 0 {
			return &mismatchError{changes: blocking}
		}
		return nil
	})
	if err != nil {
		return nil, s.classify(err)
	}
	return a.snapshot(&schema.Entry{CatalogHash: live.Hash}), nil
}

// serving lets a model go on without the lock, where it stands to the ledger in one of the ways given and its statements
// work on the table as it is: an older one, which will change nothing, always; the present one while somebody else holds
// the lock for long. It gives nil where that is not so.
func (a *attempt) serving(ctx context.Context, standings ...schema.Standing) (*schema.Snapshot, error) {
	if a.seen.Entry == nil || a.seen.CatalogHash == "" {
		return nil, nil
	}
	s, t := a.system, a.table
	var found *study
	err := s.dialect.Aside(ctx, func(ctx context.Context, tx dialect.Tx) error {
		// Since the table was sighted another program may have made it what the model is.
		entry, err := s.ledger.Entry(ctx, tx, t.ref)
		if err != nil || entry == nil {
			return err
		}
		standing, err := s.standing(ctx, tx, t, entry)
		if err != nil || !slices.Contains(standings, standing) {
			return err
		}
		lives, err := s.inspect(ctx, tx, []schema.Ref{t.ref})
		if err == nil && lives[0] != nil {
			found, err = s.study(ctx, tx, t, entry, lives[0], schema.Policy{})
		}
		return err
	})
	switch err = s.classify(err); {
	case errors.Is(err, schema.ErrLockTimeout), errors.Is(err, schema.ErrMissing):
		return nil, nil
	case err != nil:
		return nil, err
	case found == nil || !slices.Contains(standings, found.standing):
		return nil, nil
	}
	if _, ok := found.serves(); !ok {
		return nil, nil
	}
	snapshot := a.snapshot(found.entry)
	snapshot.Behind, snapshot.CatalogHash = found.standing == schema.StandingBehind, found.live.Hash
	return snapshot, nil
}

// same reports whether two sightings show one state of affairs.
func same(a, b dialect.Sighting) bool {
	if a.CatalogHash != b.CatalogHash || (a.Entry == nil) != (b.Entry == nil) {
		return false
	}
	return a.Entry == nil || a.Entry.Generation == b.Entry.Generation && a.Entry.Fingerprint == b.Entry.Fingerprint &&
		a.Entry.CatalogHash == b.Entry.CatalogHash && a.Entry.Tampered == b.Entry.Tampered
}

// inspect reads tables and holds the dialect to one answer for each.
func (s *System) inspect(ctx context.Context, q dialect.Querier, refs []schema.Ref) ([]*schema.Live, error) {
	lives, err := s.dialect.Inspect(ctx, q, refs...)
	if err == nil && len(lives) != len(refs) {
		err = &schema.Error{Op: "inspect", Detail: fmt.Sprintf("%d tables gave %d answers", len(refs), len(lives))}
	}
	return lives, err
}

// verify looks whether a table that was just made is what its model asked for, by what the catalogue shows: each
// column and whether it takes NULL, the key, and the number of indexes and foreign keys. That types, defaults and
// expressions come out as planned is the dialect's contract.
func (s *System) verify(model *schema.Table, live *schema.Live) []schema.Change {
	if live == nil {
		return []schema.Change{{Kind: schema.MissingTable, Object: model.String()}}
	}
	var changes []schema.Change
	key := model.KeyNames()
	for _, c := range model.Columns() {
		found, ok := live.Column(s.dialect.FitName(c.Name))
		switch {
		case !ok:
			changes = append(changes, schema.Change{Kind: schema.MissingColumn, Object: c.Name})
		case found.NotNull == c.Nullable && !slices.Contains(key, c.Name):
			changes = append(changes, schema.Change{
				Kind: schema.ColumnNullability, Object: c.Name,
				Want: nullability(!c.Nullable), Have: nullability(found.NotNull),
			})
		}
	}
	for i := range key {
		key[i] = s.dialect.FitName(key[i])
	}
	if !slices.Equal(key, live.Key) {
		changes = append(changes, schema.Change{
			Kind: schema.PrimaryKey, Object: model.String(), Want: fmt.Sprint(key), Have: fmt.Sprint(live.Key),
		})
	}
	count := func(kind schema.ChangeKind, want, have int) {
		if want > have {
			changes = append(changes, schema.Change{
				Kind: kind, Object: model.String(), Want: strconv.Itoa(want), Have: strconv.Itoa(have),
			})
		}
	}
	count(schema.MissingIndex, len(model.Indexes()), len(live.Indexes))
	count(schema.MissingForeignKey, len(model.ForeignKeys()), len(live.ForeignKeys))
	return changes
}

func nullability(notNull bool) string {
	if notNull {
		return "NOT NULL"
	}
	return "NULL"
}
