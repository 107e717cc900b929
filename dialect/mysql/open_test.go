package mysql_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// secret is a password that no error may tell.
const secret = "s3cr3t-5f1c"

func TestOpenRefusesWhatIsNoAddress(t *testing.T) {
	for address, words := range map[string]string{
		"":                                                  "no scheme",
		"postgres://u:" + secret + "@h/d":                   `"postgres"`,
		"mysql://u:" + secret + "@h":                        "no database",
		"mysql://u:" + secret + "@h/":                       "no database",
		"mysql://u:" + secret + "@h/a/b":                    "no database",
		"mysql://u:" + secret + "@h:99999/d":                "no port",
		"mysql://u:" + secret + "%zz@h/d":                   "percent-encoded",
		"u:" + secret + "@tcp(h:3306)":                      "no scheme",
		"u:" + secret + "@tcp(h:3306)/":                     "no database",
		"u:" + secret + "@tcp(h:3306/d":                     "cannot be read",
		"u:" + secret + "@tcp(h:3306)/d?parseTime=true":     `"parseTime"`,
		"mysql://u:" + secret + "@h/d?sql_mode=ANSI":        `"sql_mode"`,
		"mysql://u:" + secret + "@h/d?timeout=" + secret:    "cannot be read",
		"mysql://u:" + secret + "@h/d?collation=latin1_bin": `"collation"`,
		secret + "://u@h/d":                                 "",
	} {
		_, err := mysql.Open(t.Context(), address, nil)
		require.ErrorIs(t, err, schema.ErrInvalid, address)
		require.ErrorContains(t, err, words)
		if address[:min(len(secret), len(address))] != secret { // there it is a scheme
			require.NotContains(t, fmt.Sprintf("%v %+v", err, err), secret, address)
		}
	}
	_, err := mysql.Open(t.Context(), "mysql://h/d", &mysql.Config{MaxConns: -1})
	require.ErrorIs(t, err, schema.ErrInvalid)
}

func TestOpenTellsWhyItCannot(t *testing.T) {
	address := mysqltest.Account(t, mysqltest.Open(t), "SELECT")
	u, err := url.Parse(address)
	require.NoError(t, err)
	wrong := *u
	wrong.User = url.UserPassword(u.User.Username(), secret)
	missing := *u
	missing.Path = "/nosuch"
	away := *u
	away.Host = "127.0.0.1:1"
	for _, c := range []struct {
		address string
		kind    error
	}{{wrong.String(), schema.ErrPermission}, {missing.String(), schema.ErrPermission}, {away.String(), schema.ErrUnavailable}} {
		_, err := mysql.Open(t.Context(), c.address, nil)
		require.ErrorIs(t, err, c.kind)
		require.NotContains(t, err.Error(), secret)
		password, _ := u.User.Password()
		require.NotContains(t, err.Error(), password)
	}
	_, err = mysql.Open(t.Context(), mysqltest.Open(t)+"x", nil)
	require.ErrorIs(t, err, schema.ErrUnavailable, "a database that is not there")
}

// Where the server takes names of tables for one another, two models could have one table.
func TestOpenRefusesAServerThatDoesNotHeedCase(t *testing.T) {
	server := mysqltest.NewServer(t, "--lower-case-table-names=1")
	_, err := mysql.Open(t.Context(), server.Open(t), nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, "lower_case_table_names")
}

func TestOpenTakesTheDriversOwnForm(t *testing.T) {
	u, err := url.Parse(mysqltest.Open(t))
	require.NoError(t, err)
	d := open(t, fmt.Sprintf("%s@tcp(%s)%s", u.User.Username(), u.Host, u.Path))
	where, err := d.Location(t.Context())
	require.NoError(t, err)
	require.Contains(t, where, u.Path[1:])
}

// Sessions are the same whatever the server is set to: the tests' server has another time zone, character set and mode.
func TestSessionsSpeakStandardSQL(t *testing.T) {
	d := open(t, mysqltest.Open(t))
	var joined, zone string
	var apart bool
	_, err := dialect.QueryRow(t.Context(), d.Reader(), `SELECT 'a\' || 'b', @@time_zone, 'a' <> 'a ' AND 'a' <> 'A' AND 'a' <> 'ä'`, nil,
		&joined, &zone, &apart)
	require.NoError(t, err)
	require.Equal(t, `a\b`, joined)
	require.Equal(t, "+00:00", zone)
	require.True(t, apart)
}
