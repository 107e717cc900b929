package dialecttest

import (
	"testing"

	"github.com/schemactor/schemactor/dialect"
)

// Exercise runs the suite as subtests of t. For each of them open must give the dialect on an empty database of its
// own, and see to its closing (t.Cleanup). The subtests run one after the other; the suite starts and ends its own
// goroutines and leaves nothing open.
func Exercise(t *testing.T, open func(t *testing.T) dialect.Dialect) {
	for _, group := range []struct {
		name string
		run  func(t *testing.T, open opener)
	}{
		{"kinds", exerciseKinds},
		{"statements", exerciseStatements},
		{"shapes", exerciseShapes},
		{"changes", exerciseChanges},
		{"migrations", exerciseMigrations},
		{"names", exerciseNames},
		{"errors", exerciseErrors},
		{"transactions", exerciseTransactions},
		{"locks", exerciseLocks},
		{"ledger", exerciseLedger},
		{"survey", exerciseSurvey},
		{"conditions", exerciseConditions},
		{"order", exerciseOrder},
		{"metamorphic", exerciseMetamorphic},
	} {
		t.Run(group.name, func(t *testing.T) { group.run(t, open) })
	}
}

// opener gives the dialect on an empty database.
type opener func(t *testing.T) dialect.Dialect
