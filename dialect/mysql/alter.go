package mysql

import (
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// Alter implements dialect.Planner.
func (g Grammar) Alter(t dialect.Transition) *schema.Plan {
	plan := &schema.Plan{Table: t.Model.Ref(), Model: t.Model.Fingerprint(), Base: t.Live.Hash, Rows: t.Rows}
	plan.Changes = schema.Diff(t.Born, t.Live)
	if len(plan.Blocking()) > 0 {
		plan.Faults = []string{"tables are not changed on this database yet: it must be done by hand"}
	}
	return plan
}
