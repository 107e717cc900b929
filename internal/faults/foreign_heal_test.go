package faults_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/coordinator"
	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/postgrestest"
	"github.com/schemactor/schemactor/nodes"
	"github.com/schemactor/schemactor/schema"
)

// Somebody retypes a column that every connection of every pool has prepared statements for: each program meets one stale
// statement, on its own or in a transaction, and none on any other connection.
func TestForeignRetypeHealsEveryConnection(t *testing.T) {
	for _, inside := range []bool{false, true} {
		t.Run(map[bool]string{false: "outside", true: "inside"}[inside], func(t *testing.T) {
			address := postgrestest.Open(t)
			l := newForeignLoad(t, address)
			require.NoError(t, l.programs[0].node.Create(t.Context(), &foreignRow{ID: 1, Label: "one", Amount: 1}))
			for round, sql := range []string{"TYPE bigint", "TYPE integer", "TYPE bigint"} {
				l.change(t, foreignOrder{SQL: []string{"ALTER TABLE foreigners ALTER COLUMN amount " + sql}})
				for _, p := range l.programs {
					before := p.stale.stale.Load()
					if inside {
						p.staleInside(t)
					} else {
						p.staleOutside(t)
					}
					eachConnection(t, p.pool, func() { require.NoError(t, p.readRaw(t, p.dialect.Reader())) })
					require.EqualValues(t, 1, p.stale.stale.Load()-before, "stale statements in round %d", round)
				}
			}
			require.NoError(t, l.worker.End())
		})
	}
}

// readRaw reads by the very statement that the node has prepared, past its gate.
func (p *foreignProgram) readRaw(t *testing.T, q dialect.Querier) error {
	statement := dialect.NewStatements(p.dialect, p.node.Table()).Get.SQL
	var (
		id, amount int64
		label      string
		note       *string
	)
	_, err := dialect.QueryRow(t.Context(), q, statement, []any{int64(1)}, &id, &label, &amount, &note)
	return err
}

func (p *foreignProgram) staleOutside(t *testing.T) {
	require.ErrorIs(t, p.dialect.Classify(p.readRaw(t, p.dialect.Reader())), schema.ErrMissing)
}

func (p *foreignProgram) staleInside(t *testing.T) {
	tx, err := p.dialect.Begin(t.Context())
	require.NoError(t, err)
	require.ErrorIs(t, p.dialect.Classify(p.readRaw(t, tx)), schema.ErrMissing)
	require.NoError(t, tx.Rollback(t.Context()))
}

// A table is dropped again the moment it was made again for a caller. That caller may get an error; the next one, who comes
// right after, must not.
func TestForeignDropAgainConcernsOneCall(t *testing.T) {
	eachDatabase(t, func(t *testing.T, address string) {
		outsider := open(t, linearOutsider(address))
		drop := func() {
			_, err := outsider.Writer().Exec(context.WithoutCancel(t.Context()), "DROP TABLE "+foreignTable)
			require.NoError(t, err)
		}
		var again atomic.Bool
		d := open(t, address)
		c := start(t, d, &coordinator.Config{News: coordinator.NewsOff, Listener: &schema.Listener{
			Ready: func(schema.Event) {
				if again.Swap(false) {
					drop()
				}
			},
		}})
		node := register[foreignRow, int64](t, c, schema.Named(foreignTable))
		require.NoError(t, node.Create(t.Context(), &foreignRow{ID: 1}))
		drop()
		again.Store(true)
		if err := node.Create(t.Context(), &foreignRow{ID: 2}); err != nil {
			require.ErrorIs(t, err, schema.ErrMissing)
		}
		require.NoError(t, node.Create(t.Context(), &foreignRow{ID: 3}))
		_, err := node.Count(t.Context(), nodes.Query{})
		require.NoError(t, err)
	})
}

// A table is dropped while a newer program that has looked at it is about to change it: the program makes it instead.
// On SQLite nobody can do that.
func TestForeignDropUnderAnAttempt(t *testing.T) {
	address := postgrestest.Open(t)
	outsider := open(t, linearOutsider(address))
	older := start(t, open(t, address), &coordinator.Config{News: coordinator.NewsOff})
	register[foreignRow, int64](t, older, schema.Named(foreignTable))
	require.NoError(t, older.EnsureAll(t.Context()))

	tx, err := outsider.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "DROP TABLE "+foreignTable)
	require.NoError(t, err)
	newer := start(t, open(t, address), &coordinator.Config{News: coordinator.NewsOff})
	node := register[foreignMore, int64](t, newer, schema.Named(foreignTable))
	created := make(chan error, 1)
	go func() { created <- node.Create(t.Context(), &foreignMore{foreignRow: foreignRow{ID: 1}}) }()
	waitFor(t, "the program to wait for the table", func() bool {
		return count(t, outsider, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
	require.NoError(t, tx.Commit(t.Context()))
	require.NoError(t, <-created)
	require.Equal(t, 2, applied(t, outsider, foreignTable))
}
