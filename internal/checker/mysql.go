package checker

import (
	"context"
	"errors"
	"regexp"
	"slices"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	mysqlNames = `SELECT 'table ' || table_name FROM information_schema.tables
			WHERE table_schema = database() AND table_name LIKE '` + ownPrefix + `%'
			AND table_name NOT IN ('` + dialect.LedgerTable + `', '` + dialect.RevisionsTable + `')
		UNION ALL SELECT 'column ' || column_name || ' of ' || table_name FROM information_schema.columns
			WHERE table_schema = database() AND column_name LIKE '` + ownPrefix + `%'`

	// mysqlSessions are those that work on the database; a server has others.
	mysqlSessions = `SELECT CAST(id AS char) FROM information_schema.processlist WHERE db = database() AND id <> connection_id()`

	// mysqlStatements are changes that the server is still at, for programs that may be gone.
	mysqlStatements = `SELECT 'connection ' || id || ' changes a table' FROM information_schema.processlist
		WHERE db = database() AND id <> connection_id() AND command = 'Query' AND info RLIKE '^(ALTER|CREATE|DROP|RENAME) '`

	// mysqlCopies are tables that a change had begun to fill. Nobody sees them but the storage. Temporary tables, of which there
	// is one for each comparison, are seen by nobody but their sessions, and end with them.
	mysqlCopies = `SELECT name FROM information_schema.innodb_sys_tables WHERE name LIKE concat(database(), '/#sql%')`
)

func mysqlLeftovers(tables []Table) []leftover {
	statements, copies := query("statements", mysqlStatements), query("unfinished copies", mysqlCopies)
	statements.settles, copies.settles = true, true
	return []leftover{
		{name: "locks", settles: true, find: mysqlLocked(tables)},
		{name: "transactions", settles: true, find: mysqlTransactions},
		statements, copies,
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

// mysqlActive finds in the storage's report the sessions whose transactions are open.
var mysqlActive = regexp.MustCompile(`(?m)^---TRANSACTION .*, ACTIVE .*\n(?:[^-\n].*\n)*?MariaDB thread id ([0-9]+)`)

// mysqlTransactions reads the report, for the view innodb_trx says the same as before to who asks often: of a server that several
// look at it may be old.
func mysqlTransactions(ctx context.Context, d dialect.Dialect) ([]string, error) {
	sessions, err := texts(ctx, d, mysqlSessions)
	if err != nil {
		return nil, err
	}
	var kind, name, report string
	if _, err := dialect.QueryRow(ctx, d.Reader(), "SHOW ENGINE INNODB STATUS", nil, &kind, &name, &report); err != nil {
		return nil, d.Classify(err)
	}
	var out []string
	for _, found := range mysqlActive.FindAllStringSubmatch(report, -1) {
		if slices.Contains(sessions, found[1]) {
			out = append(out, "connection "+found[1]+" is in a transaction")
		}
	}
	return out, nil
}
