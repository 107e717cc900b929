package faults_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

// postgresSlot is one of PostgreSQL. To copy a whole database takes several times as long as
// to make its few tables again, by the statements that they were made by, from rows that are kept beside them.
type postgresSlot struct {
	address string
	conn    *pgx.Conn
	tables  []string // statements that make all tables, the ledger's with its rows
}

const (
	// slotKeep puts what was prepared aside.
	slotKeep = "ALTER SCHEMA public RENAME TO kept; CREATE SCHEMA public"

	// slotClear also ends those who were killed, where their server processes have not noticed.
	slotClear = `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
		WHERE datname = current_database() AND pid <> pg_backend_pid();
		DROP SCHEMA public CASCADE; CREATE SCHEMA public`

	slotLedger = `INSERT INTO schemactor_tables SELECT * FROM kept.schemactor_tables;
		INSERT INTO schemactor_revisions OVERRIDING SYSTEM VALUE SELECT * FROM kept.schemactor_revisions;
		SELECT setval(pg_get_serial_sequence('schemactor_revisions', 'id'), max(id)) FROM schemactor_revisions`

	slotRows = "INSERT INTO goods SELECT * FROM kept.goods; INSERT INTO boxes SELECT * FROM kept.boxes"
)

// newPostgresSlot prepares an empty database, which has to be reset before it is used.
func newPostgresSlot(t *testing.T, address string) *postgresSlot {
	s := &postgresSlot{address: address}
	d, err := openAt(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	require.NoError(t, prepare(t.Context(), d, baseFilled))
	s.tables = append(birth(t, d), slotLedger)
	s.conn, err = pgx.Connect(t.Context(), address)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.conn.Close(context.Background())) })
	require.NoError(t, s.run(t.Context(), slotKeep))
	return s
}

// birth gives the statements by which the ledger and the two prepared tables were made.
func birth(t *testing.T, d dialect.Dialect) []string {
	var out []string
	for _, model := range dialect.LedgerModels() {
		for _, statement := range d.Create(model).Statements {
			out = append(out, statement.SQL)
		}
	}
	for _, name := range []string{"goods", "boxes"} {
		history, err := dialect.LedgerOf(d).History(t.Context(), d.Reader(), schema.Ref{Name: name})
		require.NoError(t, err)
		made := history[len(history)-1]
		require.Equal(t, schema.RevisionApplied, made.State)
		out = append(out, made.Statements...)
	}
	return out
}

func (s *postgresSlot) where() string { return s.address }

// reset makes what a scenario is to find. Each statement is sent alone: the catalogue holds where in a text an expression
// stood.
func (s *postgresSlot) reset(ctx context.Context, base string) error {
	statements := []string{slotClear}
	if base != baseEmpty {
		statements = append(statements, s.tables...)
	}
	if base == baseFilled {
		statements = append(statements, slotRows)
	}
	return s.run(ctx, statements...)
}

func (s *postgresSlot) run(ctx context.Context, statements ...string) error {
	for _, sql := range statements {
		if _, err := s.conn.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	return nil
}
