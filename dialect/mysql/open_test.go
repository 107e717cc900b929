package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
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

// Whatever the server's own settings are.
func TestSessionsDoNotDependOnTheServersSettings(t *testing.T) {
	settings := []string{
		"completion_type = 1", "sql_select_limit = 1", "sql_safe_updates = 1", "sql_quote_show_create = 0", "foreign_key_checks = 0",
		"unique_checks = 0", "check_constraint_checks = 0", "autocommit = 0", "lc_messages = 'de_DE'",
	}
	address := mysqltest.NewServer(t).Open(t)
	exec(t, open(t, address), "SET GLOBAL "+strings.Join(settings, ", GLOBAL "))
	d, model := open(t, address), tableOf[account](t)
	exec(t, d, d.Create(model).Statements[0].SQL)
	for range 2 { // also behind a lock
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		require.NoError(t, tx.Commit(t.Context()))
		require.NoError(t, d.Locked(t.Context(), []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
			return d.Step(ctx, nil, nil)
		}))
		exec(t, d, "DELETE FROM accounts WHERE n IS NULL", "INSERT INTO accounts VALUES (1, NULL), (2, NULL)")
	}
	_, err := d.Writer().Exec(t.Context(), "INSERT INTO accounts VALUES (1, NULL)")
	require.Equal(t, "PRIMARY", d.Classify(err).Constraint)
	_, err = d.Writer().Exec(t.Context(), "INSERT INTO accounts VALUES (3, 'word')")
	require.ErrorIs(t, d.Classify(err), schema.ErrMissing)
	lives, err := d.Inspect(t.Context(), d.Reader(), model.Ref())
	require.NoError(t, err)
	require.Len(t, lives[0].Columns, 2)
	other := open(t, address)
	var n int64
	_, err = dialect.QueryRow(t.Context(), other.Reader(), "SELECT count(*) FROM (SELECT id FROM accounts) AS a", nil, &n)
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
	rows, err := other.Reader().Query(t.Context(), "SELECT @@completion_type = 'NO_CHAIN', @@foreign_key_checks = 1, @@unique_checks = 1, "+
		"@@check_constraint_checks = 1, @@sql_safe_updates = 0 UNION ALL SELECT 1, 1, 1, 1, 1")
	require.NoError(t, err)
	read := 0
	for rows.Next() {
		var set [5]bool
		require.NoError(t, rows.Scan(&set[0], &set[1], &set[2], &set[3], &set[4]))
		require.Equal(t, [5]bool{true, true, true, true, true}, set)
		read++
	}
	require.NoError(t, errors.Join(rows.Err(), rows.Close()))
	require.Equal(t, 2, read)
}

// parcel has more in it than goes into one packet.
type parcel struct {
	ID    int64  `db:"id" schema:"pk"`
	Left  []byte `db:"left_half"`
	Right []byte `db:"right_half"`
}

// A value that is too long is refused, and the statement goes on to be of use.
func TestAValueIsAsLongAsThePacketAtTheMost(t *testing.T) {
	const most = 1 << 20
	d := open(t, mysqltest.NewServer(t, fmt.Sprint("--max-allowed-packet=", most)).Open(t))
	model := tableOf[parcel](t)
	exec(t, d, d.Create(model).Statements[0].SQL)
	tx, err := d.Begin(t.Context()) // one connection
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	insert := func(id, left, right int) error {
		_, err := tx.Exec(t.Context(), "INSERT INTO parcels VALUES (?1, ?2, ?3)", id, make([]byte, left), make([]byte, right))
		return err
	}
	for id := range 3 {
		require.NoError(t, insert(id, most-100, most-100))
		e := d.Classify(insert(id+10, 1, most+1))
		require.ErrorIs(t, e, schema.ErrInvalid)
		require.Contains(t, e.Error(), "max_allowed_packet")
	}
}
