package mysqlserver

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// errURL does not show the URL, which may hold a password.
var errURL = errors.New("the server's URL cannot be read: it must be as mysql://user@host:3306/database")

// Execute runs statements one after another on a connection of its own to the server or the database at a mysql:// URL.
func Execute(ctx context.Context, server string, statements ...string) error {
	u, err := url.Parse(server)
	if err != nil || u.User == nil {
		return errURL
	}
	config := mysql.NewConfig()
	config.Net, config.Addr, config.User, config.DBName = "tcp", u.Host, u.User.Username(), strings.Trim(u.Path, "/")
	config.Passwd, _ = u.User.Password()
	config.Logger = &mysql.NopLogger{} // what it would say comes back as an error
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return errURL
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
