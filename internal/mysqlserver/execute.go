package mysqlserver

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// errURL does not show the URL, which may hold a password.
var errURL = errors.New("the server's URL cannot be read: it must be as mysql://user@host:3306/database")

// Pool gives connections to the server or the database at a mysql:// URL as the driver makes them, with settings of the session beside
// the URL's parameters. It connects to nothing yet.
func Pool(server string, settings map[string]string) (*sql.DB, error) {
	u, err := url.Parse(server)
	if err != nil || u.User == nil || u.Host == "" {
		return nil, errURL
	}
	config := mysql.NewConfig()
	config.Net, config.User, config.DBName = "tcp", u.User.Username(), strings.Trim(u.Path, "/")
	config.Passwd, _ = u.User.Password()
	if config.Addr = u.Host; u.Port() == "" {
		config.Addr = net.JoinHostPort(u.Hostname(), "3306")
	}
	config.Params = settings
	dsn := config.FormatDSN()
	if u.RawQuery != "" {
		joint := map[bool]string{true: "&", false: "?"}[strings.Contains(dsn[strings.LastIndexByte(dsn, '/'):], "?")]
		dsn += joint + u.RawQuery
	}
	if config, err = mysql.ParseDSN(dsn); err != nil {
		return nil, errURL
	}
	config.ClientFoundRows = true      // of an update: those that it came upon
	config.Logger = &mysql.NopLogger{} // what it would say comes back as an error
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, errURL
	}
	return sql.OpenDB(connector), nil
}

// Execute runs statements one after another on the server or the database at a mysql:// URL.
func Execute(ctx context.Context, server string, statements ...string) error {
	db, err := Pool(server, nil)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	for _, statement := range statements {
		if _, err := db.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
