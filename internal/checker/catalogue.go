package checker

import (
	"context"
	"encoding/json"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// catalogue compares the table with its model and with what the ledger remembers of it, and reports whether it is there.
func (e *examination) catalogue(ctx context.Context, t *Table) (there bool, err error) {
	ref := t.Model.Ref()
	var live, born *schema.Live
	err = e.d.Aside(ctx, func(ctx context.Context, tx dialect.Tx) error {
		lives, err := e.d.Inspect(ctx, tx, ref)
		if err != nil {
			return err
		}
		if live = lives[0]; live == nil {
			return nil
		}
		born, err = e.d.Born(ctx, tx, t.Model)
		return err
	})
	if err != nil {
		return false, e.fault(err)
	}
	if live == nil {
		e.add("catalogue", ref, "as its model", "no table")
		return false, nil
	}
	e.add("catalogue", ref, nothing, differences(e.d.Alter(dialect.Transition{Model: t.Model, Born: born, Live: live}), born, live, t.Extras))
	remembered, err := e.remembered(ctx, ref)
	if err != nil || remembered == nil {
		return true, err
	}
	e.add("memory", ref, nothing, list(tell(schema.Diff(remembered, live), t.Extras)))
	return true, nil
}

// differences are what a planner would do or mention, and what the comparison shows where the planner overlooks it.
func differences(plan *schema.Plan, born, live *schema.Live, extras bool) string {
	out := tell(plan.Changes, extras)
	out = append(out, plan.Faults...)
	if len(out) == 0 {
		out = tell(schema.Diff(born, live), extras)
	}
	if len(out) == 0 {
		for _, s := range plan.Statements {
			out = append(out, "planned "+s.SQL)
		}
	}
	return list(out)
}

func tell(changes []schema.Change, extras bool) []string {
	var out []string
	for _, c := range changes {
		if c.Blocking() || !extras {
			out = append(out, c.String())
		}
	}
	return out
}

// remembered is the table as the last revision left it, nil where the ledger has no memory.
func (e *examination) remembered(ctx context.Context, ref schema.Ref) (*schema.Live, error) {
	history, err := dialect.LedgerOf(e.d).History(ctx, e.d.Reader(), ref)
	if err != nil {
		return nil, err
	}
	var last *schema.Live
	for _, r := range history {
		live := &schema.Live{}
		if r.Catalog != "" && json.Unmarshal([]byte(r.Catalog), live) == nil {
			last = live
		}
	}
	return last, nil
}
