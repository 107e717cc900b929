package checker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/checker"
	"github.com/schemactor/schemactor/schema"
)

// mysqlFaults need what only MariaDB lets happen, or are its way for what all do.
var mysqlFaults = []fault{
	{
		name: "announced and not ended", checks: []string{"endings"}, words: "begun and not ended",
		statements: []string{"UPDATE schemactor_revisions SET state = 'applying'"},
	},
	{
		name: "table of the library's left", checks: []string{"names"}, words: "table schemactor_scratch",
		statements: []string{"CREATE TABLE schemactor_scratch (id int)"},
	},
	{
		name: "index gone", checks: []string{"catalogue", "memory"}, words: "weight",
		statements: []string{"DROP INDEX parcels__weight_ix ON parcels"},
	},
}

func TestMySQLFaultsAreFound(t *testing.T) {
	for _, f := range mysqlFaults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "mysql")
			w.run(f.statements...)
			verdict := w.check(w.wanted())
			for _, name := range f.checks {
				require.Contains(t, names(verdict), name)
			}
			require.ErrorContains(t, verdict.Err(), f.words)
		})
	}
}

// Somebody holds a table's lock, and somebody a transaction that a change waits for, with its copy of the table made.
func TestMySQLSessionsAreFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "mysql")
	other := openAt(t, "mysql", w.address)
	require.NoError(t, other.Locked(t.Context(), []schema.Ref{w.model.Ref()}, func(context.Context, dialect.Tx) error {
		require.Equal(t, []string{"locks"}, names(w.check(w.wanted())))
		return nil
	}))
	tx, err := other.Begin(t.Context())
	require.NoError(t, err)
	rows, err := tx.Query(t.Context(), "SELECT id FROM parcels")
	require.NoError(t, err)
	require.NoError(t, rows.Close())
	changed := make(chan error, 1)
	go func() {
		_, err := other.Writer().Exec(context.WithoutCancel(t.Context()), "ALTER TABLE parcels COMMENT 'waits', ALGORITHM=COPY")
		changed <- err
	}()
	waitUntil(t, other, "SELECT count(*) FROM information_schema.processlist WHERE db = database() AND info LIKE 'ALTER TABLE parcels%'")
	found, err := checker.Check(t.Context(), w, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"transactions", "statements", "unfinished copies"}, names(found))
	require.NoError(t, tx.Rollback(t.Context()))
	require.NoError(t, <-changed)
}

// waitUntil waits until a count is more than nothing.
func waitUntil(t *testing.T, d dialect.Dialect, sql string) {
	limit := time.NewTimer(time.Minute)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		var n int64
		_, err := dialect.QueryRow(t.Context(), d.Reader(), sql, nil, &n)
		require.NoError(t, err)
		if n > 0 {
			return
		}
		select {
		case <-tick.C:
		case <-limit.C:
			require.FailNow(t, "waited in vain", sql)
		}
	}
}
