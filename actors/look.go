package actors

import (
	"context"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// looked is what ledger and catalogue show of the members of a group, in their order.
type looked struct {
	entries []*schema.Entry
	lives   []*schema.Live
}

// look reads ledger and catalogue of the group. A table that is missing and has a former name is looked for under
// that; one that is there under both names is a mismatch.
//
// Where there is no ledger, nothing is asked of it.
func (a *attempt) look(ctx context.Context, tx dialect.Tx, hasLedger bool) (*looked, error) {
	s := a.system
	out := &looked{entries: make([]*schema.Entry, len(a.members)), lives: make([]*schema.Live, len(a.members))}
	refs := make([]schema.Ref, 0, 2*len(a.members))
	renamed := make([]bool, len(a.members)) // the ledger knows the table under its present name
	a.enter(schema.PhaseLedger, "")
	for i, m := range a.members {
		refs = append(refs, m.ref)
		if !hasLedger {
			continue
		}
		entry, err := s.ledger.Entry(ctx, tx, m.ref)
		if err != nil {
			return nil, err
		}
		own := entry != nil && !wentAway(entry)
		out.entries[i] = entry
		if !own && m.former.Name != "" {
			if entry, err = s.ledger.Entry(ctx, tx, m.former); err != nil {
				return nil, err
			}
			if entry != nil {
				out.entries[i] = entry
			}
		}
		renamed[i] = own
	}
	for _, m := range a.members {
		if m.former.Name != "" {
			refs = append(refs, m.former)
		}
	}
	a.enter(schema.PhaseInspect, "")
	lives, err := s.inspect(ctx, tx, refs)
	if err != nil {
		return nil, err
	}
	next := len(a.members)
	for i, m := range a.members {
		out.lives[i] = lives[i]
		if m.former.Name == "" {
			continue
		}
		former := lives[next]
		next++
		switch {
		case former == nil:
		case lives[i] == nil:
			former.Ref = m.former
			out.lives[i] = former
		case m == a.table && !renamed[i]:
			return nil, twoTables(m)
		}
	}
	return out, nil
}

// twoTables says that a rename cannot be carried out.
func twoTables(t *Table) error {
	return &mismatchError{
		changes: []schema.Change{{Kind: schema.RenameConflict, Object: t.model.String(), Have: t.former.String()}},
		faults:  []string{"both the former table and the present one are there"},
	}
}
