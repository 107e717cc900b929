package coordinatortest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/schema"
)

// requireTables ends a test that would hold nothing against nothing.
func requireTables(tb testing.TB, c *coordinator.Coordinator) {
	tb.Helper()
	if len(c.Status()) == 0 {
		tb.Fatal("coordinatortest: no table is registered, so there is nothing that could fail")
	}
}

// plansOf plans all registered tables, of which there must be one.
func plansOf(tb testing.TB, c *coordinator.Coordinator) []*schema.Plan {
	tb.Helper()
	requireTables(tb, c)
	plans, err := c.Plan(tb.Context())
	if err != nil {
		tb.Fatal("coordinatortest: ", err)
	}
	return plans
}

// RequireAdditive fails the test unless all that is planned for the registered tables is done by itself on first use,
// without an allowance: no hazard, and no difference that needs a person. Run it on what the last release has made, with a row in
// each table: an empty table allows changes that one with rows does not.
func RequireAdditive(tb testing.TB, c *coordinator.Coordinator) {
	tb.Helper()
	plans := plansOf(tb, c)
	var b strings.Builder
	for _, plan := range plans {
		refused := plan.Refused(schema.Policy{})
		if len(refused) == 0 && len(plan.Faults) == 0 {
			continue
		}
		for _, h := range refused {
			fmt.Fprintf(&b, "%s: hazard: %s\n", plan.Table, h)
		}
		b.WriteString(plan.String())
	}
	if b.Len() > 0 {
		tb.Fatalf("the change is more than additive:\n%s", b.String())
	}
}

// RequireMatch fails the test unless every registered table is there and matches its model in every respect.
func RequireMatch(tb testing.TB, c *coordinator.Coordinator) {
	tb.Helper()
	plans := plansOf(tb, c)
	var b strings.Builder
	for _, plan := range plans {
		if !plan.Empty() {
			b.WriteString(plan.String())
		}
	}
	if b.Len() > 0 {
		tb.Fatalf("tables do not match their models:\n%s", b.String())
	}
}

// RequireNoDrift fails the test unless Coordinator.Drift finds the ledger, the tables and the models to agree.
func RequireNoDrift(tb testing.TB, c *coordinator.Coordinator) {
	tb.Helper()
	requireTables(tb, c)
	all, err := c.Drift(tb.Context())
	if err != nil {
		tb.Fatal("coordinatortest: ", err)
	}
	var b strings.Builder
	for _, drift := range all {
		if drift.Any() {
			b.WriteString(drift.String())
		}
	}
	if b.Len() > 0 {
		tb.Fatalf("tables have drifted:\n%s", b.String())
	}
}
