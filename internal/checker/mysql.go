package checker

import (
	"context"
	"errors"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	mysqlNames = `SELECT 'table ' || table_name FROM information_schema.tables
			WHERE table_schema = database() AND table_name LIKE '` + ownPrefix + `%'
			AND table_name NOT IN ('` + dialect.LedgerTable + `', '` + dialect.RevisionsTable + `')
		UNION ALL SELECT 'column ' || column_name || ' of ' || table_name FROM information_schema.columns
			WHERE table_schema = database() AND column_name LIKE '` + ownPrefix + `%'`

	// mysqlTransactions looks at those that work on the database; a server has others.
	mysqlTransactions = `SELECT 'connection ' || p.id || ' is in a transaction' FROM information_schema.innodb_trx t
		JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
		WHERE p.db = database() AND p.id <> connection_id()`

	// mysqlStatements are changes that the server is still at, for programs that may be gone.
	mysqlStatements = `SELECT 'connection ' || id || ' changes a table' FROM information_schema.processlist
		WHERE db = database() AND id <> connection_id() AND command = 'Query' AND info RLIKE '^(ALTER|CREATE|DROP|RENAME) '`

	// mysqlCopies are tables that a change had begun to fill. Nobody sees them but the storage. Temporary tables, of which there
	// is one for each comparison, are seen by nobody but their sessions, and end with them.
	mysqlCopies = `SELECT name FROM information_schema.innodb_sys_tables WHERE name LIKE concat(database(), '/#sql%')`
)

func mysqlLeftovers(tables []Table) []leftover {
	transactions, statements := query("transactions", mysqlTransactions), query("statements", mysqlStatements)
	copies := query("unfinished copies", mysqlCopies)
	transactions.settles, statements.settles, copies.settles = true, true, true
	return []leftover{
		{name: "locks", settles: true, find: mysqlLocked(tables)},
		transactions, statements, copies,
		query("names", mysqlNames),
	}
}

// mysqlLocked tries to take the locks of all tables, which the server tells nobody of.
func mysqlLocked(tables []Table) func(ctx context.Context, d dialect.Dialect) ([]string, error) {
	return func(ctx context.Context, d dialect.Dialect) ([]string, error) {
		var held []string
		for _, t := range tables {
			err := d.Locked(ctx, []schema.Ref{t.Model.Ref()}, func(context.Context, dialect.Tx) error { return errBack })
			switch {
			case errors.Is(err, schema.ErrLockTimeout):
				held = append(held, "somebody holds the lock of "+t.Model.String())
			case !errors.Is(err, errBack):
				return nil, err
			}
		}
		return held, nil
	}
}
