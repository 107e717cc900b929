package checker_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// sqliteFaults need what only SQLite lets happen.
var sqliteFaults = []fault{
	{
		name: "trigger of the library's left", checks: []string{"names"}, words: "trigger schemactor_sync",
		statements: []string{"CREATE TRIGGER schemactor_sync AFTER INSERT ON parcels BEGIN SELECT 1; END"},
	},
	{
		name: "view of the library's left", checks: []string{"names"}, words: "view schemactor_view",
		statements: []string{"CREATE VIEW schemactor_view AS SELECT 1"},
	},
	{
		name: "row without its parent", checks: []string{"foreign keys"}, words: "row of labels without its parent in parcels",
		statements: []string{
			"PRAGMA foreign_keys = OFF", "CREATE TABLE labels (parcel int REFERENCES parcels (id))", "INSERT INTO labels VALUES (77)",
		},
	},
	{
		name: "file damaged", checks: []string{"integrity"}, words: "missing from index ix_other",
		statements: []string{
			"CREATE TABLE other (a int, b int)", "CREATE INDEX ix_other ON other (a)", "INSERT INTO other VALUES (1, 2), (2, 1)",
			"PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = 'CREATE INDEX ix_other ON other (b)' WHERE name = 'ix_other'",
			"PRAGMA writable_schema = RESET", "CREATE TABLE another (id int)",
		},
	},
}

func TestSQLiteWriteLockIsFound(t *testing.T) {
	w := newWorld(t, "sqlite")
	other := openAt(t, "sqlite", w.address)
	tx, err := other.Begin(t.Context())
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(context.Background())) }()
	verdict := w.check(w.wanted())
	require.Equal(t, []string{"locks"}, names(verdict))
}
