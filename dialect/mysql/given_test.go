package mysql_test

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"testing"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"

	"github.com/schemactor/schemactor/dialect"
	"github.com/schemactor/schemactor/dialect/mysql"
	"github.com/schemactor/schemactor/internal/mysqltest"
	"github.com/schemactor/schemactor/schema"
)

// poolOf is a pool of the caller's with so many connections, closed with the test.
func poolOf(t *testing.T, url string, most int) *sql.DB {
	t.Helper()
	connector, err := mysql.Connector(url)
	require.NoError(t, err)
	pool := sql.OpenDB(connector)
	pool.SetMaxOpenConns(most)
	pool.SetMaxIdleConns(most)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

// A pool that the caller gave stays the caller's: everything is done on it, and Close leaves it open.
func TestAPoolThatWasGivenStaysOpen(t *testing.T) {
	address := mysqltest.Open(t)
	pool := poolOf(t, address, 2)
	d, err := mysql.New(t.Context(), pool, nil)
	require.NoError(t, err)
	model := tableOf[account](t)
	refs := []schema.Ref{model.Ref()}
	require.NoError(t, d.Locked(t.Context(), refs, func(ctx context.Context, tx dialect.Tx) error {
		if err := d.Step(ctx, d.Create(model).Statements, nil); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, "INSERT INTO accounts VALUES (1, 2)")
		return err
	}))
	survey, err := d.Survey(t.Context(), refs)
	require.NoError(t, err)
	require.NotEmpty(t, survey.Sightings[0].CatalogHash)

	var connections int
	require.NoError(t, pool.QueryRowContext(t.Context(),
		"SELECT count(*) FROM information_schema.processlist WHERE db = database()").Scan(&connections))
	require.Equal(t, pool.Stats().OpenConnections, connections, "the server knows of no other ones")

	other, err := mysql.Open(t.Context(), address, nil)
	require.NoError(t, err)
	require.ErrorIs(t, d.Locked(t.Context(), refs, func(ctx context.Context, _ dialect.Tx) error {
		return other.Locked(ctx, refs, nothing)
	}), schema.ErrLockTimeout, "the locks are those of every program on the database")
	require.NoError(t, other.Close())
	require.NoError(t, d.Close())
	require.NoError(t, d.Close())
	var n int
	require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT n FROM accounts").Scan(&n))
	require.Equal(t, 2, n)
}

func TestNewRefusesPoolsThatDoNotServe(t *testing.T) {
	address := mysqltest.Open(t)
	_, err := mysql.New(t.Context(), nil, nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
	_, err = mysql.New(t.Context(), poolOf(t, address, 1), nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, "two")

	u, err := url.Parse(address)
	require.NoError(t, err)
	config := driver.NewConfig()
	config.Net, config.Addr, config.User, config.DBName = "tcp", u.Host, u.User.Username(), u.Path[1:]
	connector, err := driver.NewConnector(config)
	require.NoError(t, err)
	plain := sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, plain.Close()) })
	_, err = mysql.New(t.Context(), plain, nil)
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.ErrorContains(t, err, "Connector")

	_, err = mysql.Connector("mysql://u:" + secret + "@h")
	require.ErrorIs(t, err, schema.ErrInvalid)
	require.NotContains(t, err.Error(), secret)
	away := poolOf(t, "mysql://u:"+secret+"@127.0.0.1:1/d", 2)
	_, err = mysql.New(t.Context(), away, nil)
	require.ErrorIs(t, err, schema.ErrUnavailable)
	require.NotContains(t, err.Error(), secret)
}

// Who holds a lock and who looks meanwhile each bear a model on the connection that they have: of two connections, there is no
// third one to be had.
func TestModelsAreBornWithoutAnotherConnection(t *testing.T) {
	d, err := mysql.New(t.Context(), poolOf(t, mysqltest.Open(t), 2), nil)
	require.NoError(t, err)
	model := tableOf[account](t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range 3 {
		require.NoError(t, d.Locked(ctx, []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
			return d.Aside(ctx, func(ctx context.Context, looking dialect.Tx) error {
				one, err := d.Born(ctx, tx, model)
				if err != nil {
					return err
				}
				other, err := d.Born(ctx, looking, model)
				require.Equal(t, one, other)
				_, refused := looking.Exec(ctx, "CREATE TEMPORARY TABLE x (id int)")
				require.ErrorIs(t, d.Classify(refused), schema.ErrPermission, "it reads again")
				return err
			})
		}))
	}
	bad := tableOf[account](t, schema.WithCheck("nowhere > 0"))
	require.NoError(t, d.Aside(ctx, func(ctx context.Context, looking dialect.Tx) error {
		_, err := d.Born(ctx, looking, bad)
		require.Error(t, err)
		_, refused := looking.Exec(ctx, "CREATE TEMPORARY TABLE x (id int)")
		require.ErrorIs(t, d.Classify(refused), schema.ErrPermission)
		_, err = d.Born(ctx, looking, model)
		return err
	}))
}

// The cold path goes on while everything that the pool has is held by callers.
func TestTheColdPathDoesNotWaitForThePool(t *testing.T) {
	d, err := mysql.Open(t.Context(), mysqltest.Open(t), &mysql.Config{MaxConns: 1})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	model := tableOf[account](t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	held, err := d.Begin(ctx)
	require.NoError(t, err)
	require.NoError(t, d.Locked(ctx, []schema.Ref{model.Ref()}, func(ctx context.Context, tx dialect.Tx) error {
		if _, err := d.Born(ctx, tx, model); err != nil {
			return err
		}
		return errors.Join(
			d.Step(ctx, d.Create(model).Statements, nil),
			d.Beside(ctx, func(ctx context.Context, q dialect.Querier) error {
				_, err := q.Exec(ctx, "INSERT INTO accounts VALUES (1, 2)")
				return err
			}))
	}))
	require.NoError(t, held.Rollback(ctx))
	var n int64
	_, err = dialect.QueryRow(ctx, d.Reader(), "SELECT n FROM accounts", nil, &n)
	require.NoError(t, err)
	require.EqualValues(t, 2, n)
}

// What was set for a while is as the caller had it, and no lock stays behind.
func TestAPoolThatWasGivenIsLeftAsItWas(t *testing.T) {
	pool := poolOf(t, mysqltest.Open(t)+"?innodb_lock_wait_timeout=7&lock_wait_timeout=9", 2)
	d, err := mysql.New(t.Context(), pool, nil)
	require.NoError(t, err)
	require.NoError(t, d.Locked(t.Context(), []schema.Ref{{Name: "a"}}, func(ctx context.Context, tx dialect.Tx) error {
		var got bool
		if _, err := dialect.QueryRow(ctx, tx, "SELECT GET_LOCK('of somebody', 0)", nil, &got); err != nil {
			return err
		}
		require.True(t, got)
		return d.Step(ctx, nil, nil)
	}))
	require.NoError(t, d.Step(t.Context(), nil, nil))
	require.NoError(t, d.Aside(t.Context(), nothing))
	d.Batch(t.Context(), func() []*dialect.Write { return nil })
	for range 2 {
		conn, err := pool.Conn(t.Context())
		require.NoError(t, err)
		defer func() { require.NoError(t, conn.Close()) }()
		var settings string
		require.NoError(t, conn.QueryRowContext(t.Context(), "SELECT concat_ws(' ', @@innodb_lock_wait_timeout, @@lock_wait_timeout, "+
			"@@autocommit, @@foreign_key_checks, @@tx_read_only, IS_FREE_LOCK('of somebody'))").Scan(&settings))
		require.Equal(t, "7 9 ON ON OFF 1", settings)
	}
}
