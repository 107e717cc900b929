package coordinator_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
)

// Somebody at work on the table keeps an index from being built, and waits in turn for whoever holds the table's lock, as
// the server process of a killed program may: the lock is given up for it, and the index is built afterwards.
func TestLockIsGivenUpForWhoeverOccupiesTheTable(t *testing.T) {
	db := postgresDatabase(t)
	d := db.open(t)
	filledLoads(t, d)
	other, err := d.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = other.Rollback(context.Background()) }()
	_, err = other.Exec(t.Context(), "LOCK TABLE loads IN SHARE UPDATE EXCLUSIVE MODE")
	require.NoError(t, err)

	c := start(t, db.open(t), &coordinator.Config{Policy: anything()})
	finished := make(chan error, 1)
	go func() { finished <- indexLoads(t.Context(), c) }()
	const waiting = "SELECT count(*) FROM pg_locks WHERE relation = 'loads'::regclass AND NOT granted"
	waitFor(t, func() bool { return count(t, d, waiting) > 0 })
	var free int64
	_, err = dialect.QueryRow(t.Context(), other, "SELECT count(pg_advisory_xact_lock(classid::int, objid::int)) FROM pg_locks "+
		"WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())", nil, &free)
	require.NoError(t, err)
	require.EqualValues(t, 1, free, "the table's lock was held, and was given up")
	require.NoError(t, other.Commit(t.Context()))
	require.NoError(t, <-finished)
	settled(t, c, "loads")
	requireNothingLeft(t, d, "loads")
	require.Equal(t, 2, count(t, d, "SELECT count(*) FROM pg_index WHERE indrelid = 'loads'::regclass"))
}
