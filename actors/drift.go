package actors

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Drift compares what the ledger remembers of the table, what the database has, and the model. It writes nothing and
// takes no lock.
func (s *System) Drift(ctx context.Context, t *Table) (schema.Drift, error) {
	drift := schema.Drift{Table: t.model.Ref(), Standing: schema.StandingNew}
	a := s.aside(t)
	err := a.observe(ctx, func(ctx context.Context, tx dialect.Tx, entry *schema.Entry, live *schema.Live) error {
		var history []schema.Revision
		if entry != nil {
			if entry.Tampered {
				drift.Tampered = append(drift.Tampered, "present entry")
			}
			var err error
			if history, err = s.ledger.History(ctx, tx, t.ref); err != nil {
				return err
			}
			if drift.Standing, err = s.standing(ctx, tx, t, entry); err != nil {
				return err
			}
		}
		remembered := readHistory(&drift, history)
		if live == nil {
			drift.Missing = true
			return nil
		}
		if remembered != nil {
			drift.SinceLedger = schema.Diff(remembered, live)
		}
		found, err := s.study(ctx, tx, t, entry, live, schema.Policy{})
		if err != nil {
			return err
		}
		drift.ToModel, drift.Notes = found.plan.Changes, found.plan.Notes
		return nil
	})
	if err != nil {
		return schema.Drift{}, a.fail(err)
	}
	return drift, nil
}

// readHistory notes what is wrong with the revisions, and gives the table as the last one left it.
func readHistory(drift *schema.Drift, history []schema.Revision) (remembered *schema.Live) {
	for i, r := range history {
		if r.Tampered {
			drift.Tampered = append(drift.Tampered, fmt.Sprintf("revision %d", r.ID))
		}
		ended := slices.ContainsFunc(history[i+1:], func(later schema.Revision) bool { return later.Generation >= r.Generation })
		if r.State == schema.RevisionApplying && !ended {
			drift.Unfinished = append(drift.Unfinished, r.ID)
		}
		live := &schema.Live{}
		if r.Catalog != "" && json.Unmarshal([]byte(r.Catalog), live) == nil {
			remembered = live
		}
	}
	return remembered
}
