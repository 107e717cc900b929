package mysql

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/schema"
)

// settings are what every connection of ours is set to. Its mode refuses what does not fit and reads SQL as the standard has
// it; a number of zero is one, and no question for the next. Texts are ordered by more of their bytes than is usual. Values
// that are bound get the collation of NAMES. A transaction ends with its commit, a query gives all rows, and keys and checks are
// heeded. Errors are in the words that are looked for. The variable is there from the beginning, so that it is a number. How long
// locks are waited for is the server's or the address's own matter, and remembered.
const settings = "SET NAMES utf8mb4 COLLATE " + collation + ", SESSION sql_mode = 'STRICT_ALL_TABLES,ANSI_QUOTES,PIPES_AS_CONCAT," +
	"NO_BACKSLASH_ESCAPES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO', " +
	"SESSION time_zone = '+00:00', SESSION max_sort_length = 65536, SESSION sql_auto_is_null = 0, SESSION autocommit = 1, " +
	"SESSION completion_type = 0, SESSION sql_select_limit = 18446744073709551615, SESSION sql_safe_updates = 0, SESSION sql_quote_show_create = 1, " +
	"SESSION foreign_key_checks = 1, SESSION unique_checks = 1, SESSION check_constraint_checks = 1, SESSION lc_messages = 'en_US', " +
	updatedMark + " = 0, " + rowWait + " = @@innodb_lock_wait_timeout, " + tableWait + " = @@lock_wait_timeout"

// rowWait and tableWait are variables of a session with what it was opened with.
const rowWait, tableWait = "@schemactor_row_wait", "@schemactor_table_wait"

// Connector makes the connections of a pool that New takes: those of an address as Open has it, with the same settings and
// the same errors. It connects to nothing by itself, and is safe for concurrent use.
func Connector(url string) (driver.Connector, error) {
	connector, err := connectorOf(url)
	if err != nil {
		return nil, err
	}
	return connector, nil
}

func connectorOf(url string) (connecting, error) {
	config, err := parse(url)
	if err != nil {
		return connecting{}, err
	}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return connecting{}, invalidURL("has parameters that do not go together")
	}
	return connecting{connector, "", config.DBName}, nil
}

// connecting makes connections that are set to settings, and what more there is.
type connecting struct {
	driver.Connector
	more     string
	database string
}

// Connect implements driver.Connector.
func (c connecting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	able, ok := conn.(driverConn)
	if !ok {
		return nil, errors.Join(errors.New("the driver's connections are not what they were"), conn.Close())
	}
	if err := meet(ctx, able); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if _, err := able.ExecContext(ctx, settings+c.more, nil); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return &link{driverConn: able}, nil
}

// meet finds out whether the server is one that this package knows. Each connection is asked, for another server may have come in
// the place of one that went down.
func meet(ctx context.Context, conn driver.QueryerContext) error {
	rows, err := conn.QueryContext(ctx, "SELECT version(), @@lower_case_table_names <> 0", nil)
	if err != nil {
		return err
	}
	row := make([]driver.Value, 2)
	if err := errors.Join(rows.Next(row), rows.Close()); err != nil {
		return err
	}
	version, isText := row[0].([]byte)
	if !isText || !known(string(version)) {
		return schema.Invalid("open", "", "", "the server is %q, and MariaDB from %d.%d on is wanted",
			clip(string(version)), oldestMajor, oldestMinor)
	}
	if folds, isNumber := row[1].(int64); !isNumber || folds != 0 {
		return schema.Invalid("open", "", "", "the server has lower_case_table_names, and 0 is wanted there: it takes tables for one "+
			"another whose names differ in case only")
	}
	return nil
}
