package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// unfitMode is what to do where statements are prepared in one session and asked for in another.
const unfitMode = "behind a connection pooler in transaction mode the URL needs default_query_exec_mode=exec or simple_protocol"

// pooler reports whether an error is the word of PgBouncer itself, which has one code for nearly everything and names no
// routine of the server.
func pooler(e *pgconn.PgError) bool { return e.Code == "08P01" && e.Routine == "" }

// poolerWaits reports whether PgBouncer says that it had no connection to the server, for now, and so sent nothing. Some
// of it is the server's own words, without their code.
func poolerWaits(e *pgconn.PgError) bool {
	for _, words := range []string{
		"no more connections allowed", "query_wait_timeout", "server_login_retry", "cannot connect to server",
		"too many clients", "too many connections", "connection slots are reserved", "the database system is ",
	} {
		if strings.Contains(e.Message, words) {
			return true
		}
	}
	return false
}

// poolerRefuses reports whether PgBouncer does not let the role in, now and later.
func poolerRefuses(e *pgconn.PgError) bool {
	return strings.Contains(e.Message, "authentication failed") || strings.Contains(e.Message, "no such user")
}

// elsewhere reports whether pgx's prepared statement is in another session than the one that is spoken to.
func elsewhere(e *pgconn.PgError) bool {
	switch e.Code {
	case "26000", "42P05": // invalid_sql_statement_name, duplicate_prepared_statement
		return strings.Contains(e.Message, `"stmtcache_`) || strings.HasPrefix(e.Message, "unnamed prepared statement")
	case "08P01":
		return strings.HasPrefix(e.Message, "bind message supplies")
	}
	return false
}
