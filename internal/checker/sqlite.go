package checker

import (
	"context"
	"errors"
	"fmt"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/schema"
)

const (
	sqliteNames = `SELECT type || ' ' || name FROM sqlite_schema WHERE name LIKE '` + ownPrefix + `%'
			AND tbl_name NOT IN ('` + dialect.LedgerTable + `', '` + dialect.RevisionsTable + `')
		UNION ALL SELECT 'column ' || x.name || ' of ' || s.name FROM sqlite_schema s, pragma_table_xinfo(s.name) x
			WHERE s.type = 'table' AND x.name LIKE '` + ownPrefix + `%'`
	sqliteIntegrity   = `SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'`
	sqliteForeignKeys = `SELECT 'row of ' || "table" || ' without its parent in ' || parent FROM pragma_foreign_key_check`
)

func sqliteLeftovers() []leftover {
	return []leftover{
		{name: "locks", find: sqliteLocked},
		query("names", sqliteNames),
		query("integrity", sqliteIntegrity),
		query("foreign keys", sqliteForeignKeys),
	}
}

// errBack ends a transaction that nothing was done in.
var errBack = errors.New("go back")

// sqliteLocked tries to begin a transaction that writes, which waits for others a short time only.
func sqliteLocked(ctx context.Context, d dialect.Dialect) ([]string, error) {
	err := d.Locked(ctx, nil, func(context.Context, dialect.Tx) error { return errBack })
	switch {
	case errors.Is(err, errBack):
		return nil, nil
	case errors.Is(err, schema.ErrLockTimeout):
		return []string{"somebody holds the write lock"}, nil
	case err == nil:
		return nil, fmt.Errorf("a transaction was committed that was to go back")
	}
	return nil, err
}
