package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/schemactor/schemactor/dialect"
)

// Location implements dialect.Located: the cluster's identifier, the database and the current schema. It waits for a
// connection as Locked does.
func (d *DB) Location(ctx context.Context) (where string, err error) {
	conn, err := d.acquire(ctx)
	if err != nil {
		return "", err
	}
	defer conn.Release()
	_, err = dialect.QueryRow(ctx, querier{conn}, "SELECT 'database ' || pg_catalog.current_database() || ', schema ' ||"+
		" coalesce(pg_catalog.current_schema(), '(none)') || ', cluster ' || system_identifier FROM pg_catalog.pg_control_system()",
		[]any{pgx.QueryExecModeExec}, &where)
	if err != nil {
		return "", named("locate", err)
	}
	return where, nil
}
