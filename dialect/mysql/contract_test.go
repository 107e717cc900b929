package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// canary is a value that no error may tell.
const canary = "canary-5f1c"

// prepared are the tables on which statements fail in every way that has a name.
func prepared(t *testing.T) (url string, d *mysql.DB) {
	t.Helper()
	url = mysqltest.Open(t)
	d = open(t, url)
	exec(t, d,
		"CREATE TABLE p (id bigint PRIMARY KEY, code varchar(20) UNIQUE, n int CHECK (n > 0), must int NOT NULL, amount decimal(4,2), at datetime(6))",
		"CREATE TABLE c (id bigint PRIMARY KEY, p bigint, CONSTRAINT c_p FOREIGN KEY (p) REFERENCES p (id))",
		"INSERT INTO p VALUES (1, '"+canary+"', 1, 1, 1, NULL)", "INSERT INTO c VALUES (1, 1)")
	return url, d
}

// Every number that the library has a word for comes from the server, by a statement that fails.
func TestEachErrorHasItsWord(t *testing.T) {
	address, d := prepared(t)
	reader := open(t, mysqltest.Account(t, address, "SELECT"))
	for _, c := range []struct {
		number    int
		kind      error
		d         *mysql.DB
		statement string
	}{
		{1062, schema.ErrDuplicate, d, "INSERT INTO p VALUES (1, 'x', 1, 1, 1, NULL)"},
		{1062, schema.ErrDuplicate, d, "INSERT INTO p VALUES (2, '" + canary + "', 1, 1, 1, NULL)"},
		{1452, schema.ErrForeignKey, d, "INSERT INTO c VALUES (2, 9)"},
		{1451, schema.ErrForeignKey, d, "DELETE FROM p"},
		{4025, schema.ErrCheck, d, "INSERT INTO p VALUES (2, 'x', -1, 1, 1, NULL)"},
		{1406, schema.ErrCheck, d, "INSERT INTO p VALUES (2, '" + canary + " is too long', 1, 1, 1, NULL)"},
		{1048, schema.ErrNotNull, d, "INSERT INTO p VALUES (2, 'x', 1, NULL, 1, NULL)"},
		{1364, schema.ErrNotNull, d, "INSERT INTO p (id) VALUES (2)"},
		{1146, schema.ErrMissing, d, "SELECT * FROM nowhere"},
		{1054, schema.ErrMissing, d, "SELECT nobody FROM p"},
		{1051, schema.ErrMissing, d, "DROP TABLE nowhere"},
		{1176, schema.ErrMissing, d, "SELECT * FROM p FORCE INDEX (gone)"},
		{1615, schema.ErrMissing, d, "BEGIN NOT ATOMIC SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1615, MESSAGE_TEXT = 'Prepared statement needs to be re-prepared'; END"},
		{1142, schema.ErrPermission, reader, "INSERT INTO c VALUES (3, 1)"},
		{1142, schema.ErrPermission, reader, "CREATE TABLE q (id int)"},
		{1227, schema.ErrPermission, reader, "SET GLOBAL max_connections = 10"},
		{1050, schema.ErrRaced, d, "CREATE TABLE p (id int)"},
		{1060, schema.ErrRaced, d, "ALTER TABLE p ADD COLUMN n int"},
		{1061, schema.ErrRaced, d, "ALTER TABLE p ADD KEY code (n)"},
		{1005, nil, d, "ALTER TABLE p ADD CONSTRAINT c_p FOREIGN KEY (id) REFERENCES p (id)"},
		{1969, schema.ErrUnavailable, d, "SET STATEMENT max_statement_time = 0.01 FOR SELECT count(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b"},
		{1264, schema.ErrInvalid, d, "UPDATE p SET n = 99999999999"},
		{1366, schema.ErrInvalid, d, "UPDATE p SET amount = '" + canary + "'"},
		{1366, schema.ErrMissing, d, "UPDATE p SET n = '" + canary + "'"},
		{1292, schema.ErrInvalid, d, "UPDATE p SET at = '" + canary + "'"},
		{1690, schema.ErrInvalid, d, "SELECT 9223372036854775807 + n FROM p"},
		{1064, nil, d, "SELEKT '" + canary + "'"},
	} {
		rows, err := c.d.Writer().Query(t.Context(), c.statement)
		if err == nil {
			for rows.Next() {
				t.Log("a row", c.statement)
			}
			err = errors.Join(rows.Err(), rows.Close())
		}
		e := discreet(t, c.d, err, c.statement)
		require.Equal(t, strconv.Itoa(c.number), e.Code, "%s: %v", c.statement, err)
		require.Equal(t, c.kind, e.Kind, c.statement)
		if c.kind == schema.ErrNotNull {
			require.NotEmpty(t, e.Constraint, "the column")
		}
	}
}

// discreet gives an error in the library's words, which tell nothing of a row.
func discreet(t *testing.T, d *mysql.DB, err error, what string) *schema.Error {
	t.Helper()
	require.Error(t, err, what)
	e := d.Classify(err)
	for _, text := range []string{e.Error(), e.Detail, e.Constraint, fmt.Sprintf("%+v", e)} {
		require.NotContains(t, text, canary, what)
	}
	return e
}

// Who waits for a row or for a table gives up in time, and is told so; as is who must begin again.
func TestWaitingForALockEnds(t *testing.T) {
	_, d := prepared(t)
	begin := func() dialect.Tx {
		tx, err := d.Begin(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, tx.Rollback(context.WithoutCancel(t.Context()))) })
		_, err = tx.Exec(t.Context(), "SET SESSION innodb_lock_wait_timeout = 1, lock_wait_timeout = 1")
		require.NoError(t, err)
		return tx
	}
	one, two := begin(), begin()
	_, err := one.Exec(t.Context(), "UPDATE p SET n = 2 WHERE id = 1")
	require.NoError(t, err)
	_, err = two.Exec(t.Context(), "UPDATE p SET n = 3 WHERE id = 1")
	require.Equal(t, schema.ErrLockTimeout, discreet(t, d, err, "a row").Kind)
	_, err = two.Exec(t.Context(), "ALTER TABLE p ADD COLUMN q int")
	require.Equal(t, schema.ErrLockTimeout, discreet(t, d, err, "a table").Kind)
}

// A statement of a snapshot that is older than the table's shape is one of a table that has changed.
func TestASnapshotOlderThanTheTable(t *testing.T) {
	_, d := prepared(t)
	tx, err := d.BeginTx(t.Context(), dialect.TxOptions{Isolation: dialect.RepeatableRead, ReadOnly: true})
	require.NoError(t, err)
	defer func() { require.NoError(t, tx.Rollback(t.Context())) }()
	_, err = dialect.QueryRow(t.Context(), tx, "SELECT count(*) FROM p", nil, new(int64))
	require.NoError(t, err)
	exec(t, d, "ALTER TABLE c ADD COLUMN q int, ALGORITHM=COPY")
	_, err = dialect.QueryRow(t.Context(), tx, "SELECT count(*) FROM c", nil, new(int64))
	require.Equal(t, "1412", discreet(t, d, err, "c").Code)
	require.ErrorIs(t, d.Classify(err), schema.ErrMissing)
	_, err = tx.Exec(t.Context(), "INSERT INTO p VALUES (2, 'x', 1, 1, 1, NULL)")
	require.Equal(t, schema.ErrPermission, discreet(t, d, err, "a write in a transaction that reads").Kind)
}

// Where the server hangs up under a write nobody knows what came of it; the next statement has a connection of its own.
func TestAConnectionThatIsKilled(t *testing.T) {
	address, d := prepared(t)
	tx, err := d.Begin(t.Context())
	require.NoError(t, err)
	var id int64
	_, err = dialect.QueryRow(t.Context(), tx, "SELECT connection_id()", nil, &id)
	require.NoError(t, err)
	exec(t, open(t, address), fmt.Sprintf("KILL %d", id))
	_, err = tx.Exec(t.Context(), "UPDATE p SET n = 2")
	require.ErrorIs(t, discreet(t, d, err, "killed"), schema.ErrUnavailable)
	require.Error(t, tx.Commit(t.Context()))
	exec(t, d, "UPDATE p SET n = 3")

	limited, err := url.Parse(mysqltest.Account(t, address, "SELECT"))
	require.NoError(t, err)
	exec(t, d, "ALTER USER "+limited.User.Username()+"@'127.0.0.1' WITH MAX_USER_CONNECTIONS 1")
	first := open(t, limited.String())
	held, err := first.Begin(t.Context())
	require.NoError(t, err)
	_, err = mysql.Open(t.Context(), limited.String(), nil)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.NoError(t, held.Rollback(t.Context()))
}
