package load

import (
	"database/sql"
	"net/url"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/internal/database"
	"github.com/schemactor/schemactor/internal/mysqlserver"
)

// openPool opens a database by database/sql and the driver that people take for it.
func openPool(address database.Address) (*sql.DB, error) {
	switch address.Kind {
	case database.PostgreSQL:
		return sql.Open("pgx", address.Text)
	case database.MariaDB:
		// The library's own planner has written what makes the tables.
		return mysqlserver.Pool(address.Text, map[string]string{
			"sql_mode": "'STRICT_ALL_TABLES,ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
		})
	}
	return sql.Open("sqlite3", sqliteSource(address.Text))
}

// sqliteSource is what go-sqlite3 opens as careful people do: transactions take the lock when they begin, and others wait.
func sqliteSource(path string) string {
	settings := url.Values{"_busy_timeout": {"5000"}, "_journal_mode": {"WAL"}, "_txlock": {"immediate"}, "_synchronous": {"NORMAL"}}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: settings.Encode()}).String()
}

// placeholders are the marks for values, in the order in which they stand, as the driver itself has them: numbers behind a question
// mark are the dialect's.
func placeholders(d dialect.Dialect) func(position int) string {
	if strings.HasPrefix(d.Placeholder(1), "?") {
		return func(int) string { return "?" }
	}
	return d.Placeholder
}
