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
	var dsn string
	switch {
	case isURL && (scheme == "mysql" || scheme == "mariadb"):
		var err error
		if dsn, err = fromURL(text); err != nil {
			return nil, err
		}
	case isURL && plainScheme(scheme):
		return nil, invalidURL(fmt.Sprintf("has the unknown scheme %q: mysql is wanted", scheme))
	case strings.Contains(text, "/"):
		dsn = text
	default:
		return nil, invalidURL("has no scheme: mysql://user@host/database is wanted")
	}
	config, err := mysql.ParseDSN(dsn)
	if err != nil {
		// The driver's own words may quote pieces of the password, so that the error is not even wrapped.
		return nil, invalidURL("cannot be read: user:password@tcp(host:3306)/database is wanted, and parameters that exist")
	}
	return ready(config, dsn)
}

// ready completes what was read by what every connection of ours is set to.
func ready(config *mysql.Config, dsn string) (*mysql.Config, error) {
	if config.DBName == "" {
		return nil, invalidURL("names no database")
	}
	if _, after, ok := strings.Cut(dsn[strings.LastIndexByte(dsn, '/'):], "?"); ok {
		for pair := range strings.SplitSeq(after, "&") {
			name, _, _ := strings.Cut(pair, "=")
			if slices.Contains(ours[:], name) {
				return nil, invalidURL(fmt.Sprintf("has the parameter %q, which is set here", name))
			}
		}
	}
	config.ClientFoundRows = true
	config.MaxAllowedPacket = 0        // the server is asked
	config.Logger = &mysql.NopLogger{} // what it would say comes back as an error
	return config, nil
}

// fromURL gives the driver's form of a URL.
func fromURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", invalidURL("cannot be read: reserved characters of the password must be percent-encoded")
	}
	database := strings.TrimPrefix(u.Path, "/")
	if database == "" || strings.Contains(database, "/") {
		return "", invalidURL("names no database: mysql://user@host/database is wanted")
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.DBName = "tcp", database
	host, port := u.Hostname(), u.Port()
	if port == "" {
		port = "3306"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", invalidURL("has no port between 1 and 65535")
	}
	config.Addr = net.JoinHostPort(host, port)
	dsn := config.FormatDSN()
	if u.RawQuery == "" {
		return dsn, nil
	}
	if strings.Contains(dsn[strings.LastIndexByte(dsn, '/'):], "?") {
		return dsn + "&" + u.RawQuery, nil
	}
	return dsn + "?" + u.RawQuery, nil
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
