package faults_test

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
)

// mysqlStore is a database that keeps what others are to hold.
type mysqlStore struct {
	name   string
	tables []string // statements that make all tables, the ledger's first
}

// newMySQLStore prepares an empty database.
func newMySQLStore(t *testing.T, address string) *mysqlStore {
	d, err := openAt(t.Context(), address)
	require.NoError(t, err)
	defer func() { require.NoError(t, d.Close()) }()
	require.NoError(t, prepare(t.Context(), d, baseFilled))
	place, err := url.Parse(address)
	require.NoError(t, err)
	return &mysqlStore{strings.Trim(place.Path, "/"), birth(t, d)}
}

// copy is the statement that fills a table.
func (k *mysqlStore) copy(table string) string {
	return fmt.Sprintf("INSERT INTO %s SELECT * FROM %s.%[1]s", table, k.name)
}

// mysqlSlot is a MariaDB database, made anew like those of PostgreSQL.
type mysqlSlot struct {
	address string
	kept    *mysqlStore
	d       dialect.Dialect // of one connection
}

// mysqlOthers are the sessions that work on the database: those who were killed, where the server has not noticed.
const mysqlOthers = `SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()`

// newMySQLSlot gives an empty database, which has to be reset before it is used.
func newMySQLSlot(t *testing.T, address string, kept *mysqlStore) *mysqlSlot {
	d, err := mysql.Open(t.Context(), address, &mysql.Config{MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return &mysqlSlot{address, kept, d}
}

func (s *mysqlSlot) where() string { return s.address }

// reset makes what a scenario is to find.
func (s *mysqlSlot) reset(ctx context.Context, base string) error {
	if err := s.clear(ctx); err != nil {
		return err
	}
	if base == baseEmpty {
		return nil
	}
	statements := append(slices.Clone(s.kept.tables), s.kept.copy(dialect.LedgerTable), s.kept.copy(dialect.RevisionsTable))
	if base == baseFilled {
		statements = append(statements, s.kept.copy("goods"), s.kept.copy("boxes"))
	}
	for _, sql := range statements {
		if _, err := s.d.Writer().Exec(ctx, sql); err != nil {
			return err
		}
	}
	return nil
}

// clear ends everybody else and drops all tables, whatever points to what.
func (s *mysqlSlot) clear(ctx context.Context) error {
	q := s.d.Writer()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		others, err := mysqlTexts(ctx, q, mysqlOthers)
		if err != nil {
			return err
		}
		if len(others) == 0 {
			break
		}
		for _, id := range others {
			_, _ = q.Exec(ctx, "KILL "+id) // it may have gone meanwhile
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	tables, err := mysqlTexts(ctx, q, "SELECT table_name FROM information_schema.tables WHERE table_schema = database()")
	if err != nil {
		return err
	}
	if _, err := q.Exec(ctx, "SET foreign_key_checks = 0"); err != nil {
		return err
	}
	for _, name := range tables {
		if _, err := q.Exec(ctx, "DROP TABLE "+s.d.Quote(name)); err != nil {
			return err
		}
	}
	return nil
}

// mysqlTexts runs a query for texts.
func mysqlTexts(ctx context.Context, q dialect.Querier, sql string) ([]string, error) {
	rows, err := q.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, rows.Err()
}
