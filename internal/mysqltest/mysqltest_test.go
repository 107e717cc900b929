package mysqltest_test

import (
	"database/sql"
	"net/url"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/schemactor/schemactor/internal/mysqltest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(mysqltest.Main(m)) }

// connect opens a database by its URL.
func connect(t *testing.T, address string) *sql.DB {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	config := mysql.NewConfig()
	config.Net, config.Addr, config.User, config.DBName = "tcp", u.Host, u.User.Username(), strings.Trim(u.Path, "/")
	config.Passwd, _ = u.User.Password()
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	one, other := connect(t, mysqltest.Open(t)), connect(t, mysqltest.Open(t))
	_, err := one.ExecContext(t.Context(), "CREATE TABLE a (b int)")
	require.NoError(t, err)
	_, err = other.ExecContext(t.Context(), "SELECT b FROM a")
	require.ErrorContains(t, err, "doesn't exist")
}

func TestAccountHasItsRightsAlone(t *testing.T) {
	address := mysqltest.Open(t)
	_, err := connect(t, address).ExecContext(t.Context(), "CREATE TABLE a (b int)")
	require.NoError(t, err)
	limited := connect(t, mysqltest.Account(t, address, "SELECT"))
	_, err = limited.ExecContext(t.Context(), "SELECT b FROM a")
	require.NoError(t, err)
	_, err = limited.ExecContext(t.Context(), "INSERT INTO a VALUES (1)")
	require.ErrorContains(t, err, "denied")
}

func TestServerComesBackWithItsRows(t *testing.T) {
	server := mysqltest.NewServer(t)
	db := connect(t, server.Open(t))
	_, err := db.ExecContext(t.Context(), "CREATE TABLE a (b int)")
	require.NoError(t, err)
	server.Stop()
	require.Error(t, db.PingContext(t.Context()))
	server.Start()
	_, err = db.ExecContext(t.Context(), "SELECT b FROM a")
	require.NoError(t, err)
}
