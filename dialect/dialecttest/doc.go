// Package dialecttest is the conformance suite for databases: what every dialect.Dialect must do, shown on a real one.
//
// A dialect's own tests need three lines:
//
//	func TestExercise(t *testing.T) {
//		dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect { return openEmptyDatabase(t) })
//	}
package dialecttest
