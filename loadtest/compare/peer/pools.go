package peer

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver that database/sql knows as pgx
	_ "github.com/mattn/go-sqlite3"    // the driver that database/sql knows as sqlite3
)

// pools are database/sql's ways into a database: on SQLite one connection that writes and some that read, on a server one
// pool for both.
type pools struct{ writer, reader *sql.DB }

// sqliteSource gives the driver's name for a file, with the settings that everybody has.
func sqliteSource(site Site, more url.Values) string {
	settings := url.Values{
		"_busy_timeout": {"5000"}, "_journal_mode": {"WAL"}, "_synchronous": {site.Synchronous}, "_foreign_keys": {"on"},
	}
	for name, value := range more {
		settings[name] = value
	}
	return "file:" + site.Path + "?" + settings.Encode()
}

func openPools(site Site) (pools, error) {
	if site.Database != SQLite {
		db, err := openServerPool(site)
		if err != nil {
			return pools{}, err
		}
		limit(db, Conns)
		return pools{writer: db, reader: db}, nil
	}
	writer, err := sql.Open("sqlite3", sqliteSource(site, url.Values{"_txlock": {"immediate"}}))
	if err != nil {
		return pools{}, err
	}
	reader, err := sql.Open("sqlite3", sqliteSource(site, nil))
	if err != nil {
		return pools{}, errors.Join(err, writer.Close())
	}
	limit(writer, 1)
	limit(reader, Readers())
	return pools{writer: writer, reader: reader}, nil
}

func openServerPool(site Site) (*sql.DB, error) {
	if site.Database == Postgres {
		return sql.Open("pgx", site.URL)
	}
	source, err := MySQLSource(site.URL)
	if err != nil {
		return nil, err
	}
	return sql.Open("mysql", source)
}

// MySQLSource gives the driver's name for a database, with the settings that everybody has.
func MySQLSource(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.New("the URL of the server cannot be read")
	}
	config := mysql.NewConfig()
	config.Net, config.Addr, config.DBName, config.User = "tcp", u.Host, strings.Trim(u.Path, "/"), u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.ParseTime, config.ClientFoundRows = true, true
	return config.FormatDSN(), nil
}

func limit(db *sql.DB, n int) {
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
}

// exec runs a statement that writes.
func (p pools) exec(ctx context.Context, text string, args ...any) error {
	_, err := p.writer.ExecContext(ctx, text, args...)
	return err
}

// Close closes both pools, the one that writes last: it clears the log away.
func (p pools) Close() error {
	if p.reader == p.writer {
		return p.writer.Close()
	}
	return errors.Join(p.reader.Close(), p.writer.Close())
}
