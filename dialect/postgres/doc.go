// Package postgres is PostgreSQL as a dialect.Dialect, on pgx v5.
//
// Open makes a pool of its own from a URL and closes it; New uses the caller's pool and leaves it open. Grammar is the
// pure part, which needs no server. Servers from version 12 on are served, also behind PgBouncer in transaction mode if
// the pool was made with a query mode that prepares nothing (pgx.QueryExecModeExec).
//
// An empty namespace is current_schema(), resolved by the server. Schema changes run in one READ COMMITTED transaction
// that holds the table's advisory lock, and neither it nor any statement in it waits longer than 300 ms for a lock, so that
// it never makes other programs queue up behind it for longer.
package postgres
