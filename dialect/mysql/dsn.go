package mysql

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/schemactor/schemactor/schema"
)

// ours are the parameters of the driver that Open sets itself.
var ours = [...]string{
	"charset", "collation", "loc", "parseTime", "clientFoundRows", "multiStatements", "interpolateParams", "columnsWithAlias", "maxAllowedPacket",
	"allowAllFiles", "sql_mode", "time_zone", "max_sort_length", "sql_auto_is_null", "autocommit",
}

// parse reads a URL or the driver's own form. Its errors hold nothing of either but the names of scheme and parameters.
func parse(text string) (*mysql.Config, error) {
	scheme, _, isURL := strings.Cut(text, "://")
	switch {
	case isURL && (scheme == "mysql" || scheme == "mariadb"):
		return fromURL(text)
	case isURL && plainScheme(scheme):
		return nil, invalidURL(fmt.Sprintf("has the unknown scheme %q: mysql is wanted", scheme))
	case strings.Contains(text, "/"):
		_, parameters, _ := strings.Cut(text[strings.LastIndexByte(text, '/'):], "?")
		return readDSN(text, parameters)
	}
	return nil, invalidURL("has no scheme: mysql://user@host/database is wanted")
}

// readDSN takes the driver's own form, and completes it by what every connection of ours is set to.
func readDSN(dsn, parameters string) (*mysql.Config, error) {
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		// The driver's own words may quote pieces of the password, so that the error is not even wrapped.
		return nil, invalidURL("cannot be read: user:password@tcp(host:3306)/database is wanted, and parameters that exist")
	}
	if config.DBName == "" {
		return nil, invalidURL("names no database")
	}
	for pair := range strings.SplitSeq(parameters, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(ours[:], name) {
			return nil, invalidURL(fmt.Sprintf("has the parameter %q, which is set here", name))
		}
	}
	config.ClientFoundRows = true
	config.MaxAllowedPacket = 0        // the server is asked
	config.Logger = &mysql.NopLogger{} // what it would say comes back as an error
	return config, nil
}

// fromURL reads a URL. Only its parameters are written in the driver's form, which has no way to say every name and password.
func fromURL(text string) (*mysql.Config, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, invalidURL("cannot be read: reserved characters of the password must be percent-encoded")
	}
	database := strings.TrimPrefix(u.Path, "/")
	if database == "" || strings.Contains(database, "/") {
		return nil, invalidURL("names no database: mysql://user@host/database is wanted")
	}
	port := u.Port()
	if port == "" {
		port = "3306"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return nil, invalidURL("has no port between 1 and 65535")
	}
	if strings.Contains(u.RawQuery, "/") {
		return nil, invalidURL("has a / in its parameters, which must be percent-encoded")
	}
	dsn := "tcp(" + net.JoinHostPort(u.Hostname(), port) + ")/database"
	if u.RawQuery != "" {
		dsn += "?" + u.RawQuery
	}
	config, err := readDSN(dsn, u.RawQuery)
	if err != nil {
		return nil, err
	}
	config.User, config.DBName = u.User.Username(), database
	config.Passwd, _ = u.User.Password()
	return config, nil
}

// plainScheme reports whether s can be a scheme, and so cannot be a password that strayed.
func plainScheme(s string) bool {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '+' && r != '-' && r != '.'
	}
	return s != "" && len(s) <= 20 && !strings.ContainsFunc(s, odd)
}

func invalidURL(fault string) error {
	return schema.Invalid("open", "", "", "the database URL %s", fault)
}

// known reports whether a version, as "10.11.6-MariaDB-…", is one of MariaDB's and new enough.
func known(version string) bool {
	if !strings.Contains(version, "MariaDB") {
		return false
	}
	version = strings.TrimPrefix(version, "5.5.5-") // which some put before it for old programs
	fields := strings.FieldsFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if len(fields) < 2 {
		return false
	}
	major, _ := strconv.Atoi(fields[0])
	minor, _ := strconv.Atoi(fields[1])
	return major > oldestMajor || major == oldestMajor && minor >= oldestMinor
}

func clip(text string) string { return text[:min(len(text), 60)] }
