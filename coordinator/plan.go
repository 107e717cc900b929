package coordinator

import (
	"context"
	"errors"
	"slices"

	"github.com/schemactor/schemactor/actors"
	"github.com/schemactor/schemactor/schema"
)

// Plan says what would be done to make the named tables match their models, without doing it: one plan for each table,
// in the order in which Migrate carries them out; an empty plan for one that matches. Without names it is every
// registered table. It writes nothing and takes no lock. Extras of a table (columns, indexes or constraints that the
// model does not know) are planned to be removed where Config.Policy allows it. Names are as in Ensure.
func (c *Coordinator) Plan(ctx context.Context, tables ...string) ([]*schema.Plan, error) {
	found, err := c.lookup("plan", tables)
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		found = c.system.Tables()
	}
	byModel := make(map[*schema.Table]*actors.Table, len(found))
	models := make([]*schema.Table, 0, len(found))
	for _, t := range found {
		if byModel[t.Model()] == nil {
			byModel[t.Model()] = t
			models = append(models, t.Model())
		}
	}
	var plans []*schema.Plan
	for _, group := range schema.Groups(models) {
		for _, model := range group {
			plan, err := c.system.Plan(ctx, byModel[model])
			if err != nil {
				return nil, err
			}
			plans = append(plans, plan)
		}
	}
	return plans, nil
}

// Migrate carries plans out, one after the other, as they are: a table that is not the one the plan was made for any
// more, or has another model now, is schema.ErrStalePlan, and what comes after it is left alone. Hazards must be
// allowed by Config.Policy or by approve, whose reasons go into the history; others are schema.ErrDestructive. It is the
// call for a job at deployment: there is no bound but ctx on how long a plan takes, and no limit on rows. What was
// interrupted is found by the next Plan, Migrate or Ensure and finished; there is no state to repair by hand.
// Tables that point at each other in a circle and do not exist yet are made together with the first of them.
// Only ModeMigrate migrates: in the others it is schema.ErrInvalid.
func (c *Coordinator) Migrate(ctx context.Context, plans []*schema.Plan, approve schema.Policy) error {
	if err := c.open("migrate"); err != nil {
		return err
	}
	if c.mode != ModeMigrate {
		return schema.Invalid("migrate", "", "", "the coordinator is in mode %s, under which nothing is changed", c.mode)
	}
	if err := approve.Validate(); err != nil {
		return err
	}
	tables := make([]*actors.Table, len(plans))
	var faults []error
	for i, plan := range plans {
		table, ok := c.system.Table(plan.Table)
		if !ok {
			faults = append(faults, schema.Invalid("migrate", plan.Table.String(), "", "no such table is registered"))
		}
		tables[i] = table
	}
	if err := errors.Join(faults...); err != nil {
		return err
	}
	for i, plan := range plans {
		if err := c.system.Migrate(ctx, tables[i], plan, approve); err != nil {
			return err
		}
	}
	return nil
}

// Drift compares, for each of the named tables, what the ledger remembers, what the database has and what the model says,
// sorted by name. Without names it is every registered table. It writes nothing and takes no lock. Names are as in Ensure.
func (c *Coordinator) Drift(ctx context.Context, tables ...string) ([]schema.Drift, error) {
	found, err := c.lookup("drift", tables)
	if err != nil {
		return nil, err
	}
	if len(tables) == 0 {
		found = c.system.Tables()
	}
	var out []schema.Drift
	for _, t := range found {
		drift, err := c.system.Drift(ctx, t)
		if err != nil {
			return nil, err
		}
		out = append(out, drift)
	}
	slices.SortFunc(out, func(a, b schema.Drift) int { return a.Table.Compare(b.Table) })
	return out, nil
}
