package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/dialecttest"
	"github.com/schemactor/schemactor/dialect/sqlite"
)

func TestDialect(t *testing.T) {
	dialecttest.Exercise(t, func(t *testing.T) dialect.Dialect {
		db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, db.Close()) })
		return db
	})
}
