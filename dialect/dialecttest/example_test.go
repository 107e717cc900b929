package dialecttest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/dialecttest"
	"github.com/schemactor/schemactor/dialect/sqlite"
)

// A dialect's own tests hand the suite a way to an empty database, and see to its end.
func ExampleExercise() {
	var t *testing.T // of a Test function
	open := func(t *testing.T) dialect.Dialect {
		d, err := sqlite.Open(t.Context(), t.TempDir()+"/test.db", nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, d.Close()) })
		return d
	}
	dialecttest.Exercise(t, open)
}
